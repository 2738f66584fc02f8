import type { Findings } from '../fields/map-reader.ts';
import type { DhcpOptions, InterfaceAddress, Route, VirtualInterface } from '../interface-config.ts';
import type { Draft } from './draft.ts';

/** Tells which settings of an interface come from where. */
export function tellOrigins(
  draft: Draft,
  addresses: readonly InterfaceAddress[],
  routes: readonly Route[],
  findings: Findings,
): void {
  const { id, path, config, fields } = draft;
  const of = (what: string) => `${what} of interface ${id}`;
  const tell = (what: string, value: string | undefined, place = path) =>
    findings.origin(of(what), value, place);
  const own = (what: string, key: keyof Draft['config'], value: string | undefined) => {
    const field = fields[key];
    tell(what, value, field === undefined ? path : `${path}.${field}`);
  };
  own('MAC address', 'mac', config.mac);
  own('driver', 'driver', config.driver);
  if (config.name !== id) own('name', 'name', config.name);
  if (config.setName !== id) own('new name', 'setName', config.setName);
  own('new MAC address', 'setMac', config.setMac);
  own('parts', 'virtual', config.virtual && partsText(config.virtual));
  own('MTU', 'mtu', config.mtu === undefined ? undefined : String(config.mtu));
  own('DHCPv4', 'dhcp4', dhcpText(config.dhcp4));
  own('DHCPv6', 'dhcp6', dhcpText(config.dhcp6));
  own(
    'router advertisements',
    'acceptRa',
    config.acceptRa === undefined ? undefined : String(config.acceptRa),
  );
  for (const [index, { address, prefixLength, gateway, gatewayOnLink }] of addresses.entries()) {
    const source = draft.addresses[index];
    tell('address', `${address}/${prefixLength}`, source?.path);
    const given = draft.gateways.find(({ value }) => value.text === gateway) ?? source?.gateway;
    tell('gateway', gateway && `${gateway}${gatewayOnLink ? ', on link' : ''}`, given?.path);
  }
  for (const [index, route] of routes.entries()) {
    tell('route', routeText(route), draft.routes[index]?.path ?? draft.gateways[0]?.path);
  }
  for (const { value, path: place } of draft.resolvers) tell('name server', value, place);
  for (const { value, path: place } of draft.searchDomains) tell('search domain', value, place);
}

function partsText(virtual: VirtualInterface): string {
  if (virtual.kind === 'vlan') return `VLAN ${virtual.id} on ${virtual.link}`;
  return `${virtual.kind} of ${virtual.members.join(', ') || 'nothing yet'}`;
}

function dhcpText(options: DhcpOptions | undefined): string | undefined {
  return options && `yes${options.metric === undefined ? '' : `, metric ${options.metric}`}`;
}

function routeText({ to, via, onLink, metric, table }: Route): string {
  return [
    to,
    ...(via === undefined ? [] : [`via ${via}`]),
    ...(onLink ? ['on link'] : []),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
    ...(table === undefined ? [] : [`table ${table}`]),
  ].join(' ');
}
