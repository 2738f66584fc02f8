import { isInterfaceName } from '../fields/interface-name.ts';
import { Findings, MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { decodeUtf8 } from '../fields/utf8-text.ts';
import type { VirtualInterface } from '../interface-config.ts';
import {
  BARE_TARGETS_V1,
  bondOf,
  type Draft,
  emptyDraft,
  METRIC,
  MTU,
  type NetworkDraft,
  networkDraft,
  parseTarget,
  readAddress,
  readDomains,
  readGateway,
  readMac,
  readResolvers,
} from '../network-config/draft.ts';
import { type ParsedNetwork, toNetworkPart } from '../network-config/parse.ts';

/** Bytes of the longest text that is read; one of nova's has a few hundred. */
const TEXT_BYTES_LIMIT = 64 * 1024;

/** A paragraph `iface NAME FAMILY METHOD` with its options, by names with hyphens. */
interface Stanza {
  name: string;
  family: string;
  method: string;
  path: string;
  options: Map<string, string>;
  /** Options that may stand several times, each a command. */
  commands: { text: string; path: string }[];
}

/** Commands that are run when an interface comes up. */
const COMMANDS = ['up', 'post-up', 'pre-up', 'down', 'pre-down', 'post-down'];

/**
 * Parses text in the format of Debian's /etc/network/interfaces (interfaces(5)), in which hosts described a network before
 * `network_data.json`, and Proxmox does still. `ethN` is the guest's Nth interface, unless a hardware address stands beside it.
 * @param file its name, for people
 */
export function parseEni(bytes: Uint8Array, file: string): ParsedNetwork {
  const findings = new Findings(file, 'network');
  const decoded = decodeUtf8(bytes, TEXT_BYTES_LIMIT, 'text');
  if ('fault' in decoded) {
    findings.refuse('', decoded.fault.found, decoded.fault.expected);
    return { part: {}, findings };
  }
  const draft = networkDraft();
  for (const stanza of withMembers(stanzasOf(decoded.text, findings))) readStanza(stanza, draft, findings);
  return { part: toNetworkPart(draft, findings), findings };
}

/** Members of a bond may name it, where it names none of them. */
function withMembers(stanzas: Stanza[]): Stanza[] {
  for (const { name, options } of stanzas) {
    const bond = stanzas.find((each) => each.name === options.get('bond-master'));
    bond?.options.set('bond-slaves', `${bond.options.get('bond-slaves') ?? ''} ${name}`);
  }
  return stanzas;
}

/** Lines with their numbers; one that ends with a backslash goes on in the next. */
function linesOf(text: string): { words: string[]; path: string }[] {
  const lines: { words: string[]; path: string }[] = [];
  let begun = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = `${begun}${raw.replace(/\r$/, '')}`;
    begun = '';
    if (line.endsWith('\\')) begun = `${line.slice(0, -1)} `;
    else {
      const words = line.split(/\s+/).filter((word) => word !== '');
      if (words.length > 0 && !words[0]?.startsWith('#')) lines.push({ words, path: `line ${index + 1}` });
    }
  }
  return lines;
}

function stanzasOf(text: string, findings: Findings): Stanza[] {
  const stanzas: Stanza[] = [];
  let isInside = false;
  for (const { words, path } of linesOf(text)) {
    const [key = '', ...rest] = words;
    if (key === 'iface') {
      const [name = '', family = '', method = ''] = rest;
      stanzas.push({ name, family, method, path, options: new Map(), commands: [] });
      isInside = true;
    } else if (/^(?:auto|no-auto-down|no-scripts|allow-.*)$/.test(key)) isInside = false;
    else if (/^(?:source|source-directory|mapping|rename|template)$/.test(key)) {
      isInside = false;
      findings.passOver(path, quote(words.join(' ')), 'paragraphs that begin with "auto" or "iface"');
    } else if (isInside) addOption(stanzas.at(-1), key, rest.join(' '), path);
    else findings.passOver(path, quote(key), 'an option below an "iface"');
  }
  return stanzas;
}

function addOption(stanza: Stanza | undefined, key: string, value: string, path: string): void {
  // Hyphens and underscores are the same in bonding's, bridge-utils', VLAN's and resolvconf's options.
  const name = key.replaceAll('_', '-').replace(/^dns-nameserver$/, 'dns-nameservers');
  if (COMMANDS.includes(name)) stanza?.commands.push({ text: value, path });
  else {
    const before = stanza?.options.get(name);
    stanza?.options.set(name, before === undefined ? value : `${before} ${value}`);
  }
}

/** Options that say nothing of their own here. */
const WITHOUT_EFFECT = ['broadcast', 'network', 'scope', 'hostname', 'autoconf', 'privext', 'pointopoint'];

function readStanza(stanza: Stanza, draft: NetworkDraft, findings: Findings): void {
  const { family, method, path, options } = stanza;
  const text = (value: string) => ({ text: value, isPlain: true });
  const reader = new MapReader(
    new Map([...options].map(([key, value]) => [key, text(value)])),
    path,
    findings,
  );
  const resolvers = readResolvers(reader, 'dns-nameservers');
  const searchDomains = [...readDomains(reader, 'dns-search'), ...readDomains(reader, 'dns-domain')];
  // A label behind a colon gives the same interface a further address.
  const name = stanza.name.replace(/:.*$/, '');
  if (name === 'lo') {
    // Proxmox has the guest's name servers there.
    draft.resolvers.push(...resolvers);
    draft.searchDomains.push(...searchDomains);
    return;
  }
  if (!isInterfaceName(name)) {
    findings.refuse(path, quote(name), 'the name of an interface');
    return;
  }
  const known = draft.interfaces.find(({ id }) => id === name);
  const one = known ?? emptyDraft(name, path, {});
  if (known === undefined) draft.interfaces.push(one);
  identify(one, reader);
  one.resolvers.push(...resolvers);
  one.searchDomains.push(...searchDomains);
  const read = Object.hasOwn(METHODS, `${family} ${method}`) ? METHODS[`${family} ${method}`] : undefined;
  if (read === undefined)
    findings.refuse(path, quote(`${family} ${method}`), `one of ${Object.keys(METHODS).join(', ')}`);
  else read(one, reader);
  for (const command of stanza.commands) readCommand(command, one, findings);
  for (const key of WITHOUT_EFFECT) reader.value(key);
  reader.finish();
}

/** Which interface is meant, and what it is made of. */
function identify(draft: Draft, reader: MapReader): void {
  const { config, id } = draft;
  const mac = readHardwareAddress(reader);
  const virtual = readVirtual(id, reader) ?? config.virtual;
  const mtu = reader.wholeNumber('mtu', MTU.least, MTU.most);
  if (mtu !== undefined) config.mtu = mtu;
  if (virtual !== undefined) Object.assign(config, { name: id, virtual }, mac && { setMac: mac });
  else if (mac !== undefined) {
    delete config.number;
    delete config.name;
    Object.assign(config, { mac, setName: id });
  } else if (config.mac === undefined) Object.assign(config, whichOf(id));
  // A member of a bond says so itself, or the bond names it.
  reader.value('bond-master');
}

/** Such names are the host's own count: the guest may have others. */
function whichOf(id: string): { name: string } | { number: number } {
  const [, number] = /^eth(\d{1,3})$/.exec(id) ?? [];
  return number === undefined ? { name: id } : { number: Number(number) };
}

function readHardwareAddress(reader: MapReader): string | undefined {
  const text = reader.text('hwaddress');
  if (text === undefined) return undefined;
  const mac = text.replace(/^ether\s+/, '');
  return readMac(
    new MapReader(new Map([['hwaddress', { text: mac, isPlain: true }]]), reader.path, reader.findings),
    'hwaddress',
  );
}

function readVirtual(id: string, reader: MapReader): VirtualInterface | undefined {
  const members = (key: string) =>
    [...new Set(reader.words(key).map(({ text }) => text))].filter((text) => text !== 'none');
  if (reader.keys.some((key) => /^bond-(?:slaves|mode)$/.test(key))) {
    const slaves = members('bond-slaves');
    const keys = reader.keys.filter((key) => /^bond-(?!slaves$|master$)/.test(key));
    const parameters = new Map(
      keys.flatMap((key) => {
        const value = reader.value(key);
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
    return bondOf(slaves, new MapReader(parameters, reader.path, reader.findings), {
      mode: 'bond-mode',
      miimon: 'bond-miimon',
      lacpRate: 'bond-lacp-rate',
      hashPolicy: 'bond-xmit-hash-policy',
      primary: 'bond-primary',
    });
  }
  if (reader.keys.includes('bridge-ports')) {
    const spanningTree = reader.flag('bridge-stp');
    const forwardDelaySeconds = reader.wholeNumber('bridge-fd', 0, 30);
    return {
      kind: 'bridge',
      members: members('bridge-ports'),
      ...(spanningTree === undefined ? {} : { spanningTree }),
      ...(forwardDelaySeconds === undefined ? {} : { forwardDelaySeconds }),
    };
  }
  const [, carrier, number] = /^(.+)\.(\d{1,4})$/.exec(id) ?? [];
  const link = reader.text('vlan-raw-device') ?? carrier;
  const vlan =
    reader.wholeNumber('vlan-id', 1, 4094) ?? Number(number ?? /^vlan(\d{1,4})$/.exec(id)?.[1] ?? 0);
  return link === undefined || vlan < 1 || vlan > 4094 ? undefined : { kind: 'vlan', link, id: vlan };
}

type Method = (draft: Draft, reader: MapReader) => void;

const fixed: Method = (draft, reader) => {
  const text = reader.text('address');
  if (text === undefined) {
    reader.refuse('address', 'nothing', 'an address');
    return;
  }
  const address = readAddress(reader, text, reader.text('netmask'), reader.at('address'));
  const gateway = readGateway(reader, 'gateway');
  readMetric(reader);
  if (address !== undefined)
    draft.addresses.push({ ...address, ...(gateway === undefined ? {} : { gateway }) });
};
const nothing: Method = () => undefined;
const METHODS: Record<string, Method> = {
  'inet static': fixed,
  'inet6 static': fixed,
  'inet dhcp': (draft, reader) => {
    const metric = readMetric(reader);
    draft.config.dhcp4 = metric === undefined ? {} : { metric };
  },
  'inet6 dhcp': (draft) => {
    draft.config.dhcp6 = {};
  },
  'inet6 auto': (draft) => {
    draft.config.acceptRa = true;
  },
  'inet manual': nothing,
  'inet6 manual': nothing,
};

const readMetric = (reader: MapReader) => reader.wholeNumber('metric', METRIC.least, METRIC.most);

/** nova adds routes by commands of route(8) and ip(8); nothing else is run. */
function readCommand({ text, path }: Stanza['commands'][number], draft: Draft, findings: Findings): void {
  const [, target, mask, via] =
    /^(?:\/sbin\/)?route add (?:-A inet6 )?(?:-net |-host )?(\S+)(?: netmask (\S+))? gw (\S+)(?: .*)?$/.exec(
      text,
    ) ??
    /^(?:\/sbin\/)?ip (?:-6 )?route (?:add|replace) (\S+)()(?: via (\S+))(?: dev \S+)?$/.exec(text) ??
    [];
  // nova's own way to take away again what it added.
  if (/^(?:\/sbin\/)?(?:route del|ip (?:-6 )?route del) /.test(text)) return;
  const to = target === undefined ? undefined : parseTarget(target, mask || undefined, BARE_TARGETS_V1);
  const reader = new MapReader(new Map([['gateway', { text: via ?? '', isPlain: true }]]), path, findings);
  if (to === undefined) {
    findings.passOver(path, `the command ${quote(text)}`, 'a route: no other command is run');
    return;
  }
  const gateway = readGateway(reader, 'gateway');
  if (gateway !== undefined) draft.routes.push({ path, to, via: gateway.value, onLink: false });
}
