import type { FileView } from '../../machine/files.ts';
import { matchesGlob } from '../../machine/glob.ts';
import type { MatchedInterface, Place } from './admin-file.ts';

export const NETPLAN_DIRECTORY = '/etc/netplan';

/** netplan(5): files of all three are merged. */
const DIRECTORIES = ['/lib/netplan', NETPLAN_DIRECTORY, '/run/netplan'];

/** An entry below `ethernets`. */
export interface NetplanEntry {
  /** The interface's name, unless there is something to match. */
  id: string;
  /** From 1. */
  line: number;
  /** `name` (a pattern), `macaddress` and `driver` of its `match`. */
  match: ReadonlyMap<string, string>;
}

const PAIR = /(?<![\w-])(name|macaddress|driver)\s*:\s*["']?([^"',}\s]+)/g;

const pairsIn = (text: string) =>
  [...text.matchAll(PAIR)].map(([, key = '', value = '']): [string, string] => [key, value]);

/**
 * The ethernet interfaces that a file defines. The block style that netplan itself writes is understood, with a
 * `match` in either style; a document that is one flow mapping is not.
 */
export function readNetplanEntries(text: string): NetplanEntry[] {
  const entries: { id: string; line: number; match: Map<string, string> }[] = [];
  let open: { indent: number; key: string }[] = [];
  for (const [index, piece] of text.split('\n').entries()) {
    const line = piece.replace(/(^|\s)#.*$/, '').trimEnd();
    if (line.trim() === '') continue;
    const indent = line.length - line.trimStart().length;
    const [, key = '', rest = ''] = /^\s*["']?([^"':\s]+)["']?\s*:(.*)$/.exec(line) ?? [];
    open = [...open.filter((above) => above.indent < indent), { indent, key }];
    const keys = open.map((above) => above.key);
    const below = keys.includes('ethernets') ? keys.slice(keys.indexOf('ethernets') + 1) : [];
    if (below.length === 1) entries.push({ id: key, line: index + 1, match: new Map(pairsIn(rest)) });
    if (below[1] === 'match')
      for (const [name, value] of pairsIn(line)) entries.at(-1)?.match.set(name, value);
  }
  return entries;
}

/** Whether netplan gives an entry to an interface; a condition that cannot be told here is taken to hold. */
function takes({ id, match }: NetplanEntry, { name, mac, driver }: MatchedInterface): boolean {
  if (match.size === 0) return id === name;
  const known = new Map([
    ['name', name],
    ['macaddress', mac],
    ['driver', driver],
  ]);
  return [...match].every(([key, pattern]) => {
    const value = known.get(key);
    return value === undefined || matchesGlob(pattern.toLowerCase(), value.toLowerCase());
  });
}

const netplanFiles = (files: FileView) =>
  DIRECTORIES.flatMap((directory) =>
    files
      .list(directory)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => `${directory}/${name}`),
  );

/** The file, other than ours, in which an interface is configured, and the line where. */
export function netplanFileOf(
  files: FileView,
  device: MatchedInterface,
  isOwn: (text: string) => boolean,
): Place | undefined {
  for (const file of netplanFiles(files)) {
    const text = files.readText(file) ?? '';
    const entry = isOwn(text) ? undefined : readNetplanEntries(text).find((each) => takes(each, device));
    if (entry) return { file, line: entry.line };
  }
  return undefined;
}

/** Whether NetworkManager is what netplan renders for, as `renderer` of the files says; else it is networkd. */
export function rendersForNetworkManager(files: FileView): boolean {
  const renderers = netplanFiles(files).flatMap((file) =>
    [...(files.readText(file) ?? '').matchAll(/^\s*renderer\s*:\s*["']?(\w+)/gm)].map(([, name]) => name),
  );
  return renderers.at(-1) === 'NetworkManager';
}
