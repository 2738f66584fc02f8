import type { PresentAddress } from '../machine/network/interface-addresses.ts';
import { isUp, masterOf } from '../machine/network/network-interfaces.ts';
import { type Route, readRoutes } from '../machine/network/routes.ts';
import type { InterfaceAddress } from '../metadata/interface-config.ts';
import type { Asked, AskedInterface } from '../state/asked.ts';
import { managerReason } from './network-reason.ts';
import { asAsked, notAsAsked, type Reason, type Row } from './row.ts';
import type { View } from './view.ts';

/** Why an interface is not as asked, as far as the machine tells. */
export function reasonFor(view: View, name: string, lacking?: string): Reason | undefined {
  const { files } = view;
  if (!isUp(files, name)) return managerReason(view, name, lacking) ?? { text: `${name} is down` };
  const master = masterOf(files, name);
  if (master !== undefined) return { text: `${name} is part of ${master}` };
  const state = (files.readText(`/sys/class/net/${name}/operstate`) ?? '').trim();
  if (state === 'down' || state === 'lowerlayerdown') return { text: `${name} has no link`, passes: true };
  const byManager = managerReason(view, name, lacking);
  if (byManager !== undefined) return byManager;
  const place = view.takenBy?.(name);
  return place === undefined ? undefined : { text: `${place} configures it` };
}

const cidr = ({ address, prefixLength }: Pick<InterfaceAddress, 'address' | 'prefixLength'>) =>
  `${address}/${prefixLength}`;

/** RFC 3927 and RFC 4291, 2.5.6. */
const isLinkLocal = ({ address }: PresentAddress) => /^(169\.254\.|fe80:)/.test(address);

const NO_LEASE: Reason = { text: 'no server has given one so far', passes: true };

const STATE_REASONS: Record<NonNullable<PresentAddress['state']>, Reason> = {
  tentative: { text: 'the kernel is still finding out whether another machine has it', passes: true },
  duplicate: { text: 'another machine has it (duplicate address detection)' },
};

function addressRow(view: View, name: string, wanted: InterfaceAddress): Row {
  const what = `address of ${name}`;
  const asked = cidr(wanted);
  const all = view.addressesOf(name).filter(({ family }) => family === wanted.family);
  const present = all.find(({ address }) => address === wanted.address);
  if (present?.prefixLength === wanted.prefixLength) {
    const { state } = present;
    if (state === undefined) return asAsked(what, asked);
    return notAsAsked(
      { what, asked, shown: `${asked} (${state})` },
      `${name} cannot use ${asked}`,
      STATE_REASONS[state],
    );
  }
  const shown = all.map(cidr).join(' ') || 'none';
  const instead = present === undefined ? '' : ` but ${cidr(present)}`;
  return notAsAsked(
    { what, asked, shown },
    `${name} has no ${asked}${instead}`,
    reasonFor(view, name, wanted.address),
  );
}

/** A lease's address is whatever it is; a link-local one is none. */
function leaseRow(view: View, { name, addresses }: AskedInterface, family: 4 | 6): Row {
  const what = `address of ${name}`;
  const asked = `IPv${family} by DHCP`;
  const fixed = addresses.map(({ address }) => address);
  const given = view
    .addressesOf(name)
    .filter((each) => each.family === family && !fixed.includes(each.address) && !isLinkLocal(each));
  if (given.length > 0) return asAsked(what, asked, given.map(cidr).join(' '));
  const told = `${name} has no IPv${family} address by DHCP`;
  return notAsAsked({ what, asked, shown: 'none' }, told, reasonFor(view, name) ?? NO_LEASE);
}

/** A port has no addresses: what it is part of has them. */
function partRow({ files }: View, name: string, partOf: string): Row {
  const what = `bond or bridge of ${name}`;
  const master = masterOf(files, name);
  if (master === partOf) return asAsked(what, partOf);
  const shown = master ?? 'none';
  return notAsAsked({ what, asked: partOf, shown }, `${name} is part of ${shown}, not of ${partOf}`);
}

function mtuRow(view: View, name: string, mtu: number): Row {
  const what = `MTU of ${name}`;
  const shown = (view.files.readText(`/sys/class/net/${name}/mtu`) ?? '').trim();
  if (shown === String(mtu)) return asAsked(what, shown);
  const told = `${name} has an MTU of ${shown}, not ${mtu}`;
  return notAsAsked({ what, asked: String(mtu), shown }, told, reasonFor(view, name, String(mtu)));
}

const isDefault = ({ prefixLength }: Route) => prefixLength === 0;

function gatewayRow(view: View, routes: readonly Route[], name: string, wanted: InterfaceAddress): Row {
  const { family, gateway } = wanted;
  const what = `IPv${family} default route`;
  const describe = (route: Pick<Route, 'gateway' | 'interface'>) =>
    `${route.gateway ?? 'on-link'} ${route.interface}`;
  const asked = `${gateway} ${name}`;
  const present = routes.filter((route) => route.family === family && isDefault(route)).map(describe);
  if (present.includes(asked)) return asAsked(what, asked);
  const shown = present.join(', ') || 'none';
  const told = `there is no IPv${family} default route by ${gateway} on ${name}`;
  return notAsAsked({ what, asked, shown }, told, reasonFor(view, name, wanted.gateway));
}

function interfaceRows(view: View, routes: readonly Route[], asked: AskedInterface): Row[] {
  const { name, mtu, addresses, dhcp4, dhcp6, partOf } = asked;
  if (view.files.status(`/sys/class/net/${name}`) === undefined)
    return [
      notAsAsked({ what: `interface ${name}`, asked: 'there', shown: 'not there' }, `there is no ${name}`),
    ];
  return [
    ...addresses.map((address) => addressRow(view, name, address)),
    ...(dhcp4 ? [leaseRow(view, asked, 4)] : []),
    ...(dhcp6 ? [leaseRow(view, asked, 6)] : []),
    ...(partOf === undefined ? [] : [partRow(view, name, partOf)]),
    ...(mtu === undefined ? [] : [mtuRow(view, name, mtu)]),
    ...addresses
      .filter(({ gateway }) => gateway !== undefined)
      .map((address) => gatewayRow(view, routes, name, address)),
  ];
}

/** Addresses, MTU and default routes, by files of /proc, /sys and /run; of what differs the network manager is asked. */
export function compareNetwork({ interfaces, missing }: Asked, view: View): Row[] {
  const routes = interfaces.length === 0 ? [] : readRoutes(view.files);
  return [
    ...interfaces.flatMap((each) => interfaceRows(view, routes, each)),
    ...missing.map((line) => notAsAsked({ what: 'interface', asked: 'there', shown: 'not there' }, line)),
  ];
}
