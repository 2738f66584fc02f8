import type { Signature } from '../../machine/formats/signatures/signature.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import { describeDevice } from '../attach/attach-disk.ts';
import { offerOnDemand } from '../attach/autofs-names.ts';
import { whyNotAutofs } from '../autofs/apply-mode.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import type { MountRun } from '../run/run.ts';

/** Leaves the mounting to autofs, if there is one that would do it. */
export function offer(
  run: MountRun,
  { device }: DiskState,
  content: Signature,
  mountPoint: string,
): DiskRecord {
  const { machine, mode, diskRoot } = run;
  const why = whyNotAutofs(machine.files, mode, diskRoot);
  if (why === undefined) return offerOnDemand(run, device, content, mountPoint);
  run.tell('problem', `${device.node} is not mounted: ${why}`);
  return { ...describeDevice(run, device, content), state: 'failed', why };
}
