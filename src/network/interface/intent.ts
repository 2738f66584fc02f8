import type { GuestConfig, InterfaceConfig } from '../../metadata/guest-config.ts';
import type { StepContext } from '../../plan/step.ts';
import type { NamedInterface, Resolver } from '../addresses.ts';
import { meantInterfaces } from '../meant-interfaces.ts';
import { bindInterfaces } from './binding.ts';

/** What an interface that came is to get. */
export type Intent =
  | { kind: 'static'; wanted: NamedInterface }
  | { kind: 'dhcp' }
  /** No address from us; `reason` for people. */
  | { kind: 'none'; reason: string };

function isIpv6Only({ interfaces = [] }: GuestConfig): boolean {
  const addresses = interfaces.flatMap((each) => each.addresses);
  return addresses.length > 0 && addresses.every(({ family }) => family === 6);
}

/** No interface is called so. */
const NO_NAME = '';

/**
 * The host's interfaces under the names that they have. All of them, in its order: which one has the gateway and the
 * resolver does not depend on which are there.
 */
function renamed(interfaces: readonly InterfaceConfig[], { facts }: StepContext): InterfaceConfig[] {
  const bound = bindInterfaces(interfaces, facts.interfaces);
  return interfaces.map((each) => ({ ...each, name: bound.get(each) ?? NO_NAME }));
}

/**
 * What the host's configuration says of an interface: addresses; else DHCP for one that it does not know, unless
 * CONFIG_NODHCP names it or the guest has IPv6 alone.
 * @param resolver given to the interface if it is the first public one
 */
export function intentFor(name: string, context: StepContext, resolver: Resolver | undefined): Intent {
  const { host, facts, settings } = context;
  const { config } = host.parsed;
  const interfaces = renamed(config.interfaces ?? [], context);
  const wanted = meantInterfaces(interfaces, facts, resolver).found.find((each) => each.name === name);
  if (wanted !== undefined) return { kind: 'static', wanted };
  if (interfaces.some((each) => each.name === name))
    return { kind: 'none', reason: 'the host gives it no address' };
  if (settings.noDhcp.includes(name))
    return { kind: 'none', reason: `CONFIG_NODHCP in ${settings.path} names it` };
  if (isIpv6Only(config)) return { kind: 'none', reason: 'the guest has IPv6 addresses alone' };
  return { kind: 'dhcp' };
}
