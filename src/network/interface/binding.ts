import {
  countedInterfaces,
  findInterface,
  interfaceFor,
  isPattern,
  keepsKernelNames,
} from '../../machine/network/network-interfaces.ts';
import type { NetworkInterface } from '../../machine/system/facts.ts';
import type { InterfaceConfig } from '../../metadata/interface-config.ts';

const isCertain = (each: InterfaceConfig) =>
  each.mac !== undefined || (each.name !== undefined && !isPattern(each));

/** One of many by its number alone. */
const isNumbered = (each: InterfaceConfig): each is InterfaceConfig & { number: number } =>
  each.number !== undefined && !isCertain(each) && !isPattern(each) && each.virtual === undefined;

/**
 * Which interface of the running guest each of the host's is. With predictable names a number alone is the order of
 * the devices, which an interface that came later can upset: there an address that an interface has already decides
 * first.
 */
export function bindInterfaces(
  interfaces: readonly InterfaceConfig[],
  devices: readonly NetworkInterface[],
): ReadonlyMap<InterfaceConfig, string> {
  const bound = new Map<InterfaceConfig, string>();
  const bind = (each: InterfaceConfig, name: string | undefined) => {
    if (name !== undefined && ![...bound.values()].includes(name)) bound.set(each, name);
  };
  const certain = interfaces.filter((each) => isCertain(each) && each.virtual === undefined);
  for (const each of certain) bind(each, findInterface(each, devices));
  const numbered = interfaces.filter(isNumbered);
  if (keepsKernelNames(devices)) {
    for (const each of numbered)
      if (each.number !== undefined) bind(each, interfaceFor(each.number, devices));
    return bound;
  }
  for (const each of numbered) {
    const has = ({ addresses = [] }: NetworkInterface) =>
      each.addresses.some(({ address }) => addresses.includes(address));
    bind(each, devices.find(has)?.name);
  }
  const counted = countedInterfaces(devices).map(({ name }) => name);
  const free = counted.filter((name) => ![...bound.values()].includes(name));
  const left = numbered
    .filter((each) => !bound.has(each))
    .sort((one, other) => (one.number ?? 0) - (other.number ?? 0));
  for (const [index, each] of left.entries()) bind(each, free[index]);
  return bound;
}

/** The interface that the guest's first one is: number 0 of the host's, or the first device. */
export function firstInterface(
  interfaces: readonly InterfaceConfig[],
  devices: readonly NetworkInterface[],
): string | undefined {
  const first = interfaces.find(({ number }) => number === 0);
  const name = first && bindInterfaces(interfaces, devices).get(first);
  return name ?? interfaceFor(0, devices);
}
