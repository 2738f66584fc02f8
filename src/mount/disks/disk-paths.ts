import { compareIdentities } from '../../machine/devices/udev/udev-disk.ts';
import type { DiskState } from './observed-disk.ts';

/**
 * Whether two devices lead to one disk, or to one partition of it: they have the same serial number and WWN. Where no WWN is
 * known the file system must be the same one, too, for not every host gives each disk a serial number of its own.
 */
function areOneDisk(one: DiskState, other: DiskState): boolean {
  if (one.udev === undefined || other.udev === undefined || one.device.size !== other.device.size)
    return false;
  if (compareIdentities(one.udev.identity, other.udev.identity) !== 'same') return false;
  if (one.udev.identity.wwn !== undefined) return true;
  if (one.verdict.kind !== 'data' || other.verdict.kind !== 'data') return false;
  const { uuid } = one.verdict.content;
  return uuid !== undefined && uuid === other.verdict.content.uuid;
}

/** Which of several paths to a disk is used: where it is mounted, else where it was served before, else the first. */
function usedPath(paths: readonly DiskState[]): DiskState | undefined {
  return (
    paths.find(({ mount, elsewhere }) => mount !== undefined || elsewhere !== undefined) ??
    paths.find(({ record }) => record !== undefined && record.state !== 'left-alone') ??
    paths[0]
  );
}

/** The data disks that are the same disk as this one, on another path. */
export const otherPaths = (state: DiskState, states: readonly DiskState[]): DiskState[] =>
  states.filter((other) => other.device.name !== state.device.name && areOneDisk(state, other));

/**
 * Leaves disks that are reached on several paths to one of them: a file system that is mounted from two of them loses what
 * each of both writes. Those that multipathd has are none of these (data-disk.ts).
 * @param states of all devices
 */
export function withOnePath(states: readonly DiskState[]): DiskState[] {
  return states.map((state): DiskState => {
    const { verdict, mount, udev } = state;
    if (verdict.kind !== 'data' || mount !== undefined || udev === undefined) return state;
    const others = otherPaths(state, states);
    if (others.length === 0) return state;
    const used = usedPath(states.filter((one) => one === state || others.includes(one)));
    if (used === undefined || used === state) return state;
    const why = `it is another path to the disk of ${used.device.node} (same serial number${udev.identity.wwn === undefined ? '' : ' and WWN'})`;
    return { ...state, verdict: { kind: 'left-alone', why } };
  });
}
