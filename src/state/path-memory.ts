import type { DiskIdentity } from '../machine/devices/udev/udev-disk.ts';
import { entriesOf } from './known-disks.ts';
import { candidateNames, safeName } from './mount-point-name.ts';
import type { NamedDisk, PathMemory, RememberedFileSystem } from './remembered-file-system.ts';

/** What is at a name in the disk root. */
export interface Places {
  /** Something that nothing can be mounted on, such as a link or another mount. */
  isUnusable(name: string): boolean;
  /** A directory that is not empty: only the file system that had that name before is mounted on it. */
  isInUse(name: string): boolean;
}

/** More file systems than any guest has at a time; what was not seen for longest is forgotten. */
const MOST_REMEMBERED = 1000;

/**
 * Gives each file system the name of its directory. Those that are mounted keep theirs; then those that were here
 * before get the name that they had, the one named last first; the others take the first name that is free.
 * @param disks all data disks that are there now, whether mounted or not
 * @param places tells what is at a name already
 * @returns names by kernel name; no two are alike
 */
export function chooseNames(
  disks: readonly NamedDisk[],
  memory: PathMemory,
  { isUnusable, isInUse }: Places,
): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const give = ({ device }: NamedDisk, name: string): void => {
    names.set(device, name);
    taken.add(name);
  };
  for (const disk of disks) if (disk.mountedAs !== undefined) give(disk, disk.mountedAs);
  const waiting = disks.filter(({ mountedAs }) => mountedAs === undefined);
  const entries = entriesOf(disks, memory);
  const known = waiting
    .map((disk) => ({ disk, at: entries.get(disk.device) ?? -1 }))
    .filter(({ disk, at }) => at >= 0 && memory[at]?.label === disk.label)
    .sort((one, other) => other.at - one.at);
  for (const { disk, at } of known) {
    const name = memory[at]?.name;
    if (name !== undefined && !taken.has(name) && !isUnusable(name)) give(disk, name);
  }
  for (const disk of waiting) {
    if (names.has(disk.device)) continue;
    for (const name of candidateNames(safeName(disk.label ?? disk.device))) {
      if (taken.has(name) || isUnusable(name) || isInUse(name)) continue;
      give(disk, name);
      break;
    }
  }
  return names;
}

/** Whether a file system is new, so that its owner may be set: by the memory, or where it has none of it by the file system itself. */
export function isNew(
  memory: PathMemory,
  { uuid, everMounted }: { uuid?: string | undefined; everMounted?: boolean },
): boolean {
  const entry = memory.find((one) => one.uuid === uuid);
  return entry === undefined ? everMounted !== true : entry.isNew === true;
}

/** Notes that a file system is in use now. @returns the memory itself if nothing is new */
export function noLongerNew(memory: PathMemory, uuid: string | undefined): PathMemory {
  const isMeant = (entry: RememberedFileSystem) => entry.uuid === uuid && entry.isNew === true;
  if (!memory.some(isMeant)) return memory;
  return memory.map((entry) => {
    const { isNew: _, ...used } = entry;
    return isMeant(entry) ? used : entry;
  });
}

const IDENTITY = ['serial', 'wwn', 'place', 'partition'] as const;

/** An entry, of a file system that is on this disk by now. */
function onDisk(
  entry: RememberedFileSystem,
  identity: DiskIdentity | undefined,
  copy: true | undefined,
): RememberedFileSystem {
  const marked = copy === undefined ? entry : { ...entry, copy };
  if (identity === undefined) return marked;
  const { serial: _, wwn: __, place: ___, partition: ____, ...rest } = marked;
  return { ...rest, ...identity };
}

/**
 * Tells of which disks the memory says what {@link remember} would have it say: of very many that stay that costs less
 * than to note each once more.
 * @param disks all data disks that are there now
 */
export function rememberedAsIs(
  memory: PathMemory,
  disks: readonly NamedDisk[],
): (disk: NamedDisk, name: string, isCopy: boolean) => boolean {
  const entries = new Map<string, number[]>();
  const lastOfName = new Map<string, number>();
  memory.forEach(({ uuid, name }, at) => {
    entries.set(uuid, [...(entries.get(uuid) ?? []), at]);
    lastOfName.set(name, at);
  });
  const present = new Map<string, number>();
  for (const { uuid = '' } of disks) present.set(uuid, (present.get(uuid) ?? 0) + 1);
  return ({ uuid = '', label, identity }, name, isCopy) => {
    const [at = -1, ...more] = entries.get(uuid) ?? [];
    const entry = memory[at];
    // Which of several it is takes more than this.
    if (entry === undefined || more.length > 0 || present.get(uuid) !== 1) return false;
    return (
      entry.name === name &&
      entry.label === label &&
      lastOfName.get(name) === at &&
      identity !== undefined &&
      IDENTITY.every((part) => entry[part] === identity[part]) &&
      (entry.copy === true || !isCopy)
    );
  };
}

/**
 * Notes the name that a file system has, and its disk. An entry that says so already stays where it is, unless another file
 * system was given that name since: so a boot without news leaves the memory as it was. One that is new stays so for now.
 * @param disks all data disks that are there now
 * @param isCopy whether its original is there as well
 * @returns the memory itself if nothing is new
 */
export function remember(
  memory: PathMemory,
  disk: NamedDisk,
  name: string,
  disks: readonly NamedDisk[] = [disk],
  isCopy = false,
): PathMemory {
  const { uuid, label, type, identity } = disk;
  if (uuid === undefined) return memory;
  const alike = disks.filter((one) => one.uuid === uuid);
  const at = entriesOf(alike, memory).get(disk.device) ?? -1;
  const old = memory[at];
  const unused = disk.mountedAs === undefined && isNew(memory, disk);
  const entry: RememberedFileSystem = {
    uuid,
    ...(label === undefined ? {} : { label }),
    name,
    type,
    ...identity,
    ...(unused ? { isNew: true } : {}),
    ...(isCopy || old?.copy === true ? { copy: true } : {}),
    ...(old?.unit === undefined ? {} : { unit: old.unit }),
  };
  const isGivenSince = () => memory.some((one, index) => index > at && one.name === name);
  if (old !== undefined && old.name === name && old.label === label && !isGivenSince()) {
    const now = onDisk(old, identity, entry.copy);
    const isAsBefore = IDENTITY.every((part) => now[part] === old[part]) && now.copy === old.copy;
    return isAsBefore ? memory : memory.map((one, index) => (index === at ? now : one));
  }
  const others = old === undefined ? memory : memory.filter((_, index) => index !== at);
  return [...others, entry].slice(-MOST_REMEMBERED);
}
