import type { CloneView, IdentityView } from '../../../src/identity/part.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { MACHINE_ID } from '../config/distributions.ts';
import { type FileEntries, makeFiles } from '../context.ts';

export const OLD_MAC = '52:54:00:00:00:01';
export const UUID = '00112233-4455-6677-8899-aabbccddeeff';

/** A clone with these files, of a guest with the machine ID of the tests. */
export function cloneView(
  entries: FileEntries,
  changes: Partial<CloneView> = {},
): IdentityView & { clone: CloneView } {
  return {
    files: makeFiles(entries),
    clone: {
      before: { macs: [OLD_MAC], machineId: digestOf(MACHINE_ID) },
      now: { macs: ['52:54:00:00:00:02'], productUuid: UUID },
      guest: 'abcd1234',
      kernelCommandLine: 'root=/dev/sda1 ro',
      isHeard: true,
      ...changes,
    },
  };
}
