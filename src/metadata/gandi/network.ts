import { canonicalMac } from '../fields/interface-name.ts';
import {
  contains,
  type IpAddress,
  type IpNetwork,
  isNetworkOrBroadcast,
  parseHostAddress,
  parseNetwork,
} from '../fields/ip-network.ts';
import type { InterfaceAddress, InterfaceConfig } from '../interface-config.ts';

/** A public network as the configuration has it, types right. */
interface PbnFields {
  pbn_network: string;
  pbn_gateway?: string | null | undefined;
  pbn_gateway_onlink?: boolean | null | undefined;
}

/** A private network as the configuration has it, types right. */
interface PvnFields {
  pvn_network: string;
  pvn_gateway?: string | null | undefined;
  pvn_gateway_onlink?: boolean | null | undefined;
}

/** One address of an interface as the configuration has it, types right. */
export interface PnaFields {
  pna_address: string;
  pbn?: PbnFields | null | undefined;
  pvn?: PvnFields | null | undefined;
}

/** One interface as the configuration has it, types right. */
export interface VifFields {
  vif_number?: number | null | undefined;
  vif_mac?: string | null | undefined;
  vif_name?: string | null | undefined;
  vif_mtu?: number | null | undefined;
  pna?: PnaFields[] | undefined;
}

/** What is wrong between fields that are right each by itself. */
export interface Finding {
  /** Keys and positions from the checked value on. */
  path: (string | number)[];
  found: string;
  expected: string;
}

/** The network fields of an address under one name, with the path of each. */
interface NetworkFields {
  key: 'pbn' | 'pvn';
  network: string;
  gateway: string | undefined;
  /** The gateway may be outside of the network. */
  onLink: boolean;
}

/** The public (`pbn`) or private (`pvn`) network of an address; undefined unless there is exactly one. */
export function networkFields({ pbn, pvn }: PnaFields): NetworkFields | undefined {
  if (pbn && !pvn) {
    const { pbn_network: network, pbn_gateway, pbn_gateway_onlink } = pbn;
    return { key: 'pbn', network, gateway: pbn_gateway ?? undefined, onLink: pbn_gateway_onlink === true };
  }
  if (!pvn || pbn) return undefined;
  const { pvn_network: network, pvn_gateway, pvn_gateway_onlink } = pvn;
  return { key: 'pvn', network, gateway: pvn_gateway ?? undefined, onLink: pvn_gateway_onlink === true };
}

/**
 * Checks an address against its network, and its gateway against both. What cannot be parsed is passed over here: the
 * schema has told it already.
 */
export function checkPna(pna: PnaFields): Finding[] {
  const fields = networkFields(pna);
  if (fields === undefined) {
    return [checkOneNetwork(pna)];
  }
  const address = parseHostAddress(pna.pna_address);
  const network = parseNetwork(fields.network);
  if (network === undefined) {
    return [];
  }
  const findings: Finding[] = [];
  if (address !== undefined && !isHostOf(network, address)) {
    const expected = `the address of a host in ${network.text}`;
    findings.push({ path: ['pna_address'], found: address.text, expected });
  }
  const gateway = fields.gateway === undefined ? undefined : parseHostAddress(fields.gateway);
  if (gateway !== undefined && !isGatewayOf(network, gateway, fields.onLink)) {
    findings.push({
      path: [fields.key, `${fields.key}_gateway`],
      found: gateway.text,
      expected: expectedGateway(network, fields.onLink),
    });
  }
  return findings;
}

function expectedGateway({ family, text }: IpNetwork, onLink: boolean): string {
  if (onLink) return `the IPv${family} address of a host`;
  return `the address of a host in ${text}${family === 6 ? ', or in fe80::/10' : ''}`;
}

function checkOneNetwork({ pbn, pvn }: PnaFields): Finding {
  const path = pbn === null && pvn === undefined ? ['pbn'] : pvn === null && pbn === undefined ? ['pvn'] : [];
  const found = path.length > 0 ? 'null' : pbn && pvn ? 'both pbn and pvn' : 'neither pbn nor pvn';
  return { path, found, expected: 'a network: either pbn or pvn' };
}

function isHostOf(network: IpNetwork, address: IpAddress): boolean {
  return contains(network, address) && !isNetworkOrBroadcast(network, address);
}

function isGatewayOf(network: IpNetwork, gateway: IpAddress, onLink: boolean): boolean {
  if (gateway.family !== network.family) return false;
  if (isHostOf(network, gateway) || (gateway.family === 6 && gateway.linkLocal)) return true;
  return onLink && !contains(network, gateway);
}

/** The interface's number: `vif_number`, or its position in the list. */
export function interfaceNumber({ vif_number }: VifFields, position: number): number {
  return vif_number ?? position;
}

/**
 * Brings interfaces that have passed all checks into the normalised form, in the order of their numbers; addresses
 * stay in the host's order.
 */
export function toInterfaces(vifs: readonly VifFields[]): InterfaceConfig[] {
  const sorted = vifs
    .map((vif, position) => ({ vif, number: interfaceNumber(vif, position) }))
    .sort((a, b) => a.number - b.number);
  const gateways = usedGateways(sorted.flatMap(({ vif }) => vif.pna ?? []));
  return sorted.map(({ vif, number }) => ({
    number,
    ...(vif.vif_mac ? { mac: canonicalMac(vif.vif_mac) } : {}),
    ...(vif.vif_name ? { name: vif.vif_name } : {}),
    ...(vif.vif_mtu ? { mtu: vif.vif_mtu } : {}),
    // Nobody on a private network is to become the guest's default router by sending advertisements.
    ...(vif.pna && vif.pna.length > 0 ? { acceptRa: vif.pna.some(isPublic) } : {}),
    addresses: (vif.pna ?? []).map((pna) => (gateways.has(pna) ? toAddress(pna) : withoutGateway(pna))),
  }));
}

/** Whether an address is on a public network, as opposed to a private one (VLAN). */
export const isPublic = (pna: PnaFields) => networkFields(pna)?.key === 'pbn';

/**
 * The addresses whose gateways are used, one for each family: the first one on a public network, else the first one. A
 * second default route of the same metric cannot be set.
 */
function usedGateways(all: readonly PnaFields[]): Set<PnaFields> {
  const withGateway = all.filter((pna) => networkFields(pna)?.gateway !== undefined);
  const used = [4, 6].flatMap((family) => {
    const candidates = withGateway.filter((pna) => toAddress(pna).family === family);
    return candidates.find(isPublic) ?? candidates[0] ?? [];
  });
  return new Set(used);
}

function withoutGateway(pna: PnaFields): InterfaceAddress {
  const { gateway: _, gatewayOnLink: __, ...address } = toAddress(pna);
  return address;
}

/** The normalised form of an address that has passed all checks; throws for any other. */
export function toAddress(pna: PnaFields): InterfaceAddress {
  const fields = networkFields(pna);
  const address = parseHostAddress(pna.pna_address);
  const network = parseNetwork(fields?.network ?? '');
  if (fields === undefined || address === undefined || network === undefined) {
    throw new Error('An interface address was used before it was checked.');
  }
  const gateway = fields.gateway === undefined ? undefined : parseHostAddress(fields.gateway);
  const outside = gateway !== undefined && !gateway.linkLocal && !contains(network, gateway);
  return {
    family: address.family,
    address: address.text,
    prefixLength: network.prefixLength,
    ...(gateway === undefined ? {} : { gateway: gateway.text }),
    ...(outside ? { gatewayOnLink: true as const } : {}),
  };
}
