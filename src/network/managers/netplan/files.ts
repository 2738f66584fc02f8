import type { Document, Node, YAMLMap } from 'yaml';
import type { FileView } from '../../../machine/files/files.ts';
import { matchesGlob } from '../../../machine/files/glob.ts';
import { loadYaml } from '../../../metadata/fields/yaml/yaml-library.ts';
import type { MatchedInterface, Place } from '../admin-file.ts';

export const NETPLAN_DIRECTORY = '/etc/netplan';

/** netplan(5): files of all three are read in the order of their names; of one name the last directory's counts. */
const DIRECTORIES = ['/lib/netplan', NETPLAN_DIRECTORY, '/run/netplan'];

/** An entry below `ethernets`. */
export interface NetplanEntry {
  /** The interface's name, unless there is something to match. */
  id: string;
  /** From 1. */
  line: number;
  /** Patterns of `name`, `macaddress` and `driver`, one of which each must fit; absent: the id is the name. */
  match?: ReadonlyMap<string, readonly string[]>;
  /** Its other keys. */
  keys: readonly string[];
}

type Resolve = (node: unknown) => unknown;

/** Keys and values of a mapping in their order, a key that is there twice twice, as netplan reads it. */
function pairsOf(node: unknown, resolve: Resolve): { key: string; keyNode: Node; value: unknown }[] {
  const { isMap, isScalar } = loadYaml();
  if (!isMap(node)) return [];
  return (node as YAMLMap).items.flatMap(({ key, value }) =>
    isScalar(key) ? [{ key: String(key.value), keyNode: key, value: resolve(value) }] : [],
  );
}

/** Words of a text or of a list of texts: systemd-networkd takes several in one, too. */
function wordsOf(node: unknown, resolve: Resolve): string[] {
  const { isSeq, isScalar } = loadYaml();
  // Not lists in lists: an alias can stand inside of what it names.
  if (isSeq(node))
    return node.items
      .map(resolve)
      .filter(isScalar)
      .flatMap((item) => wordsOf(item, resolve));
  // As it is written: a MAC address of digits alone would be a number in base 60.
  if (!isScalar(node)) return [];
  return (node.source ?? String(node.value ?? '')).split(/\s+/).filter((word) => word !== '');
}

function parseNetplan(text: string) {
  const { LineCounter, parseDocument, isAlias } = loadYaml();
  const lines = new LineCounter();
  // Of what is wrong here netplan itself speaks; what can be understood is.
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  const resolve: Resolve = (node) => (isAlias(node) ? node.resolve(document) : node);
  const below = (nodes: readonly unknown[], name: string) =>
    nodes.flatMap((node) =>
      pairsOf(node, resolve).flatMap(({ key, value }) => (key === name ? [value] : [])),
    );
  return { root: below([document.contents], 'network'), below, resolve, lines };
}

/** The ethernet interfaces that a file defines, in whichever style of YAML. */
export function readNetplanEntries(text: string): NetplanEntry[] {
  if (!text.includes('ethernets')) return [];
  const { isScalar } = loadYaml();
  const { root, below, resolve, lines } = parseNetplan(text);
  const definitions = below(root, 'ethernets').flatMap((node) => pairsOf(node, resolve));
  return definitions.flatMap(({ key: id, keyNode, value }) => {
    // `renderer` may stand there too.
    if (isScalar(value) && value.value !== null) return [];
    const pairs = pairsOf(value, resolve);
    const matches = pairs.filter(({ key }) => key === 'match');
    const conditions = matches.flatMap((each) => pairsOf(each.value, resolve));
    const match = new Map(conditions.map((each) => [each.key, wordsOf(each.value, resolve)]));
    return {
      id,
      line: lines.linePos(keyNode.range?.[0] ?? 0).line,
      ...(matches.length === 0 ? {} : { match }),
      keys: pairs.map(({ key }) => key).filter((key) => key !== 'match'),
    };
  });
}

/** Whether netplan gives an entry to an interface; a condition that cannot be told here is taken to hold. */
function takes({ id, match }: NetplanEntry, { name, mac, driver }: MatchedInterface): boolean {
  if (match === undefined) return id === name;
  const known = new Map([
    ['name', name],
    ['macaddress', mac],
    ['driver', driver],
  ]);
  return [...match].every(([key, patterns]) => {
    const value = known.get(key);
    if (value === undefined) return true;
    if (key === 'macaddress') return patterns.some((pattern) => pattern.toLowerCase() === value);
    return patterns.some((pattern) => matchesGlob(pattern, value));
  });
}

/**
 * Entries of one id are one definition, whichever files they are in, and a `match` in one of them is that of all
 * (netplan(5)).
 */
function merged<Entry extends NetplanEntry>(entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => {
    const matches = entries.flatMap(({ id, match }) => (id === entry.id && match ? [...match] : []));
    const has = entries.some(({ id, match }) => id === entry.id && match !== undefined);
    return has ? { ...entry, match: new Map(matches) } : entry;
  });
}

/** Files that distributions bring in their cloud images, and cloud-init's, which replaces its own at each boot. */
const DEFAULT_FILE = /^\/lib\/netplan\/|\/(90-default|50-cloud-init)\.yaml$/;

/** Names of any interface, as these files have them: `en*` and `eth*`. */
const ANY_INTERFACE = ['*', 'e*', 'en*', 'et*', 'eth*'];

/** What a file that gives an interface no more than DHCP says of it. */
const DHCP_KEYS =
  /^(dhcp[46](-overrides)?|dhcp-identifier|accept-ra|critical|ipv6-privacy|link-local|optional(-addresses)?)$/;

const isDefault = (file: string, { match, keys }: NetplanEntry) =>
  DEFAULT_FILE.test(file) &&
  keys.some((key) => key === 'dhcp4' || key === 'dhcp6') &&
  match !== undefined &&
  [...match].every(
    ([key, patterns]) => key === 'name' && patterns.every((each) => ANY_INTERFACE.includes(each)),
  ) &&
  keys.every((key) => DHCP_KEYS.test(key));

/** Paths of the files that netplan reads, in the order in which it does. */
export function netplanFiles(files: FileView): string[] {
  const paths = new Map<string, string>();
  for (const directory of DIRECTORIES) {
    for (const name of files.list(directory))
      if (name.endsWith('.yaml')) paths.set(name, `${directory}/${name}`);
  }
  return [...paths].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
}

/** Devices that others are part of (netplan-yaml(5)). */
const MASTER_KINDS = ['bonds', 'bridges', 'vrfs'];

/**
 * The entry, in a file other than ours, by which an interface is part of another one.
 * @param ids what the interface is called by
 */
function enslavingEntry(
  files: FileView,
  ids: ReadonlySet<string>,
  isOwn: (text: string) => boolean,
): Place | undefined {
  for (const file of netplanFiles(files)) {
    const text = files.readText(file) ?? '';
    if (isOwn(text) || !text.includes('interfaces')) continue;
    const { root, below, resolve, lines } = parseNetplan(text);
    const masters = MASTER_KINDS.flatMap((kind) => below(root, kind)).flatMap((node) =>
      pairsOf(node, resolve),
    );
    const found = masters.find(({ value }) =>
      below([value], 'interfaces').some((node) => wordsOf(node, resolve).some((word) => ids.has(word))),
    );
    if (found !== undefined)
      return { file, line: lines.linePos(found.keyNode.range?.[0] ?? 0).line, master: found.key };
  }
  return undefined;
}

/** Devices that netplan makes, whose ids are their names. */
const MADE_KINDS = ['bonds', 'bridges', 'vlans', 'vrfs'];

/** The entry, in a file other than ours, by which an interface of that name is made: one of ours would be merged with it. */
function makingEntry(files: FileView, name: string, isOwn: (text: string) => boolean): Place | undefined {
  for (const file of netplanFiles(files)) {
    const text = files.readText(file) ?? '';
    if (isOwn(text) || !MADE_KINDS.some((kind) => text.includes(kind))) continue;
    const { root, below, resolve, lines } = parseNetplan(text);
    const made = MADE_KINDS.flatMap((kind) => below(root, kind)).flatMap((node) => pairsOf(node, resolve));
    const found = made.find(({ key }) => key === name);
    if (found !== undefined) return { file, line: lines.linePos(found.keyNode.range?.[0] ?? 0).line };
  }
  return undefined;
}

/** The file, other than ours, in which an interface is configured, and the line where; a default one is the last. */
export function netplanFileOf(
  files: FileView,
  device: MatchedInterface,
  isOwn: (text: string) => boolean,
): Place | undefined {
  const entries = netplanFiles(files).flatMap((file) => {
    const text = files.readText(file) ?? '';
    return isOwn(text) ? [] : readNetplanEntries(text).map((entry) => ({ ...entry, file }));
  });
  const taking = merged(entries).filter((entry) => takes(entry, device));
  const enslaving = enslavingEntry(files, new Set([device.name, ...taking.map(({ id }) => id)]), isOwn);
  if (enslaving !== undefined) return enslaving;
  const making = makingEntry(files, device.name, isOwn);
  if (making !== undefined) return making;
  const places = taking.map(
    (entry): Place => ({
      file: entry.file,
      line: entry.line,
      ...(isDefault(entry.file, entry) ? { givesWay: true } : {}),
    }),
  );
  return places.find(({ givesWay }) => givesWay !== true) ?? places[0];
}

/** Whether NetworkManager is what netplan renders for, as `renderer` of the files says; else it is networkd. */
export function rendersForNetworkManager(files: FileView): boolean {
  const renderers = netplanFiles(files).flatMap((file) => {
    const text = files.readText(file) ?? '';
    if (!text.includes('renderer')) return [];
    const { root, below, resolve } = parseNetplan(text);
    return below([...root, ...below(root, 'ethernets')], 'renderer').flatMap((node) =>
      wordsOf(node, resolve),
    );
  });
  return renderers.at(-1) === 'NetworkManager';
}
