import { posix } from 'node:path';
import { isWhole, type Mount } from '../../machine/formats/text/mounts.ts';
import { type DiskRecord, recordOf } from '../../state/disk-records.ts';
import type { NamedDisk } from '../../state/remembered-file-system.ts';
import { type DiskSettings, judge, type Verdict } from './data-disk.ts';
import type { DiskFacts } from './disk-facts.ts';
import { withOnePath } from './disk-paths.ts';
import type { DiskState } from './observed-disk.ts';

/** Which disks are served: those that came, went, grew or changed since the last run; all; or one. */
export type Scope = 'new' | 'all' | { device: string };

/** Whether a mount is one of ours by its place: directly in the disk root. */
export function isInDiskRoot({ mountPoint }: Pick<Mount, 'mountPoint'>, diskRoot: string): boolean {
  return posix.dirname(mountPoint) === diskRoot;
}

/** Whether a mount is the one that a record is about. */
const isOwn = ({ id, deviceNumber }: Mount, record: DiskRecord | undefined) =>
  id === record?.ownMount?.id && deviceNumber === record.ownMount.deviceNumber;

/** What was found on a disk before it was checked or mounted: it need not be read again. */
function asRecorded({ type = '', uuid, label }: DiskRecord): Verdict {
  const names = { ...(uuid === undefined ? {} : { uuid }), ...(label === undefined ? {} : { label }) };
  return { kind: 'data', content: { type, usage: 'filesystem', title: `${type} file system`, ...names } };
}

/** The state of each device that udev has seen, and that has a bus and a kind of ours. */
export function diskStates(
  facts: DiskFacts,
  records: readonly DiskRecord[],
  diskRoot: string,
  settings: DiskSettings,
): DiskState[] {
  const states = facts.devices
    .filter((device) => facts.isReady(device))
    .map((device): DiskState => {
      const mounts = facts.mountsOf.get(device.name) ?? [];
      const record = recordOf(records, device);
      // The disk root may have been another one when it was mounted.
      const ownPlace = record?.state === 'mounted' ? record.mountPoint : undefined;
      const atPlace = mounts.filter((one) => isInDiskRoot(one, diskRoot) || one.mountPoint === ownPlace);
      const mount = atPlace.find((one) => isOwn(one, record)) ?? atPlace.find(isWhole);
      const [other] = mounts;
      // What is checked changes under whoever reads it.
      const isKnown = record?.state === 'checking' || (mount !== undefined && record?.state === 'mounted');
      const verdict = isKnown ? asRecorded(record) : judge(device, facts, settings);
      return {
        device,
        verdict,
        ...(verdict.kind === 'data' ? { udev: facts.udevOf(device) } : {}),
        ...(mount === undefined ? {} : { mount }),
        ...(other === undefined || mount !== undefined ? {} : { elsewhere: other }),
        ...(record === undefined ? {} : { record }),
      };
    });
  return withOnePath(states);
}

/** What names are chosen by: all data disks, whether they are to be mounted or not. */
export function namedDisks(states: readonly DiskState[]): NamedDisk[] {
  return states.flatMap(({ device, verdict, mount, record, udev }) => {
    if (verdict.kind !== 'data') return [];
    const { type, uuid, label, everMounted } = verdict.content;
    const names = { ...(uuid === undefined ? {} : { uuid }), ...(label === undefined ? {} : { label }) };
    const identity = udev === undefined ? {} : { identity: udev.identity };
    const used = everMounted === undefined ? {} : { everMounted };
    // What is checked is going to be mounted there.
    const place = mount?.mountPoint ?? (record?.state === 'checking' ? record.mountPoint : undefined);
    const mounted = place === undefined ? {} : { mountedAs: posix.basename(place) };
    return [{ device: device.name, type, ...names, ...identity, ...used, ...mounted }];
  });
}

/** Whether a record is about what is on the device now, and not about a file system that was there before. */
export const isSameContent = (record: DiskRecord, verdict: Verdict) =>
  verdict.kind === 'data' && record.type === verdict.content.type && record.uuid === verdict.content.uuid;

/** States of a disk that is not mounted, as far as we know: if it is at its place, somebody else has mounted it. */
const NOT_MOUNTED: readonly DiskRecord['state'][] = ['failed', 'ejected', 'left-alone'];

/** Whether a disk that is at its place is to be noted as mounted, or its mounting was cut off. */
function isToBeAdopted({ verdict, record }: DiskState): boolean {
  if (record === undefined || record.state === 'mounting') return true;
  return verdict.kind === 'data' && NOT_MOUNTED.includes(record.state);
}

/** Whether something is to be done with a device. */
export function isToBeServed(state: DiskState, scope: Scope): boolean {
  const { device, verdict, record, mount } = state;
  if (record?.state === 'checking') return false;
  if (verdict.kind === 'not-ours') return typeof scope === 'object' && scope.device === device.name;
  if (mount !== undefined && !isToBeAdopted(state)) return false;
  if (typeof scope === 'object') return scope.device === device.name;
  if (mount !== undefined) return true;
  switch (record?.state) {
    case undefined:
    case 'gone':
    case 'mounting':
    case 'mounted':
      return true;
    case 'left-alone':
      return scope === 'all' || verdict.kind === 'data';
    case 'ejected':
      return verdict.kind === 'data' && !isSameContent(record, verdict);
    case 'failed':
    case 'on-demand':
      return scope === 'all' || !isSameContent(record, verdict);
  }
}
