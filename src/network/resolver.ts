import type { Change, RunCommand } from '../machine/changes/change.ts';
import { isUnitStarted } from '../machine/network/network-manager.ts';
import type { NetworkManagerName } from '../machine/system/facts.ts';
import type { GuestConfig } from '../metadata/guest-config.ts';
import { ensureOwnFile, isOwn, ownHeader } from '../plan/own-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { RESOLVER_OPTIONS, type Resolver } from './addresses.ts';
import { chosenManager } from './managers/chosen-manager.ts';
import { NETCONFIG_FILE, RESOLV_CONF, type ResolverPlace, resolverPlace } from './resolver-place.ts';

const SETTING = 'CONFIG_NAMESERVER';
const RESOLVED_FILE = '/etc/systemd/resolved.conf.d/50-gandi.conf';
const RESOLVCONF_BASE = '/etc/resolvconf/resolv.conf.d/base';

/** Lines of an existing resolv.conf that say nothing about servers, and so are not ours to change. */
const KEPT_LINE = /^\s*(search|domain|sortlist)\s/;
const SEARCH_LINE = /^\s*(search|domain)\s/;

/** Whether a manager has the servers of one interface used for what is on its network. */
const tellsOfInterfaces = (manager: NetworkManagerName | undefined) =>
  manager !== undefined && !['ifupdown', 'wicked'].includes(manager);

/**
 * Whom a guest is to ask: those of the whole guest; and where there is one list for all, those of single interfaces
 * behind them.
 * @param place where they are to be written
 */
function wantedResolver(
  { resolvers = [], searchDomains = [], interfaces = [] }: GuestConfig,
  place: ResolverPlace,
  manager: NetworkManagerName | undefined,
): Resolver {
  const isOneList = !(place === 'systemd-resolved' && tellsOfInterfaces(manager));
  const others = isOneList ? interfaces : [];
  const all = [...resolvers, ...others.flatMap((each) => each.resolvers ?? [])];
  const domains = [...searchDomains, ...others.flatMap((each) => each.searchDomains ?? [])];
  return { servers: [...new Set(all)], searchDomains: [...new Set(domains)] };
}

const OPTIONS_LINE = `options ${RESOLVER_OPTIONS.join(' ')}`;

/** The lines of an admin's: in a file of ours the host's search list stands before the options, theirs behind. */
function foreignLines(old: string): string[] {
  const lines = old.split('\n');
  return (isOwn(old) ? lines.slice(lines.indexOf(OPTIONS_LINE) + 1) : lines).filter((line) =>
    KEPT_LINE.test(line),
  );
}

/**
 * @param header first line, a comment
 * @param old text of the file that is replaced; an admin's search list is kept, unless the host has one
 */
export function renderResolvConf(
  header: string,
  servers: readonly string[],
  searchDomains: readonly string[],
  old: string,
): string {
  const isReplaced = (line: string) => searchDomains.length > 0 && SEARCH_LINE.test(line);
  const lines = [
    ...(searchDomains.length === 0 ? [] : [`search ${searchDomains.join(' ')}`]),
    ...servers.map((server) => `nameserver ${server}`),
    OPTIONS_LINE,
    ...foreignLines(old).filter((line) => !isReplaced(line)),
  ];
  return `${header}${lines.join('\n')}\n`;
}

/** A drop-in for systemd-resolved (resolved.conf(5)). */
export function renderResolvedConf(
  header: string,
  servers: readonly string[],
  searchDomains: readonly string[],
): string {
  const domains = searchDomains.length === 0 ? '' : `Domains=${searchDomains.join(' ')}\n`;
  return `${header}[Resolve]\nDNS=${servers.join(' ')}\n${domains}`;
}

/**
 * Settings of netconfig(8), on lines of a file that holds others too.
 * @param text of /etc/sysconfig/network/config
 */
export function renderNetconfig(text: string, servers: readonly string[], searchDomains: readonly string[]) {
  const values = [
    ['NETCONFIG_DNS_STATIC_SERVERS', servers],
    ['NETCONFIG_DNS_RESOLVER_OPTIONS', RESOLVER_OPTIONS],
    ...(searchDomains.length === 0 ? [] : [['NETCONFIG_DNS_STATIC_SEARCHLIST', searchDomains] as const]),
  ] as const;
  return values.reduce((old, [name, items]) => {
    const line = `${name}="${items.join(' ')}"`;
    const pattern = new RegExp(`^${name}=.*$`, 'm');
    if (pattern.test(old)) return old.replace(pattern, line);
    return `${old}${old === '' || old.endsWith('\n') ? '' : '\n'}${line}\n`;
  }, text);
}

const live = (argv: [string, ...string[]]): RunCommand => ({
  kind: 'run-command',
  argv,
  timeoutSeconds: 30,
  why: 'use the new DNS servers',
});

/** The file for a place, and what makes a running guest use it; in boot its reader starts behind us. */
function resolverFile(
  place: 'plain' | 'systemd-resolved' | 'resolvconf' | 'netconfig',
  { servers, searchDomains }: Resolver,
  context: StepContext,
) {
  const { files, settings, facts } = context;
  const header = ownHeader(settings, SETTING);
  const isStarted = (unit: string) => facts.live && isUnitStarted(files, unit);
  switch (place) {
    case 'systemd-resolved': {
      const content = renderResolvedConf(header, servers, searchDomains);
      const unit = 'systemd-resolved.service';
      const commands = isStarted(unit) ? [live(['systemctl', 'try-restart', unit])] : [];
      return { path: RESOLVED_FILE, content, commands };
    }
    case 'netconfig': {
      const content = renderNetconfig(files.readText(NETCONFIG_FILE) ?? '', servers, searchDomains);
      return { path: NETCONFIG_FILE, content, commands: [live(['netconfig', 'update', '-f'])] };
    }
    case 'resolvconf': {
      const content = renderResolvConf(header, servers, searchDomains, files.readText(RESOLVCONF_BASE) ?? '');
      const commands = isStarted('resolvconf.service') ? [live(['resolvconf', '-u'])] : [];
      return { path: RESOLVCONF_BASE, content, commands };
    }
    case 'plain': {
      const content = renderResolvConf(header, servers, searchDomains, files.readText(RESOLV_CONF) ?? '');
      return { path: RESOLV_CONF, content, commands: [] };
    }
  }
}

const problem = (text: string): Plan => ({
  changes: [],
  notes: [{ level: 'problem', text: `resolver not configured: ${text}` }],
});

/** Domains to search and nobody to ask for them: the servers that the guest has are not the host's. */
function withoutServers(searchDomains: readonly string[]): Plan {
  if (searchDomains.length === 0) return { changes: [] };
  const text = `search domains are not configured: the host names ${searchDomains.join(', ')}, but no name server; add them where the guest's own servers are set`;
  return { changes: [], notes: [{ level: 'warning', text }] };
}

/** What is to be done where the step `network` writes the servers into its own files: nothing, if it may. */
function inInterfaceFiles({ settings }: StepContext): Plan {
  if (settings.switches.CONFIG_NETWORK) return { changes: [] };
  return problem(
    `the network manager takes the servers from its own files, which CONFIG_NETWORK=0 in ${settings.path} keeps from ` +
      `being written; set ${SETTING}=0 too`,
  );
}

function plan(context: StepContext): Plan {
  const { files, host, settings, applied } = context;
  const { config } = host.parsed;
  const { resolvers = [], searchDomains: domains = [], interfaces = [] } = config;
  const ofInterfaces = interfaces.flatMap((each) => [
    ...(each.resolvers ?? []),
    ...(each.searchDomains ?? []),
  ]);
  if (resolvers.length === 0 && ofInterfaces.length === 0) {
    if (config.resolvers === undefined) return withoutServers(domains);
    return problem('the guest has IPv6 only and the host names no IPv6 server');
  }
  const manager = chosenManager(context);
  const place = resolverPlace(files, manager);
  const wanted = wantedResolver(config, place, manager);
  const { servers, searchDomains } = wanted;
  if (servers.length === 0) return withoutServers(searchDomains);
  // Which servers a guest asks depends on its addresses, and these stay as they are.
  if (host.parsed.refused.includes('network') && applied[resolver.name] !== undefined) return { changes: [] };
  if (typeof place === 'object')
    return problem(`${place.other}; make it a plain file, or set ${SETTING}=0 in ${settings.path}`);
  if (place === 'interface files') return inInterfaceFiles(context);
  const digest = digestOf({
    place,
    servers,
    ...(config.searchDomains === undefined && searchDomains.length === 0 ? {} : { searchDomains }),
  });
  const { path, content, commands } = resolverFile(place, wanted, context);
  // A link into what a resolver would make that is not there: a file behind it would be gone with the next boot.
  const leftover: Change[] =
    place === 'plain' && files.linkTarget(path) !== undefined ? [{ kind: 'remove-file', path }] : [];
  const changes =
    leftover.length > 0
      ? [...leftover, { kind: 'write-file', path, content, mode: 0o644 } as const]
      : ensureOwnFile(files, { path, content, mode: 0o644 }, applied[resolver.name] !== digest);
  return { changes: changes.length === 0 ? [] : [...changes, ...commands], digest };
}

/** The DNS servers, where the guest's own resolver reads them. */
export const resolver: Step = {
  name: 'resolver',
  setting: SETTING,
  summary: 'DNS servers, in /etc/resolv.conf or where whoever writes that takes them from',
  plan,
};
