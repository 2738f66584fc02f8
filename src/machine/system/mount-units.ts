import { posix } from 'node:path';
import type { FileView } from '../files/files.ts';
import type { FstabEntry } from '../formats/text/fstab.ts';

/**
 * Where the system's manager looks for units; of several files with one name the first counts (systemd.unit(5), "Unit File
 * Load Path"; systemd's src/libsystemd/sd-path/path-lookup.c for those of portable services).
 */
const LOAD_PATH = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/run/systemd/system',
  '/run/systemd/system.attached',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
];

/**
 * The lines of a unit as they are meant (systemd.syntax(7)): a backslash at the end of one joins it with the next; lines
 * that begin with `#` or `;` are comments, also between joined ones.
 */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let joined = '';
  for (const line of text.split('\n')) {
    if (/^\s*[#;]/.test(line)) continue;
    if (line.endsWith('\\')) {
      joined += `${line.slice(0, -1)} `;
      continue;
    }
    lines.push(`${joined}${line}`.trim());
    joined = '';
  }
  return lines;
}

/**
 * The last value of each key in a section (systemd.syntax(7)): blanks around the `=` are ignored, and an empty value takes
 * back what was said before.
 * @param texts of a unit and its drop-ins, in their order
 */
export function sectionValues(texts: readonly string[], section: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const text of texts) {
    let current = '';
    for (const line of logicalLines(text)) {
      current = /^\[(.*)\]$/.exec(line)?.[1] ?? current;
      if (current !== section) continue;
      const [, name = '', said = ''] = /^([^=[]+?)\s*=\s*(.*)$/.exec(line) ?? [];
      if (said === '') values.delete(name);
      // The only specifier that says nothing else than itself (systemd.unit(5), "Specifiers").
      else values.set(name, said.replaceAll('%%', '%'));
    }
  }
  return values;
}

/**
 * Names of the directories with drop-ins for a unit, such as `srv-data.mount.d`, `srv-.mount.d` and `mount.d`: those that
 * say most of its name come first (systemd.unit(5), "Description").
 */
function dropInNames(name: string): string[] {
  const parts = name.slice(0, -'.mount'.length).split('-');
  const shortened = parts.slice(0, -1).map((_, index) => `${parts.slice(0, index + 1).join('-')}-.mount`);
  return [name, ...shortened.toReversed(), 'mount'].map((one) => `${one}.d`);
}

/** What the directories of the load path have that is about mounts. */
interface MountNames {
  /** Paths of the units that count, by name. */
  units: ReadonlyMap<string, string>;
  /** Paths of directories with drop-ins. */
  dropIns: ReadonlySet<string>;
}

/** Where /lib is /usr/lib, what is there was seen under that name. */
const MERGED = '/lib/systemd/system';

/** Each directory is read once, for there are many more names of drop-ins that could be there than are. */
function listMountNames(files: Pick<FileView, 'list' | 'linkTarget'>): MountNames {
  const lib = files.linkTarget('/lib');
  const isMerged = lib !== undefined && posix.resolve('/', lib) === '/usr/lib';
  const units = new Map<string, string>();
  const dropIns = new Set<string>();
  for (const directory of LOAD_PATH) {
    if (isMerged && directory === MERGED) continue;
    for (const name of files.list(directory)) {
      if (name.endsWith('mount.d')) dropIns.add(`${directory}/${name}`);
      else if (name.endsWith('.mount') && !units.has(name)) units.set(name, `${directory}/${name}`);
    }
  }
  return { units, dropIns };
}

/** What systemd cannot load either, such as a directory that is named like a unit, or a link that leads to itself. */
const NOT_LOADED: readonly (string | undefined)[] = ['EISDIR', 'ELOOP'];

/** The text of a unit or drop-in; undefined where there is none that systemd could load. */
function readUnit(files: Pick<FileView, 'readText'>, path: string): string | undefined {
  try {
    return files.readText(path);
  } catch (error) {
    if (NOT_LOADED.includes((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}

/**
 * The texts of the drop-ins of a unit; of several with one name the one whose directory says most of the unit's name counts,
 * then the first in the path.
 * @param directories those that are there
 */
function dropInTexts(
  files: Pick<FileView, 'list' | 'readText'>,
  name: string,
  directories: ReadonlySet<string>,
): string[] {
  if (directories.size === 0) return [];
  const dropIns = new Map<string, string>();
  for (const place of dropInNames(name).flatMap((one) =>
    LOAD_PATH.map((directory) => `${directory}/${one}`),
  )) {
    if (!directories.has(place)) continue;
    for (const file of files.list(place))
      if (file.endsWith('.conf') && !dropIns.has(file)) dropIns.set(file, `${place}/${file}`);
  }
  const sorted = [...dropIns].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, place]) => place);
  return sorted.flatMap((one) => readUnit(files, one) ?? []);
}

/** Whether the text of a unit is that of one which gandi-mount made for a disk that it mounts itself. */
export const isOwnUnit = (text: string) => text.includes('\n[X-Gandi]\n');

/** Where the file of a unit is that counts; undefined if there is none of that name. */
export function findUnit(files: Pick<FileView, 'status'>, name: string): string | undefined {
  return LOAD_PATH.map((directory) => `${directory}/${name}`).find(
    (path) => files.status(path) !== undefined,
  );
}

/**
 * What mount units name: those of the admin, of packages, and those that generators or systemd-mount(1) made.
 * @returns sources and mount points as they are written; masked units, and those of gandi-mount itself, are left out
 */
export function mountUnits(files: Pick<FileView, 'list' | 'readText' | 'linkTarget'>): FstabEntry[] {
  const { units, dropIns } = listMountNames(files);
  return [...units].flatMap(([name, path]) => {
    const text = readUnit(files, path) ?? '';
    // A masked one leads to /dev/null, or has nothing in it, whatever its drop-ins say (systemd.unit(5)).
    if (text === '' || isOwnUnit(text)) return [];
    const values = sectionValues([text, ...dropInTexts(files, name, dropIns)], 'Mount');
    const source = values.get('What');
    if (source === undefined) return [];
    return [{ source, mountPoint: values.get('Where') ?? name, type: values.get('Type') ?? 'auto' }];
  });
}
