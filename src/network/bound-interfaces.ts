import {
  findDevice,
  findInterface,
  fittingInterfaces,
  isPattern,
} from '../machine/network/network-interfaces.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { InterfaceConfig, VirtualInterface } from '../metadata/interface-config.ts';
import type { AskedConfig } from './addresses.ts';

/** A configuration with the interface that it means; a pattern means several. */
export interface Bound {
  config: AskedConfig;
  /** As it is called now; for one that is to be made, as it will be. */
  device: string;
  name: string;
  /** Hardware address of the device that is there. */
  mac?: string;
}

/** What an interface is made of, as the configuration calls it. */
export const partsOf = (virtual: VirtualInterface | undefined): readonly string[] => {
  if (virtual === undefined) return [];
  return virtual.kind === 'vlan' ? [virtual.link] : virtual.members;
};

/** By what others in the same configuration call an interface. */
export const idsOf = ({ id, name, setName }: InterfaceConfig) => [id, setName, name];

/** Whether an interface is part of one of the configuration that is of one of these kinds. */
export const isPartOf = (
  all: readonly InterfaceConfig[],
  config: InterfaceConfig,
  kinds: readonly string[],
) =>
  all.some(
    ({ virtual }) =>
      virtual !== undefined &&
      kinds.includes(virtual.kind) &&
      partsOf(virtual).some((part) => idsOf(config).includes(part)),
  );

/** What an interface is called where no guest can be looked at. */
function nameInImage(config: InterfaceConfig, index: number): string | undefined {
  if (config.name !== undefined && !isPattern(config)) return config.name;
  if (config.name !== undefined || config.driver !== undefined) return undefined;
  return `eth${config.number ?? index}`;
}

/** The devices that a configuration means; for one that is to be made, its name. */
export function devicesFor(
  config: InterfaceConfig,
  all: readonly InterfaceConfig[],
  { live, interfaces }: Pick<Facts, 'live' | 'interfaces'>,
): string[] {
  const { virtual, setName, name, id, mac } = config;
  const one = (found: string | undefined) => (found === undefined ? [] : [found]);
  if (virtual !== undefined) return one(setName ?? name ?? id);
  const physical = all.filter((each) => each.virtual === undefined);
  if (!live) return one(nameInImage(config, physical.indexOf(config)));
  if (isPartOf(all, config, ['bond', 'bridge'])) return one(findDevice(config, interfaces));
  if (mac === undefined && isPattern(config) && setName === undefined)
    return fittingInterfaces(config, interfaces);
  return one(findInterface(config, interfaces));
}

/** All devices that a configuration names, whether it says more of them or not. */
export const meantDevices = (
  interfaces: readonly InterfaceConfig[],
  facts: Pick<Facts, 'live' | 'interfaces'>,
): string[] => interfaces.flatMap((config) => devicesFor(config, interfaces, facts));
