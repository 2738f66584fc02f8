import { dirname } from 'node:path';
import type { FileView } from '../files/files.ts';

/** Where packages have their units. */
export const PACKAGED_UNIT_DIRECTORIES: readonly string[] = [
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** Where systemd looks for units (systemd.unit(5)), the admin's first. */
export const UNIT_DIRECTORIES: readonly string[] = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  ...PACKAGED_UNIT_DIRECTORIES,
];

/** Of a change that was made as short a time before a directory was read, another one may have the same time. */
const FRESH_MILLISECONDS = 20;

/** Names that were found, and when the directories that they were found in were last changed. */
interface Wanted {
  names: ReadonlySet<string>;
  changedAt: ReadonlyMap<string, number | undefined>;
}

const known = new WeakMap<FileView, Wanted>();

/** Whether no directory has got or lost a name since it was read. */
const isCurrent = (files: FileView, { changedAt }: Wanted) =>
  [...changedAt].every(([directory, time]) => files.modifiedAt(directory) === time);

function readWanted(files: FileView): Wanted {
  const changedAt = new Map<string, number | undefined>();
  const list = (directory: string) => {
    changedAt.set(directory, files.modifiedAt(directory));
    return files.list(directory);
  };
  // Where /lib is a link both paths are one directory.
  const directories =
    files.linkTarget('/lib') === undefined ? UNIT_DIRECTORIES : UNIT_DIRECTORIES.slice(0, -1);
  const wants = directories.flatMap((directory) =>
    list(directory)
      .filter((name) => name.endsWith('.wants') || name.endsWith('.requires'))
      .map((name) => `${directory}/${name}`),
  );
  return { names: new Set(wants.flatMap(list)), changedAt };
}

/**
 * Names of the units that some target wants: by `enable`, by preset, or as they are shipped. There are twenty directories to
 * be read for that, which each look after a change asks for again: they are read once as long as nothing is new in them.
 */
function wantedUnits(files: FileView): ReadonlySet<string> {
  const before = known.get(files);
  if (before !== undefined && isCurrent(files, before)) return before.names;
  const wanted = readWanted(files);
  const freshFrom = Date.now() - FRESH_MILLISECONDS;
  const isSettled = [...wanted.changedAt.values()].every((time) => time === undefined || time < freshFrom);
  if (isSettled) known.set(files, wanted);
  else known.delete(files);
  return wanted.names;
}

/**
 * Whether a unit file is a mask: a link to /dev/null or, in a directory that is no package's, an empty file (systemd.unit(5)).
 * @param path such as `/etc/systemd/system/cron.service`; nothing need be there
 */
export function isMask(files: Pick<FileView, 'status' | 'linkTarget'>, path: string): boolean {
  const status = files.status(path);
  if (status?.kind === 'link') return files.linkTarget(path) === '/dev/null';
  return status?.kind === 'file' && status.size === 0 && !PACKAGED_UNIT_DIRECTORIES.includes(dirname(path));
}

/** Tells of a unit whether it exists, is not masked, and is wanted. */
export function enabledUnits(files: FileView): (unit: string) => boolean {
  const wanted = wantedUnits(files);
  return (unit) => {
    if (!wanted.has(unit)) return false;
    const candidates = UNIT_DIRECTORIES.map((directory) => `${directory}/${unit}`);
    const path = candidates.find((candidate) => files.status(candidate) !== undefined);
    return path !== undefined && !isMask(files, path);
  };
}

/** Whether one unit exists, is not masked, and is wanted by some target. */
export function isEnabled(files: FileView, unit: string): boolean {
  return enabledUnits(files)(unit);
}

/** Where generators put units (systemd.generator(7)), such as those of /etc/fstab, behind the directories above or before. */
export const GENERATOR_DIRECTORIES = [
  '/run/systemd/generator.early',
  '/run/systemd/generator',
  '/run/systemd/generator.late',
];

/** The name of the mount unit of a directory (systemd.unit(5), "String escaping"). */
export function mountUnitOf(mountPoint: string): string {
  const escaped = mountPoint
    .split('/')
    .filter((part) => part !== '')
    .join('/')
    .replace(/[^A-Za-z0-9:_./]|^\./gu, (character) =>
      [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    )
    .replaceAll('/', '-');
  return `${escaped === '' ? '-' : escaped}.mount`;
}

/**
 * Whether systemd is to mount something at a directory in a boot, at once or on first access: by /etc/fstab, by a unit of the
 * admin's, or by the type of a partition.
 * @param mountPoint absolute path without links
 */
export function mountIsWanted(files: FileView, mountPoint: string): boolean {
  const unit = mountUnitOf(mountPoint);
  const directories = [...UNIT_DIRECTORIES, ...GENERATOR_DIRECTORIES];
  const place = directories.find((directory) => files.status(`${directory}/${unit}`) !== undefined);
  // Hardly ever is there one: directories are read only then.
  if (place === undefined || isMask(files, `${place}/${unit}`)) return false;
  const names = [unit, unit.replace(/mount$/, 'automount')];
  return directories.some((directory) =>
    files
      .list(directory)
      .filter((name) => /\.(wants|requires|upholds)$/.test(name))
      .some((name) => files.list(`${directory}/${name}`).some((wanted) => names.includes(wanted))),
  );
}
