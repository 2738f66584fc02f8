import {
  contains,
  type IpAddress,
  type IpNetwork,
  parseHostAddress,
  parseNetwork,
} from '../fields/ip-network.ts';
import type { Findings } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import type { GuestConfig } from '../guest-config.ts';
import type { InterfaceAddress, InterfaceConfig } from '../interface-config.ts';
import type { Ec2Answers, Ec2Interface } from './ask.ts';
import { METRIC_STEP } from './metric.ts';

/** Routing table of the second interface, less one: below 253 to 255, which the kernel has taken (ip-route(8)). */
const FIRST_TABLE = 100;
/** Of rules: before those of the main table, 32766 (ip-rule(8)). */
const RULE_PRIORITY = 32000;

interface Card {
  mac: string;
  ipv4: IpAddress[];
  ipv6: IpAddress[];
  subnet?: IpNetwork;
  /** Number of the network card, then that of the device on it. */
  order: readonly [card: number, device: number];
}

const numberOf = (text: string | undefined, absent: number) =>
  text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : absent;

function addressesOf(text: string, field: string, findings: Findings): IpAddress[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return words.flatMap((word) => {
    const address = parseHostAddress(word);
    if (address === undefined) findings.refuse(field, quote(word), 'an IP address');
    return address ?? [];
  });
}

function cardOf(said: Ec2Interface, findings: Findings): Card {
  const field = (name: string) => `network/interfaces/macs/${said.mac}/${name}`;
  const subnet = said.subnet === '' ? undefined : parseNetwork(said.subnet);
  if (said.subnet !== '' && subnet === undefined)
    findings.refuse(field('subnet-ipv4-cidr-block'), quote(said.subnet), 'a network');
  return {
    mac: said.mac,
    ipv4: addressesOf(said.ipv4s, field('local-ipv4s'), findings).filter(({ family }) => family === 4),
    ipv6: addressesOf(said.ipv6s, field('ipv6s'), findings).filter(({ family }) => family === 6),
    ...(subnet === undefined ? {} : { subnet }),
    order: [numberOf(said.networkCard, 0), numberOf(said.deviceNumber, Number.MAX_SAFE_INTEGER)],
  };
}

function compare(one: Card, other: Card): number {
  const [card, device] = one.order;
  const [otherCard, otherDevice] = other.order;
  return card - otherCard || device - otherDevice || (one.mac < other.mac ? -1 : 1);
}

/** The first address of each family comes by DHCP. */
function furtherAddresses({ ipv4, ipv6, subnet }: Card): InterfaceAddress[] {
  const prefix = subnet?.family === 4 ? subnet.prefixLength : 32;
  return [
    ...ipv4
      .slice(1)
      .map(({ text }): InterfaceAddress => ({ family: 4, address: text, prefixLength: prefix })),
    ...ipv6.slice(1).map(({ text }): InterfaceAddress => ({ family: 6, address: text, prefixLength: 128 })),
  ];
}

/** The router of a subnet is at its first address (AWS, "Subnet CIDR blocks"). */
const routerOf = ({ bytes }: IpNetwork) => [...bytes.slice(0, 3), (bytes[3] ?? 0) + 1].join('.');

/** Bits of the longest prefix that leaves room for a router beside a guest; Amazon's longest is 28. */
const LONGEST_ROUTED_PREFIX = 30;

/**
 * What comes from an address of a further interface leaves by that interface: the network drops it elsewhere, for its source is
 * none of that interface's.
 */
function policyOf({ ipv4, subnet }: Card, index: number): Pick<InterfaceConfig, 'routes' | 'rules'> {
  const own = ipv4.filter((address) => subnet !== undefined && contains(subnet, address));
  if (index === 0 || subnet === undefined || subnet.family !== 4 || own.length === 0) return {};
  if (subnet.prefixLength > LONGEST_ROUTED_PREFIX) return {};
  const table = FIRST_TABLE + index;
  return {
    routes: [
      { family: 4, to: subnet.text, table },
      { family: 4, to: '0.0.0.0/0', via: routerOf(subnet), table },
    ],
    rules: own.map(({ text }) => ({ family: 4, from: `${text}/32`, table, priority: RULE_PRIORITY })),
  };
}

/**
 * The interfaces that the service lists and the guest has; without a list nothing is known of the network. One alone is plain;
 * of several each has a metric by its place on the instance, and all but the first have routes of their own.
 */
export function networkOf(
  { interfaces, present }: Pick<Ec2Answers, 'interfaces' | 'present'>,
  findings: Findings,
): Pick<GuestConfig, 'interfaces' | 'dhcpOnAll'> {
  const place = 'network/interfaces/macs';
  if (interfaces === undefined) {
    findings.refuse(place, 'nothing', 'a list of interfaces; what was said of them before counts');
    return {};
  }
  const once = new Map(interfaces.map((said) => [said.mac, said]));
  const listed = [...once.values()].filter(({ mac }) => present.includes(mac));
  const cards = listed.map((said) => cardOf(said, findings)).toSorted(compare);
  const [first, ...others] = cards;
  // What asks for nothing else is as it has been from the beginning, and stays in effect.
  if (first === undefined || (others.length === 0 && first.ipv4.length < 2 && first.ipv6.length === 0)) {
    findings.origin('network', 'DHCP on every interface', place);
    return { dhcpOnAll: true };
  }
  return {
    interfaces: cards.map((card, index): InterfaceConfig => {
      const lease = others.length === 0 ? {} : { metric: METRIC_STEP * (index + 1) };
      findings.origin('network', `DHCP on ${card.mac}`, `${place}/${card.mac}`);
      return {
        mac: card.mac,
        addresses: furtherAddresses(card),
        // In a subnet of IPv6 alone nobody answers it, and a manager that waits for an answer fails.
        ...(card.ipv4.length > 0 || card.ipv6.length === 0 ? { dhcp4: lease } : {}),
        ...(card.ipv6.length > 0 ? { dhcp6: lease } : {}),
        ...policyOf(card, index),
      };
    }),
  };
}
