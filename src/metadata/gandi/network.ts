import type { InterfaceAddress, InterfaceConfig } from '../guest-config.ts';
import {
  contains,
  type IpAddress,
  type IpNetwork,
  isNetworkOrBroadcast,
  parseHostAddress,
  parseNetwork,
} from './ip-network.ts';

/** One address of an interface as the configuration has it, types right. */
export interface PnaFields {
  pna_address: string;
  pbn?: { pbn_network: string; pbn_gateway?: string | null | undefined } | null | undefined;
  pvn?: { pvn_network: string; pvn_gateway?: string | null | undefined } | null | undefined;
}

/** One interface as the configuration has it, types right. */
export interface VifFields {
  vif_number?: number | null | undefined;
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
}

/** The public (`pbn`) or private (`pvn`) network of an address; undefined unless there is exactly one. */
export function networkFields({ pbn, pvn }: PnaFields): NetworkFields | undefined {
  if (pbn && !pvn) {
    return { key: 'pbn', network: pbn.pbn_network, gateway: pbn.pbn_gateway ?? undefined };
  }
  return pvn && !pbn
    ? { key: 'pvn', network: pvn.pvn_network, gateway: pvn.pvn_gateway ?? undefined }
    : undefined;
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
  if (gateway !== undefined && !isGatewayOf(network, gateway)) {
    findings.push({
      path: [fields.key, `${fields.key}_gateway`],
      found: gateway.text,
      expected: `the address of a host in ${network.text}${network.family === 6 ? ', or in fe80::/10' : ''}`,
    });
  }
  return findings;
}

function checkOneNetwork({ pbn, pvn }: PnaFields): Finding {
  const path = pbn === null && pvn === undefined ? ['pbn'] : pvn === null && pbn === undefined ? ['pvn'] : [];
  const found = path.length > 0 ? 'null' : pbn && pvn ? 'both pbn and pvn' : 'neither pbn nor pvn';
  return { path, found, expected: 'a network: either pbn or pvn' };
}

function isHostOf(network: IpNetwork, address: IpAddress): boolean {
  return contains(network, address) && !isNetworkOrBroadcast(network, address);
}

function isGatewayOf(network: IpNetwork, gateway: IpAddress): boolean {
  return isHostOf(network, gateway) || (network.family === 6 && gateway.family === 6 && gateway.linkLocal);
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
  return vifs
    .map((vif, position) => ({
      number: interfaceNumber(vif, position),
      addresses: (vif.pna ?? []).map(toAddress),
    }))
    .sort((a, b) => a.number - b.number);
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
  return {
    family: address.family,
    address: address.text,
    prefixLength: network.prefixLength,
    ...(gateway === undefined ? {} : { gateway: gateway.text }),
    public: fields.key === 'pbn',
  };
}
