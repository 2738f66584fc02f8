import type {
  BondConfig,
  BridgeConfig,
  Route,
  RoutingRule,
  VirtualInterface,
} from '../../../metadata/interface-config.ts';
import type { NamedInterface } from '../../addresses.ts';

/** Words of a command, those left out that have no value. */
const words = (pairs: readonly (readonly [string, string | number | undefined])[]): string =>
  pairs.flatMap(([key, value]) => (value === undefined ? [] : [` ${key} ${value}`])).join('');

/** ip-link(8), "BOND Type Support". */
const bondWords = ({ mode, miimonMilliseconds, lacpRate, transmitHashPolicy }: BondConfig) =>
  words([
    ['mode', mode],
    ['miimon', miimonMilliseconds],
    ['lacp_rate', lacpRate],
    ['xmit_hash_policy', transmitHashPolicy],
  ]);

/** ip-link(8), "BRIDGE Type Support": the delay is in hundredths of a second. */
const bridgeWords = ({ spanningTree, forwardDelaySeconds }: BridgeConfig) =>
  words([
    ['forward_delay', forwardDelaySeconds === undefined ? undefined : forwardDelaySeconds * 100],
    ['stp_state', spanningTree === undefined ? undefined : Number(spanningTree)],
  ]);

function addCommand(name: string, virtual: VirtualInterface): string {
  const add = `[ -e /sys/class/net/${name} ] || ip link add`;
  switch (virtual.kind) {
    case 'bond':
      return `${add} name ${name} type bond${bondWords(virtual)}`;
    case 'bridge':
      return `${add} name ${name} type bridge${bridgeWords(virtual)}`;
    case 'vlan':
      return `${add} link ${virtual.link} name ${name} type vlan id ${virtual.id}`;
  }
}

/** Before a command for an interface, which may not have come yet. */
const unlessThere = (name: string) => `[ ! -e /sys/class/net/${name} ] ||`;

/** Makes an interface that comes behind its bond or bridge a port of it. */
export const joinOptions = ({ name, master }: NamedInterface): string[] =>
  master === undefined
    ? []
    : [
        `pre-up ${unlessThere(master.name)} [ -e /sys/class/net/${name}/master ] || ip link set dev ${name} master ${master.name}`,
      ];

/** A bond takes a port that is down, and takes it up; a bridge's port is to be up by itself. */
function portCommands(name: string, virtual: VirtualInterface): string[] {
  if (virtual.kind === 'vlan') return [];
  const primary = virtual.kind === 'bond' ? virtual.primary : undefined;
  return [
    ...virtual.members.map((member) =>
      virtual.kind === 'bond'
        ? `${unlessThere(member)} { ip link set dev ${member} down; ip link set dev ${member} master ${name}; }`
        : `${unlessThere(member)} { ip link set dev ${member} master ${name}; ip link set dev ${member} up; }`,
    ),
    ...(primary === undefined ? [] : [`ip link set dev ${name} type bond primary ${primary}`]),
  ];
}

/**
 * Options by which an interface is made before it comes up, and goes when it is down, by ip(8): the packages that have
 * options for it (ifenslave, vlan, bridge-utils) a guest without a network cannot install. The files are read in the
 * order of their names: what it is made of may still have to be made.
 */
export function virtualOptions({ name, virtual, virtualParts = [] }: NamedInterface): string[] {
  if (virtual === undefined) return [];
  const before = virtualParts.map((part) => `[ -e /sys/class/net/${part} ] || ifup ${part}`);
  return [
    ...[...before, addCommand(name, virtual), ...portCommands(name, virtual)].map(
      (command) => `pre-up ${command}`,
    ),
    `post-down ip link delete dev ${name}`,
  ];
}

/** What ip(8) is told for a route, in the place of one that is there. */
export function routeWords(name: string, { to, via, onLink, metric, table }: Route): string {
  const more = words([
    ['via', via],
    ['dev', name],
  ]);
  const numbers = words([
    ['metric', metric],
    ['table', table],
  ]);
  return `route replace ${to}${more}${onLink && via !== undefined ? ' onlink' : ''}${numbers}`;
}

/** A route, set once the interface is up; it goes with the link. */
export const routeOption = (name: string, route: Route): string =>
  `up ip -${route.family} ${routeWords(name, route)}`;

/**
 * Has the kernel pass router advertisements over before the interface is up, whichever families it has addresses of,
 * and take them again, as for new interfaces, when it is down.
 */
export function ignoreAdvertisements(name: string): string[] {
  const value = `/proc/sys/net/ipv6/conf/${name}/accept_ra`;
  return [
    `pre-up [ ! -e ${value} ] || echo 0 > ${value}`,
    `post-down [ ! -e ${value} ] || cat /proc/sys/net/ipv6/conf/default/accept_ra > ${value}`,
  ];
}

/** A rule as ip-rule(8) has it. */
export const ruleWords = ({ from, table, priority }: Required<RoutingRule>): string =>
  `from ${from} table ${table} priority ${priority}`;

/** A rule, set once the interface is up; one that is there already would be there twice. It does not go with the link. */
export function ruleOptions(asked: Required<RoutingRule>): string[] {
  const { family } = asked;
  const rule = ruleWords(asked);
  const remove = `ip -${family} rule delete ${rule} 2> /dev/null || true`;
  return [`up ${remove}`, `up ip -${family} rule add ${rule}`, `down ${remove}`];
}
