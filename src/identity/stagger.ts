import type { FileView } from '../machine/files/files.ts';
import { MACHINE_ID_FILE } from '../machine/files/paths.ts';
import { digestOf } from '../state/applied.ts';

/** machine-id(5): 32 hexadecimal digits. */
export const MACHINE_ID = /^[0-9a-f]{32}$/;

/** What tells this guest from others and stays the same: its machine ID; undefined if it has none yet. */
export function guestIdentity(files: Pick<FileView, 'readText'>): string | undefined {
  const id = (files.readText(MACHINE_ID_FILE) ?? '').trim();
  return MACHINE_ID.test(id) ? id : undefined;
}

/** Eight hexadecimal digits spread evenly enough over ranges of a few hundred. */
const DIGITS = 8;

/**
 * A number that is the same for a guest and a job at each boot, and differs among guests.
 * @param range how many numbers there are
 * @returns 0 to range - 1
 */
export function stagger(identity: string, job: string, range: number): number {
  return Number.parseInt(digestOf([identity, job]).slice(0, DIGITS), 16) % range;
}
