import { isPattern } from '../machine/network/network-interfaces.ts';
import type { VirtualInterface } from '../metadata/interface-config.ts';
import type { NamedInterface, Resolver } from './addresses.ts';
import { type Bound, partsOf } from './bound-interfaces.ts';

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that have a value. */
const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;

/** The name that the guest has for an interface that others call so; undefined where it is not there. */
type NameOf = (id: string) => string | undefined;

const namesOf = (ids: readonly string[], nameOf: NameOf) =>
  ids.map(nameOf).filter((name) => name !== undefined);

const unlessEmpty = <T>(list: readonly T[] | undefined) => (list?.length === 0 ? undefined : list);

/** The name that udev is to give, and what it knows the interface by. */
function renamedFields({ config, mac }: Bound): Pick<NamedInterface, 'renamed' | 'mac'> {
  const { setName, virtual, name } = config;
  if (virtual !== undefined) return {};
  if (setName === undefined) return defined({ mac: config.mac });
  if (config.mac === undefined && name !== undefined && !isPattern(config))
    return { renamed: { from: name } };
  // By more than its place among others.
  return { renamed: {}, ...defined({ mac: config.mac ?? mac }) };
}

function masterOf(
  master: Bound | undefined,
  isMine: (part: string) => boolean,
): Pick<NamedInterface, 'master'> {
  const virtual = master?.config.virtual;
  if (master === undefined || virtual === undefined || virtual.kind === 'vlan') return {};
  const { name } = master;
  if (virtual.kind === 'bridge') return { master: { kind: 'bridge', name } };
  const isPrimary = virtual.primary !== undefined && isMine(virtual.primary);
  return { master: { kind: 'bond', name, ...(isPrimary ? { isPrimary } : {}) } };
}

/** With the names of what is there: a port that comes later is made one by its own file. */
function withNames(virtual: VirtualInterface, nameOf: NameOf): VirtualInterface {
  if (virtual.kind === 'vlan') return { ...virtual, link: nameOf(virtual.link) ?? virtual.link };
  const members = namesOf(virtual.members, nameOf);
  if (virtual.kind === 'bridge') return { ...virtual, members };
  const { primary, ...bond } = virtual;
  return { ...bond, members, ...defined({ primary: primary && nameOf(primary) }) };
}

/** How many interfaces are made one above the other up to one; a circle has an end as well. */
function levelOf(
  { config: { virtual } }: Bound,
  all: readonly Bound[],
  nameOf: NameOf,
  most = all.length,
): number {
  if (virtual === undefined || most === 0) return 0;
  const names = namesOf(partsOf(virtual), nameOf);
  const parts = all.filter(({ name }) => names.includes(name));
  return 1 + Math.max(0, ...parts.map((part) => levelOf(part, all, nameOf, most - 1)));
}

/** What is said of an interface, with the names that the guest has for it and others. */
export function namedInterface(
  bound: Bound,
  all: readonly Bound[],
  nameOf: NameOf,
  resolver: Resolver | undefined,
): NamedInterface {
  const { config, name } = bound;
  const { addresses, setMac, virtual, mtu, dhcp4, dhcp6, acceptRa, routes, rules, optional, isFallback } =
    config;
  const isMine = (part: string) => nameOf(part) === name;
  const above = all.filter((each) => partsOf(each.config.virtual).some(isMine));
  const carried = above.filter((each) => each.config.virtual?.kind === 'vlan');
  const master = above.find((each) => each.config.virtual?.kind !== 'vlan');
  const isMade = (part: string) =>
    all.some((each) => each.name === part && each.config.virtual !== undefined);
  return {
    name,
    addresses,
    ...renamedFields(bound),
    ...masterOf(master, isMine),
    ...defined({
      mtu,
      setMac,
      virtual: virtual && withNames(virtual, nameOf),
      level: levelOf(bound, all, nameOf) || undefined,
      virtualParts: unlessEmpty(namesOf(partsOf(virtual), nameOf).filter(isMade)),
      vlans: unlessEmpty(carried.map((each) => each.name)),
      dhcp4,
      dhcp6,
      acceptRa,
      routes: unlessEmpty(routes),
      rules: unlessEmpty(rules),
      optional,
      isFallback,
      resolver,
    }),
  };
}
