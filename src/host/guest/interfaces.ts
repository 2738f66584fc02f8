import { isMacAddress } from '../../metadata/fields/interface-name.ts';
import { parseHostAddress } from '../../metadata/fields/ip-network.ts';
import type { XmlNode } from '../libvirt/xml.ts';

/** An interface of a guest. */
export interface Nic {
  kind: 'network' | 'bridge' | 'direct' | 'user';
  /** Name of the network, bridge or link; empty for `user`. */
  source: string;
  mac?: string;
  vlan?: number;
  /** `ADDRESS/PREFIX`; absent: DHCP. */
  address?: string;
  gateway?: string;
}

const KINDS = ['network', 'bridge', 'direct', 'user'] as const;
const EXPECTED = 'network=NAME, bridge=NAME, direct=LINK or user, then ,mac= ,vlan= ,address=CIDR ,gateway=';

function check(nic: Nic, text: string): Nic {
  const refuse = (why: string) => new Error(`--nic ${text}: ${why}`);
  const { kind, mac, vlan, address, gateway } = nic;
  if (mac !== undefined && !isMacAddress(mac)) throw refuse(`"${mac}" is no MAC address of one interface`);
  if (vlan !== undefined && !(vlan >= 1 && vlan <= 4094)) throw refuse('a VLAN is a number from 1 to 4094');
  // libvirt defines it without complaint, and tags nothing (formatdomain, "Setting VLAN tag").
  if (vlan !== undefined && (kind === 'user' || kind === 'direct'))
    throw refuse(`an interface of the kind ${kind} cannot tag a VLAN; use a bridge or network that can`);
  const [host = '', prefix = ''] = (address ?? '').split('/');
  if (address !== undefined && (parseHostAddress(host) === undefined || !/^\d{1,3}$/.test(prefix)))
    throw refuse(`"${address}" is no address with its prefix length, such as 192.0.2.7/24`);
  if (Number(prefix) > (host.includes(':') ? 128 : 32))
    throw refuse(`"${address}" has no such prefix length`);
  if (gateway !== undefined && (address === undefined || parseHostAddress(gateway) === undefined))
    throw refuse(`"${gateway}" is no gateway for an address`);
  return nic;
}

/**
 * @param text such as `network=default,address=192.0.2.7/24`
 * @throws Error in one line for what the kind of interface cannot do, or what is none
 */
export function parseNic(text: string): Nic {
  const [first = '', ...rest] = text.split(',');
  const [word = '', source = '', ...more] = first.split('=');
  const kind = KINDS.find((known) => known === word);
  if (kind === undefined || more.length > 0 || (kind === 'user') !== (source === ''))
    throw new Error(`--nic ${text}: expected ${EXPECTED}`);
  const nic: Nic = { kind, source };
  for (const option of rest) {
    const [, name, value = ''] = /^(mac|vlan|address|gateway)=(.+)$/.exec(option) ?? [];
    if (name === 'vlan') nic.vlan = /^\d{1,4}$/.test(value) ? Number(value) : Number.NaN;
    else if (name === 'mac') nic.mac = value.toLowerCase();
    else if (name === 'address' || name === 'gateway') nic[name] = value;
    else throw new Error(`--nic ${text}: expected ${EXPECTED}`);
  }
  return check(nic, text);
}

/** Longest prefix that libvirt takes for user networking, which has a host and a name server of its own there (qemu_validate.c). */
const LONGEST_USER_PREFIX = { ipv4: 27, ipv6: 120 } as const;

/**
 * The network of user networking: that of the guest's address. Without it the guest would be in 10.0.2.0/24, and one with
 * another address would reach nobody (formatdomain, "Userspace connection using SLIRP").
 */
function userNetworkNodes(text: string): XmlNode[] {
  const [address = '', prefix = ''] = text.split('/');
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  if (Number(prefix) > LONGEST_USER_PREFIX[family]) return [];
  return [{ name: 'ip', attributes: { family, address, prefix } }];
}

/** The interface in libvirt's XML. @param mac its address, ours if none was asked for */
export function interfaceNode({ kind, source, vlan, address }: Nic, mac: string): XmlNode {
  const sources: Record<Nic['kind'], XmlNode[]> = {
    network: [{ name: 'source', attributes: { network: source } }],
    bridge: [{ name: 'source', attributes: { bridge: source } }],
    direct: [{ name: 'source', attributes: { dev: source, mode: 'bridge' } }],
    user: [],
  };
  return {
    name: 'interface',
    attributes: { type: kind },
    children: [
      { name: 'mac', attributes: { address: mac } },
      ...sources[kind],
      { name: 'model', attributes: { type: 'virtio' } },
      ...(kind === 'user' && address !== undefined ? userNetworkNodes(address) : []),
      ...(vlan === undefined
        ? []
        : [{ name: 'vlan', children: [{ name: 'tag', attributes: { id: vlan } }] }]),
      // Booting from the network costs a second.
      { name: 'rom', attributes: { enabled: 'no' } },
    ],
  };
}

/** A MAC address of QEMU's own prefix. @param random three bytes */
export function randomMac(random: Uint8Array): string {
  return [
    '52',
    '54',
    '00',
    ...[...random.subarray(0, 3)].map((byte) => byte.toString(16).padStart(2, '0')),
  ].join(':');
}
