import { readRoutes, routeTo } from '../machine/network/routes.ts';
import type { Asked } from '../state/asked.ts';
import { reasonFor } from './network.ts';
import { asAsked, notAsAsked, type Reason, type Row } from './row.ts';
import type { View } from './view.ts';

const RESOLV_CONF = '/etc/resolv.conf';

/** The address that systemd-resolved answers at, and where it and NetworkManager name the servers that are really asked. */
const LOCAL = /^(127\.|::1$)/;
const BEHIND_LOCAL = ['/run/systemd/resolve/resolv.conf', '/run/NetworkManager/no-stub-resolv.conf'];

/** resolv.conf(5): MAXNS. */
const MOST_SERVERS = 3;

interface Resolver {
  servers: string[];
  searchDomains: string[];
  /** The file that names the servers. */
  file: string;
}

function parse(text: string): Omit<Resolver, 'file'> {
  const fields = text.split('\n').map((line) => line.trim().split(/\s+/));
  const servers = fields
    .filter(([key]) => key === 'nameserver')
    .map(([, server = '']) => server.toLowerCase());
  // The last of these lines counts.
  const [, ...searchDomains] = fields.findLast(([key]) => key === 'search' || key === 'domain') ?? [];
  return { servers, searchDomains };
}

/** The servers that names are really asked of, and the domains of the C library. */
export function presentResolver({ files }: Pick<View, 'files'>): Resolver {
  const own = parse(files.readText(RESOLV_CONF) ?? '');
  const isLocal = own.servers.length > 0 && own.servers.every((server) => LOCAL.test(server));
  const file = isLocal ? BEHIND_LOCAL.find((path) => files.status(path) !== undefined) : undefined;
  if (file === undefined) return { ...own, servers: own.servers.slice(0, MOST_SERVERS), file: RESOLV_CONF };
  return { ...own, servers: parse(files.readText(file) ?? '').servers, file };
}

function reasonOf({ files }: View, { file, servers }: Resolver): Reason | undefined {
  if (files.status(file) === undefined) {
    const target = files.linkTarget(file);
    return {
      text:
        target === undefined ? `${file} is not there` : `${file} is a link to ${target}, which is not there`,
    };
  }
  if (file !== RESOLV_CONF) return undefined;
  if (servers.length === 0 && files.readText(file) === undefined)
    return { text: `${file} is a link to ${files.linkTarget(file)}, which is not there` };
  const writer = /^#.*\bby (\S+)/im.exec(files.readText(file) ?? '')?.[1];
  return writer === undefined || writer.startsWith('gandi')
    ? undefined
    : { text: `${file} is written by ${writer}` };
}

/** A server has a way if its family has a route to it; whether it answers nobody asks. */
function wayRow(asked: Asked, view: View): Row {
  const routes = readRoutes(view.files);
  const what = 'way to a name server';
  const ways = asked.nameServers.map((server) => ({ server, route: routeTo(server, routes) }));
  const known = ways.find(({ route }) => route !== undefined);
  if (known?.route !== undefined)
    return asAsked(
      what,
      'a route',
      `${known.server} by ${known.route.gateway ?? 'the link'} on ${known.route.interface}`,
    );
  const reasons = asked.interfaces.flatMap(({ name }) => reasonFor(view, name) ?? []);
  const reason = reasons.find(({ passes }) => passes) ?? reasons[0];
  return notAsAsked({ what, asked: 'a route', shown: 'none' }, 'no name server has a route to it', reason);
}

function listRow(
  what: string,
  wanted: readonly string[],
  present: readonly string[],
  reason: Reason | undefined,
): Row {
  const asked = wanted.join(' ');
  const shown = present.join(' ') || 'none';
  const lacking = wanted.filter((each) => !present.includes(each));
  if (lacking.length === 0) return asAsked(what, asked, shown);
  return notAsAsked({ what, asked, shown }, `${what}: ${lacking.join(' ')} not there`, reason);
}

/** Name servers that are really asked, whether one has a route, and search domains; no server is asked anything. */
export function compareResolver(asked: Asked, view: View): Row[] {
  const { nameServers, searchDomains } = asked;
  if (nameServers.length === 0) return [];
  const present = presentResolver(view);
  const reason = reasonOf(view, present);
  const reached = present.file === RESOLV_CONF ? nameServers.slice(0, MOST_SERVERS) : nameServers;
  return [
    listRow('name servers', reached, present.servers, reason),
    ...(searchDomains.length === 0
      ? []
      : [listRow('search domains', searchDomains, present.searchDomains, reason)]),
    wayRow(asked, view),
  ];
}
