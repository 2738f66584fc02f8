import type { FileView } from '../machine/files/files.ts';
import type { Output } from '../machine/runtime/output.ts';
import { DAMAGE_REMEDY, damagedRecords } from '../state/records.ts';

/** Says of each record that is damaged what it is, in a line on standard error: what it held is missing in what is shown. */
export function tellDamage(files: FileView, { printError }: Pick<Output, 'printError'>): void {
  for (const { reason } of damagedRecords(files)) printError(`gandi-guest: ${reason}; ${DAMAGE_REMEDY}\n`);
}
