import { LibvirtError, type Virsh } from './virsh.ts';
import { type Element, parseXml, textOf } from './xml.ts';

/** By their numbers (libvirt-domain.h, virDomainState). */
const STATES = [
  'no state',
  'running',
  'blocked',
  'paused',
  'shutting down',
  'shut off',
  'crashed',
  'suspended',
] as const;

export type DomainState = (typeof STATES)[number];

/** A domain as libvirt lists it. */
export interface DomainEntry {
  /** What a domain is addressed by: names may hold anything but `/`. */
  uuid: string;
  name: string;
  state: DomainState;
  /** libvirt's own autostart is on. */
  autostart: boolean;
  /** Its memory is kept in a file (managed save): a start goes on with it. */
  saved: boolean;
  /** It stays when it is off. */
  persistent: boolean;
}

/** Whether a domain's guest runs, or is on its way up or down. */
export const isActive = ({ state }: Pick<DomainEntry, 'state'>): boolean =>
  state !== 'shut off' && state !== 'crashed' && state !== 'no state';

const UUID_LENGTH = 36;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @param text of `virsh list --uuid --name`: a UUID, a blank, and the name as it is */
export function parseNames(text: string): { uuid: string; name: string }[] {
  return text
    .split('\n')
    .map((line) => ({ uuid: line.slice(0, UUID_LENGTH), name: line.slice(UUID_LENGTH + 1).trimEnd() }))
    .filter(({ uuid, name }) => UUID.test(uuid) && name !== '');
}

const uuidsOf = (text: string): Set<string> => new Set(text.split('\n').map((line) => line.trim()));

/** @param text of `virsh domstats --state` @returns states by name: names are unique on a host */
export function parseStates(text: string): Map<string, DomainState> {
  const states = new Map<string, DomainState>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    name = /^Domain: '(.*)'$/.exec(line)?.[1] ?? name;
    const number = /^ {2}state\.state=(\d+)$/.exec(line)?.[1];
    if (name !== undefined && number !== undefined) states.set(name, STATES[Number(number)] ?? 'no state');
  }
  return states;
}

/**
 * All domains, by one process.
 * @throws LibvirtError
 */
export async function listDomains(virsh: Virsh): Promise<DomainEntry[]> {
  const [names = '', states = '', autostart = '', saved = '', persistent = ''] = await virsh.queryWhole([
    ['list', '--all', '--uuid', '--name'],
    ['domstats', '--state'],
    ['list', '--all', '--uuid', '--autostart'],
    ['list', '--all', '--uuid', '--with-managed-save'],
    ['list', '--all', '--uuid', '--persistent'],
  ]);
  const stateOf = parseStates(states);
  const [started, kept, lasting] = [uuidsOf(autostart), uuidsOf(saved), uuidsOf(persistent)];
  return parseNames(names).map(({ uuid, name }) => ({
    uuid,
    name,
    state: stateOf.get(name) ?? 'no state',
    autostart: started.has(uuid),
    saved: kept.has(uuid),
    persistent: lasting.has(uuid),
  }));
}

/**
 * Definitions of domains, by one process.
 * @param which `inactive`: as the next start uses it; `live`: with what a running one got, such as paths of its channels
 * @returns root elements by UUID; a domain that is gone meanwhile is left out
 * @throws LibvirtError
 */
export async function domainDefinitions(
  virsh: Virsh,
  uuids: readonly string[],
  which: 'inactive' | 'live' = 'inactive',
): Promise<Map<string, Element>> {
  const option = which === 'inactive' ? ['--inactive'] : [];
  const texts = await virsh.queryAll(uuids.map((uuid) => ['dumpxml', ...option, uuid]));
  const found = new Map<string, Element>();
  for (const [index, uuid] of uuids.entries()) {
    const definition = parseXml(texts[index] ?? '');
    if (definition !== undefined && textOf(definition, 'uuid') === uuid) found.set(uuid, definition);
  }
  return found;
}

/** A domain with its definition, as its next start uses it. */
export interface DefinedDomain extends DomainEntry {
  definition: Element;
}

/**
 * All domains with their definitions, by two processes. One that is gone between the two is left out.
 * @throws LibvirtError, also where libvirt does not tell of a domain that is there
 */
export async function definedDomains(virsh: Virsh): Promise<DefinedDomain[]> {
  const entries = await listDomains(virsh);
  const definitions = await domainDefinitions(
    virsh,
    entries.map(({ uuid }) => uuid),
  );
  const silent = entries.filter(({ uuid }) => !definitions.has(uuid));
  for (const [uuid, definition] of await askAgain(virsh, silent)) definitions.set(uuid, definition);
  return entries.flatMap((entry) => {
    const definition = definitions.get(entry.uuid);
    return definition === undefined ? [] : [{ ...entry, definition }];
  });
}

/** Who took a domain of which nothing was said for one that is gone would remove what it needs. */
async function askAgain(virsh: Virsh, silent: readonly DomainEntry[]): Promise<Map<string, Element>> {
  if (silent.length === 0) return new Map();
  const [list = ''] = await virsh.queryWhole([['list', '--all', '--uuid']]);
  const there = uuidsOf(list);
  const left = silent.filter(({ uuid }) => there.has(uuid));
  const definitions = await domainDefinitions(
    virsh,
    left.map(({ uuid }) => uuid),
  );
  const one = left.find(({ uuid }) => !definitions.has(uuid));
  if (one !== undefined)
    throw new LibvirtError(`libvirt did not tell how domain ${one.name} is defined; try again`);
  return definitions;
}
