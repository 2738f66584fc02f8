import { canonicalMac } from '../fields/interface-name.ts';
import { contains, type IpNetwork, parseHostAddress, parseNetwork } from '../fields/ip-network.ts';
import { type Finding, interfaceNumber, networkFields, type VifFields } from './network.ts';

/** One address of one interface, with its place in the list of interfaces. */
interface Entry {
  vif: number;
  path: [number, 'pna', number];
  address: string | undefined;
  key: 'pbn' | 'pvn';
  network: IpNetwork | undefined;
  gateway: string | undefined;
}

/**
 * Checks interfaces against each other: each number, MAC address, name and address once, no network on two interfaces, no gateway
 * that is the guest itself. Fields that cannot be parsed are passed over: the schema has told them already.
 */
export function checkInterfaces(vifs: readonly VifFields[]): Finding[] {
  const entries = vifs.flatMap(entriesOf);
  return [
    ...checkNumbers(vifs),
    ...checkIdentities(vifs),
    ...checkAddresses(entries),
    ...checkNetworks(entries),
  ];
}

function entriesOf(vif: VifFields, vifIndex: number): Entry[] {
  return (vif.pna ?? []).flatMap((pna, index) => {
    const fields = networkFields(pna);
    return fields === undefined
      ? []
      : {
          vif: vifIndex,
          path: [vifIndex, 'pna', index],
          address: parseHostAddress(pna.pna_address)?.text,
          key: fields.key,
          network: parseNetwork(fields.network),
          gateway: parseHostAddress(fields.gateway ?? '')?.text,
        };
  });
}

function checkNumbers(vifs: readonly VifFields[]): Finding[] {
  const first = new Map<number, number>();
  return vifs.flatMap((vif, index) => {
    const number = interfaceNumber(vif, index);
    const other = first.get(number);
    first.set(number, other ?? index);
    return other === undefined
      ? []
      : {
          path: [index, 'vif_number'],
          found: vif.vif_number == null ? `${number}, its position in the list` : String(number),
          expected: `a number other than that of vif[${other}]`,
        };
  });
}

/** Two interfaces of one MAC address or name would be one in the guest. */
function checkIdentities(vifs: readonly VifFields[]): Finding[] {
  const first = new Map<string, number>();
  return vifs.flatMap(({ vif_mac, vif_name }, index) => {
    const identities = [
      { key: 'vif_mac', found: vif_mac ? canonicalMac(vif_mac) : '', what: 'a MAC address' },
      { key: 'vif_name', found: vif_name ?? '', what: 'a name' },
    ].filter(({ found }) => found !== '');
    return identities.flatMap(({ key, found, what }) => {
      const other = first.get(`${key} ${found}`);
      first.set(`${key} ${found}`, other ?? index);
      const expected = `${what} other than that of vif[${other}]`;
      return other === undefined ? [] : { path: [index, key], found, expected };
    });
  });
}

function checkAddresses(entries: readonly Entry[]): Finding[] {
  const owners = new Map<string, Entry>();
  const findings: Finding[] = [];
  for (const entry of entries.filter(({ address }) => address !== undefined)) {
    const address = entry.address ?? '';
    const owner = owners.get(address);
    owners.set(address, owner ?? entry);
    if (owner !== undefined) {
      const expected = `an address other than that of ${placeOf(owner)}`;
      findings.push({ path: [...entry.path, 'pna_address'], found: address, expected });
    }
  }
  for (const { path, key, gateway } of entries) {
    const owner = owners.get(gateway ?? '');
    if (gateway !== undefined && owner !== undefined) {
      const expected = `another machine's address, not the guest's own of ${placeOf(owner)}`;
      findings.push({ path: [...path, key, `${key}_gateway`], found: gateway, expected });
    }
  }
  return findings;
}

/**
 * Two networks are either apart or one lies in the other. In the order of their first addresses, wider ones first,
 * whatever overlaps an earlier one therefore lies in the outermost network before it.
 */
function checkNetworks(entries: readonly Entry[]): Finding[] {
  const sorted = entries
    .flatMap((entry) => (entry.network === undefined ? [] : { entry, network: entry.network }))
    .map((item) => ({ ...item, order: Buffer.from(item.network.bytes).toString('hex') }))
    .sort(
      (a, b) =>
        a.network.family - b.network.family ||
        (a.order < b.order ? -1 : a.order > b.order ? 1 : a.network.prefixLength - b.network.prefixLength),
    );
  const findings: Finding[] = [];
  let outer = sorted[0];
  for (const item of sorted.slice(1)) {
    if (outer === undefined || !contains(outer.network, item.network)) {
      outer = item;
    } else if (outer.entry.vif !== item.entry.vif) {
      findings.push({
        path: [...item.entry.path, item.entry.key, `${item.entry.key}_network`],
        found: item.network.text,
        expected: `a network apart from ${outer.network.text} of ${placeOf(outer.entry)}`,
      });
    }
  }
  return findings;
}

function placeOf({ path: [vif, , pna] }: Entry): string {
  return `vif[${vif}].pna[${pna}]`;
}
