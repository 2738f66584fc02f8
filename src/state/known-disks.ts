import { compareIdentities } from '../machine/devices/udev/udev-disk.ts';
import type { NamedDisk, PathMemory, RememberedFileSystem } from './remembered-file-system.ts';

/** What copies of a file system have in common; undefined where there is no UUID. */
export const keyOf = ({ uuid, type }: Pick<NamedDisk, 'uuid' | 'type'>): string | undefined =>
  uuid === undefined ? undefined : `${type} ${uuid}`;

const hasIdentity = ({ serial, wwn, place, partition }: RememberedFileSystem) =>
  [serial, wwn, place, partition].some((part) => part !== undefined);

/** How well an entry fits a disk; 0 where it is about another disk. */
function fitOf(entry: RememberedFileSystem, { identity, mountedAs }: NamedDisk): 0 | 1 | 2 | 3 {
  const compared =
    identity === undefined || !hasIdentity(entry) ? 'unknown' : compareIdentities(entry, identity);
  if (compared === 'same') return 3;
  if (compared === 'other') return 0;
  if (mountedAs === entry.name) return 3;
  return compared === 'place' ? 2 : 1;
}

/**
 * Which entry of the memory is about which disk. Copies of a file system have its UUID and are told apart by the disks that
 * they are on: first by serial number and WWN, then by where the disk is attached. What neither tells is the original
 * before it is a copy, in the order in which the disks are given. One that is there alone takes the path of the original
 * even where it is on another disk by now: it was moved, or restored.
 * @param disks all that are there now
 * @returns indices of the memory by kernel name
 */
export function entriesOf(disks: readonly NamedDisk[], memory: PathMemory): Map<string, number> {
  const found = new Map<string, number>();
  const taken = new Set<number>();
  // Of most file systems there is one: this costs each boot as little as it can.
  const alike = byKey(disks, ({ uuid }) => uuid);
  // The original's before those of copies, of equals the one that was named last.
  const order: [at: number, entry: RememberedFileSystem][] = [];
  memory.forEach((entry, at) => {
    if (alike.has(entry.uuid)) order.push([at, entry]);
  });
  order.sort(
    ([one, { copy: isCopy }], [other, { copy: isOther }]) =>
      Number(isCopy ?? false) - Number(isOther ?? false) || other - one,
  );
  const pair = (least: number, isMeant: (disk: NamedDisk) => boolean = () => true): void => {
    for (const [at, entry] of order) {
      if (taken.has(at)) continue;
      const fitting = alike
        .get(entry.uuid)
        ?.find((disk) => !found.has(disk.device) && isMeant(disk) && fitOf(entry, disk) >= least);
      if (fitting === undefined) continue;
      found.set(fitting.device, at);
      taken.add(at);
    }
  };
  for (const least of [3, 2, 1]) pair(least);
  // Not the path of a copy: that one is on another disk.
  for (const [at, { copy }] of order) if (copy === true) taken.add(at);
  pair(0, ({ uuid }) => alike.get(uuid ?? '')?.length === 1);
  return found;
}

/** Things by what they have in common; what has no key is left out. */
function byKey<T>(things: readonly T[], key: (thing: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const name = key(thing);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [thing]);
    else group.push(thing);
  }
  return groups;
}

/** A file system that is there and is none of ours to name, such as the root file system. */
export interface OtherFileSystem {
  /** Kernel name of its device. */
  device: string;
  type: string;
  uuid: string;
}

/**
 * Which disks hold copies of a file system, and of which device's. The original is what is no data disk, such as the root
 * file system; else what the memory has as original; else what is mounted already; else the first one.
 * @returns kernel name of the original by that of the copy
 */
export function copiesOf(
  disks: readonly NamedDisk[],
  memory: PathMemory,
  others: readonly OtherFileSystem[] = [],
): Map<string, string> {
  const entries = entriesOf(disks, memory);
  const rank = ({ device, mountedAs }: NamedDisk): number => {
    const at = entries.get(device);
    const mounted = mountedAs === undefined ? 0 : 1;
    if (at === undefined) return 2 + mounted;
    return memory[at]?.copy === true ? mounted : 4 + mounted;
  };
  const copies = new Map<string, string>();
  for (const [key, alike] of byKey(disks, keyOf)) {
    const other = others.find((one) => keyOf(one) === key);
    if (other === undefined && alike.length === 1) continue;
    const [first] = alike.toSorted(
      (one, two) => rank(two) - rank(one) || (entries.get(two.device) ?? 0) - (entries.get(one.device) ?? 0),
    );
    const original = other?.device ?? first?.device;
    for (const { device } of alike)
      if (original !== undefined && device !== original) copies.set(device, original);
  }
  return copies;
}
