import type { FileView } from '../../machine/files.ts';
import { matchesGlob } from '../../machine/glob.ts';
import type { MatchedInterface, Place } from './admin-file.ts';

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
  /** Values of each key, split at blanks. */
  keys: Map<string, string[]>;
}

/** The [Match] section of a .network file; undefined if it has none, and then it applies to nothing. */
export function readMatch(text: string): MatchSection | undefined {
  let section = '';
  let match: MatchSection | undefined;
  for (const [index, piece] of text.split('\n').entries()) {
    const line = piece.trim();
    if (line.startsWith('[')) {
      section = line;
      if (section === '[Match]') match ??= { line: index + 1, keys: new Map() };
    }
    const assignment = /^([A-Za-z]+)\s*=\s*(.*)$/.exec(line);
    if (section !== '[Match]' || match === undefined || !assignment) continue;
    const [, key = '', value = ''] = assignment;
    const values = value.split(/\s+/).filter((word) => word !== '');
    match.keys.set(key, values.length === 0 ? [] : [...(match.keys.get(key) ?? []), ...values]);
  }
  return match !== undefined && match.keys.size > 0 ? match : undefined;
}

/** A list of patterns, turned around as a whole by a `!` in front. */
function matchesList(patterns: readonly string[], value: string): boolean {
  const negated = patterns[0]?.startsWith('!') ?? false;
  const plain = negated ? [patterns[0]?.slice(1) ?? '', ...patterns.slice(1)] : patterns;
  return plain.some((pattern) => matchesGlob(pattern, value)) !== negated;
}

/** Whether a [Match] section takes an interface; a condition that cannot be told here is taken to hold. */
function matchesInterface({ keys }: MatchSection, { name, mac, driver }: MatchedInterface): boolean {
  const known = new Map([
    ['Name', name],
    ['Type', 'ether'],
    ['Kind', ''],
    ['MACAddress', mac],
    ['PermanentMACAddress', mac],
    ['Driver', driver],
  ]);
  return [...keys].every(([key, patterns]) => {
    const value = known.get(key);
    if (value === undefined || patterns.length === 0) return true;
    const canonical = key.endsWith('MACAddress')
      ? patterns.map((mac) => mac.toLowerCase().replaceAll('-', ':'))
      : patterns;
    return matchesList(canonical, value);
  });
}

/**
 * The file that systemd-networkd takes an interface's configuration from before it comes to one of a given name.
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
  const paths = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const name of files.list(directory)) {
      if (name.endsWith('.network') && name <= ownName && !paths.has(name))
        paths.set(name, `${directory}/${name}`);
    }
  }
  for (const [, file] of [...paths].sort()) {
    const text = files.linkTarget(file) === '/dev/null' ? '' : (files.readText(file) ?? '');
    const match = isOwn(text) ? undefined : readMatch(text);
    if (match && matchesInterface(match, device)) return { file, line: match.line };
  }
  return undefined;
}
