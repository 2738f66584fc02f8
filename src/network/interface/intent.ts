import { isPattern } from '../../machine/network/network-interfaces.ts';
import type { GuestConfig } from '../../metadata/guest-config.ts';
import type { InterfaceConfig } from '../../metadata/interface-config.ts';
import type { StepContext } from '../../plan/step.ts';
import type { AskedConfig, NamedInterface, Resolver } from '../addresses.ts';
import { askedInterfaces } from '../asked-interfaces.ts';
import { meantDevices } from '../bound-interfaces.ts';
import { meantInterfaces } from '../meant-interfaces.ts';
import { bindInterfaces } from './binding.ts';

/** What an interface that came is to get. */
export type Intent =
  /** What the host says of it. */
  | { kind: 'configured'; wanted: NamedInterface }
  /** DHCP for as long as it is there. */
  | { kind: 'dhcp' }
  /** No address from us; `reason` for people. */
  | { kind: 'none'; reason: string };

function isIpv6Only({ interfaces = [] }: GuestConfig): boolean {
  const addresses = interfaces.flatMap((each) => each.addresses);
  const asksDhcp = interfaces.some(({ dhcp4 }) => dhcp4 !== undefined);
  return !asksDhcp && addresses.length > 0 && addresses.every(({ family }) => family === 6);
}

/** No interface is called so. */
const NO_NAME = '';

/** What is not told by the devices that are there: one that is made, or all that a pattern fits. */
const isFixed = (each: InterfaceConfig) => each.virtual !== undefined || isPattern(each);

/**
 * The host's interfaces under the names that they have. All of them, in its order: which one has the gateway and the
 * resolver does not depend on which are there.
 */
function renamed(interfaces: readonly AskedConfig[], { facts }: StepContext): AskedConfig[] {
  const bound = bindInterfaces(interfaces, facts.interfaces);
  return interfaces.map((each) =>
    isFixed(each) ? each : { ...each, name: bound.get(each) ?? each.setName ?? NO_NAME },
  );
}

/**
 * What the host's configuration says of an interface; else DHCP for one that it does not know, unless
 * CONFIG_NODHCP names it or the guest has IPv6 alone.
 * @param resolver given to the interface if it is the first public one
 */
export function intentFor(name: string, context: StepContext, resolver: Resolver | undefined): Intent {
  const { host, facts, settings } = context;
  const { config } = host.parsed;
  const interfaces = renamed(askedInterfaces(config, facts), context);
  const wanted = meantInterfaces(interfaces, facts, resolver).found.find((each) => each.name === name);
  if (wanted !== undefined) return { kind: 'configured', wanted };
  if (meantDevices(interfaces, facts).includes(name))
    return { kind: 'none', reason: 'the host gives it no address' };
  if (settings.noDhcp.includes(name))
    return { kind: 'none', reason: `CONFIG_NODHCP in ${settings.path} names it` };
  if (isIpv6Only(config)) return { kind: 'none', reason: 'the guest has IPv6 addresses alone' };
  return { kind: 'dhcp' };
}
