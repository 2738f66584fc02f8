import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf } from '../accounting.ts';

/** What several units have used together. */
export async function sumOfUnits(guest: Guest, units: readonly string[]): Promise<number> {
  const used = await Promise.all(units.map((unit) => instructionsOf(guest, unit)));
  return used.reduce((sum, instructions) => sum + instructions, 0);
}
