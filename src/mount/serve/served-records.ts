import { NO_ANSWER } from '../../machine/devices/device-answers.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import { describeDevice } from '../attach/attach-disk.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import { servicesNow } from '../holders/services.ts';
import type { Copies } from '../mounts/copies.ts';
import { ownMountOf } from '../mounts/own-mount.ts';
import type { MountRun } from '../run/run.ts';

/** Which of two disks with one file system is the copy: told, and kept where people look. */
export function toldAsCopy(run: MountRun, record: DiskRecord, { originals }: Copies): DiskRecord {
  const original = originals.get(record.name);
  const isServed = record.state === 'mounted' || record.state === 'on-demand';
  if (original === undefined || !isServed) return record;
  const why = `it is a copy of ${original.node} (${record.type} ${record.uuid})`;
  run.tell('warning', `${record.node} is at ${record.mountPoint}: ${why}`);
  return { ...record, why };
}

/** A disk that is at its place already, from before this program was installed or by hand. */
export async function adopt(
  run: MountRun,
  { device, verdict, record }: DiskState,
  mount: Mount,
): Promise<DiskRecord> {
  const { mountPoint } = mount;
  if (record !== undefined) run.tell('info', `${device.node} was mounted at ${mountPoint} by hand`);
  const services = run.dryRun ? [] : await servicesNow(run, device, mountPoint);
  const content = verdict.kind === 'data' ? verdict.content : undefined;
  const found: DiskRecord = {
    ...describeDevice(run, device, content),
    state: 'mounted',
    mountPoint,
    ownMount: ownMountOf(mount),
  };
  return services.length > 0 ? { ...found, services } : found;
}

/** A disk that is not ours to mount: told, and noted with the reason. */
export function leaveAlone(run: MountRun, { device, verdict, record }: DiskState, why: string): DiskRecord {
  const content = verdict.kind === 'data' ? verdict.content : undefined;
  // Said once: not again at each later event.
  if (record?.why !== why) {
    if (run.answers.isSilent(device))
      run.tell(
        'warning',
        `${device.node} is passed over: ${NO_ANSWER}; have the host look after it, or detach it`,
      );
    else run.tell('info', `${device.node} is left alone: ${why}`);
  }
  return { ...describeDevice(run, device, content), state: 'left-alone', why };
}
