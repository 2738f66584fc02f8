import { posix } from 'node:path';
import type { FileView } from '../../../machine/files/files.ts';
import { matchesGlob } from '../../../machine/files/glob.ts';
import type { MatchedInterface, Place } from '../admin-file.ts';
import { conditionHolds } from './conditions.ts';

export const NETWORK_DIRECTORY = '/etc/systemd/network';

/** The admin's directory first: of files of one name the first counts (systemd.network(5)). */
const DIRECTORIES = [
  NETWORK_DIRECTORY,
  '/run/systemd/network',
  '/usr/local/lib/systemd/network',
  '/usr/lib/systemd/network',
  '/lib/systemd/network',
];

export interface MatchSection {
  /** Line of `[Match]`, from 1. */
  line: number;
  /** What each key is given, an assignment an item; nothing where the last one is empty. */
  keys: Map<string, string[]>;
}

/** Lines with their numbers, those that a backslash at the end continues joined, comments left out (systemd.syntax(7)). */
function* linesOf(text: string): Generator<{ line: number; content: string }> {
  let pending: { line: number; content: string } | undefined;
  for (const [index, piece] of text.split('\n').entries()) {
    const content = piece.trim();
    // Also in the middle of a continued line.
    if (/^[#;]/.test(content)) continue;
    pending = { line: pending?.line ?? index + 1, content: `${pending?.content ?? ''}${content}` };
    if (content.endsWith('\\')) {
      pending.content = `${pending.content.slice(0, -1)} `;
      continue;
    }
    yield pending;
    pending = undefined;
  }
  if (pending !== undefined) yield pending;
}

/** What a .network file makes an interface part of (systemd.network(5), [NETWORK] SECTION OPTIONS). */
const MASTER_KEYS = ['Bridge', 'Bond', 'VRF', 'BatmanAdvanced'];

/** The bridge, bond or VRF whose part an interface becomes by the text of a .network file; the last one counts. */
export function readMaster(text: string): string | undefined {
  let section = '';
  const masters = new Map<string, string>();
  for (const { content } of linesOf(text)) {
    if (content.startsWith('[')) section = content;
    const assignment = /^([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(content);
    const [, key = '', value = ''] = assignment ?? [];
    if (section === '[Network]' && MASTER_KEYS.includes(key)) masters.set(key, value);
  }
  return [...masters.values()].find((name) => name !== '');
}

/** The [Match] section of a .network file; undefined if nothing is in it, and then the file applies to nothing. */
export function readMatch(text: string): MatchSection | undefined {
  let section = '';
  let match: MatchSection | undefined;
  for (const { line, content } of linesOf(text)) {
    if (content.startsWith('[')) {
      section = content;
      if (section === '[Match]') match ??= { line, keys: new Map() };
    }
    const assignment = /^([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(content);
    if (section !== '[Match]' || match === undefined || !assignment) continue;
    const [, key = '', value = ''] = assignment;
    if (value === '') match.keys.delete(key);
    else match.keys.set(key, [...(match.keys.get(key) ?? []), value]);
  }
  return match !== undefined && match.keys.size > 0 ? match : undefined;
}

/**
 * Lists of patterns, each turned around as a whole by a `!` in front (net_condition_test_strv of systemd,
 * src/shared/net-condition.c).
 * @param value undefined where an interface has nothing of that kind: no pattern fits that, and none excludes it
 */
function matchesLists(lists: readonly string[], value: string | undefined): boolean {
  const patterns = lists.flatMap((list) => {
    const negated = list.startsWith('!');
    const words = (negated ? list.slice(1) : list).split(/\s+/).filter((word) => word !== '');
    return words.map((pattern) => ({ negated, fits: value !== undefined && matchesGlob(pattern, value) }));
  });
  if (patterns.some(({ negated, fits }) => negated && fits)) return false;
  return patterns.every(({ negated }) => negated) || patterns.some(({ negated, fits }) => !negated && fits);
}

/** What only Wi-Fi and devices made by software have. */
const NOTHING_OF = ['Kind', 'WLANInterfaceType', 'SSID', 'BSSID'];

/** Whether a [Match] section takes an interface; a condition that cannot be told here is taken to hold. */
function matchesInterface(
  { keys }: MatchSection,
  { name, mac, driver }: MatchedInterface,
  files: FileView,
): boolean {
  const known = new Map([
    ['Name', name],
    ['Type', 'ether'],
    ['MACAddress', mac],
    ['PermanentMACAddress', mac],
    ['Driver', driver],
  ]);
  return [...keys].every(([key, values]) => {
    if (NOTHING_OF.includes(key)) return matchesLists(values, undefined);
    const value = known.get(key);
    // Of conditions the last one counts.
    if (value === undefined) return conditionHolds(key, values.at(-1) ?? '', files) ?? true;
    const lists = key.endsWith('MACAddress')
      ? values.map((list) => list.toLowerCase().replaceAll('-', ':'))
      : values;
    return matchesLists(lists, value);
  });
}

/** What drop-ins add to a file, which may be sections of any kind (systemd.network(5)). */
function dropInsOf(files: FileView, name: string): string {
  const paths = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const file of files.list(`${directory}/${name}.d`))
      if (file.endsWith('.conf') && !paths.has(file)) paths.set(file, `${directory}/${name}.d/${file}`);
  }
  return [...paths]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, path]) => `\n${files.readText(path) ?? ''}`)
    .join('');
}

/** Paths of all files that say which interfaces systemd-networkd configures, with what is added to them, the masked ones too. */
export function networkFilePaths(files: FileView): string[] {
  const lib = files.linkTarget('/lib');
  const isMerged = lib !== undefined && posix.resolve('/', lib) === '/usr/lib';
  return DIRECTORIES.filter((directory) => !(isMerged && directory.startsWith('/lib/'))).flatMap(
    (directory) =>
      files.list(directory).flatMap((name) => {
        const path = `${directory}/${name}`;
        if (name.endsWith('.network')) return [path];
        if (!name.endsWith('.network.d')) return [];
        return files.list(path).flatMap((each) => (each.endsWith('.conf') ? [`${path}/${each}`] : []));
      }),
  );
}

/** Names of all .network files in their order, and where each is. */
function networkFiles(files: FileView): [string, string][] {
  const paths = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const name of files.list(directory))
      if (name.endsWith('.network') && !paths.has(name)) paths.set(name, `${directory}/${name}`);
  }
  return [...paths].sort();
}

/**
 * The file that systemd-networkd takes an interface's configuration from before it comes to one of a given name; or
 * would take it from without that, where it makes the interface part of another one.
 * @param ownName name of that file, such as `50-gandi-eth0.network`
 * @param isOwn tells by a file's text that it is ours, which never is in the way
 * @returns path and line of the [Match] section, or undefined if nothing is in the way
 */
export function earlierNetworkFile(
  files: FileView,
  device: MatchedInterface,
  ownName: string,
  isOwn: (text: string) => boolean,
): Place | undefined {
  for (const [name, file] of networkFiles(files)) {
    const text = files.linkTarget(file) === '/dev/null' ? '' : (files.readText(file) ?? '');
    if (isOwn(text) || text === '') continue;
    const whole = text + dropInsOf(files, name);
    const match = readMatch(whole);
    if (match === undefined || !matchesInterface(match, device, files)) continue;
    const master = readMaster(whole);
    if (master !== undefined) return { file, line: match.line, master };
    return name <= ownName ? { file, line: match.line } : undefined;
  }
  return undefined;
}
