import { posix } from 'node:path';
import type { Change } from '../../machine/changes/change.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import type { MountRun } from '../run/run.ts';
import { describeDevice } from './attach-disk.ts';

/** A file for each key that names a disk: auto.gandi answers for any other key without starting anything. */
export const DEMAND_DIRECTORY = '/run/gandi/autofs';

/** Notes a disk that autofs is to mount on first access. */
export function offerOnDemand(
  run: MountRun,
  device: BlockDevice,
  content: Signature,
  mountPoint: string,
): DiskRecord {
  if (!run.dryRun) run.tell('info', `${device.node} is mounted at ${mountPoint} on first access`);
  return { ...describeDevice(run, device, content), state: 'on-demand', mountPoint };
}

/** The keys that name a disk. */
export function demandNames(records: readonly DiskRecord[]): string[] {
  return records
    .filter(({ state, mountPoint }) => state === 'on-demand' && mountPoint !== undefined)
    .map(({ mountPoint = '' }) => posix.basename(mountPoint));
}

/** Keeps the directory of keys. */
export async function storeDemandNames(run: MountRun, names: readonly string[]): Promise<void> {
  const there = run.machine.files.list(DEMAND_DIRECTORY);
  const changes: Change[] = [
    ...there
      .filter((name) => !names.includes(name))
      .map((name): Change => ({ kind: 'remove-file', path: `${DEMAND_DIRECTORY}/${name}` })),
    ...(there.length === 0 && names.length > 0
      ? [{ kind: 'make-directory' as const, path: DEMAND_DIRECTORY, mode: 0o755 }]
      : []),
    ...names
      .filter((name) => !there.includes(name))
      .map(
        (name): Change => ({
          kind: 'write-file',
          path: `${DEMAND_DIRECTORY}/${name}`,
          content: '',
          mode: 0o644,
        }),
      ),
  ];
  await run.perform(changes);
}
