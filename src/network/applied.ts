import { parseJsonObject } from '../machine/changes/json-file.ts';
import { hasParts, isTexts } from '../machine/formats/shape.ts';
import type { NetworkManagerName } from '../machine/system/facts.ts';
import type { InterfaceAddress } from '../metadata/interface-config.ts';
import {
  type AppliedInterface,
  type AppliedRecord,
  type AppliedResolver,
  type AppliedValue,
  digestOf,
} from '../state/applied.ts';
import { listensToRouters, type NamedInterface, type Resolver } from './addresses.ts';

/** What an interface is called in the record of what was applied. */
export const interfacePart = (name: string) => `interface ${name}`;

/** What the record calls the resolver that the files were given last. */
export const RESOLVER_PART = 'network resolver';

/** Of what the host asks for an interface. How a file says it, which another version may change, is no part of it. */
const interfaceDigest = (manager: NetworkManagerName, wanted: NamedInterface) =>
  digestOf({ manager, ...wanted });

export const configured = (manager: NetworkManagerName, wanted: NamedInterface): AppliedInterface => ({
  kind: 'configured',
  digest: interfaceDigest(manager, wanted),
});

/** As many addresses of an interface as the digests of a version before are tried for. */
const MOST_ADDRESSES = 8;

/**
 * The digests that a version before may have recorded of an interface: each address said whether its network is
 * public, which cannot be known any more where only some were.
 */
function formerDigests(manager: NetworkManagerName, wanted: NamedInterface): string[] {
  const { name, addresses, mac, mtu, resolver } = wanted;
  if (addresses.length === 0 || addresses.length > MOST_ADDRESSES) return [];
  const listens = listensToRouters(wanted) === true;
  const all = Array.from({ length: 2 ** addresses.length }, (_, index) => index);
  const possible = listens ? all.slice(1) : [0];
  const withPublic = (address: InterfaceAddress, isPublic: boolean) => {
    const { family, prefixLength, gateway, gatewayOnLink } = address;
    return {
      family,
      address: address.address,
      prefixLength,
      ...(gateway === undefined ? {} : { gateway }),
      ...(gatewayOnLink === undefined ? {} : { gatewayOnLink }),
      public: isPublic,
    };
  };
  return possible.map((bits) =>
    digestOf({
      manager,
      name,
      addresses: addresses.map((address, index) => withPublic(address, ((bits >> index) & 1) === 1)),
      ...(mac === undefined ? {} : { mac }),
      ...(mtu === undefined ? {} : { mtu }),
      ...(resolver === undefined ? {} : { resolver }),
    }),
  );
}

/** Whether the host asks of an interface what it was given last, so that an admin's changes are left alone. */
export function isAsApplied(
  manager: NetworkManagerName,
  wanted: NamedInterface,
  applied: AppliedValue | undefined,
): boolean {
  if (applied === undefined) return false;
  // A text is that of a version before.
  if (typeof applied === 'string') return formerDigests(manager, wanted).includes(applied);
  return applied.kind === 'configured' && applied.digest === interfaceDigest(manager, wanted);
}

const isResolver = hasParts<Resolver>({ servers: isTexts, searchDomains: isTexts });

/** The resolver that the files were given last; that of a version before is JSON text. */
export function appliedResolver(applied: AppliedRecord): Resolver | undefined {
  const value = applied[RESOLVER_PART];
  if (typeof value === 'string') {
    const former = parseJsonObject(value);
    return isResolver(former) ? former : undefined;
  }
  if (value?.kind !== 'resolver' || value.servers.length === 0) return undefined;
  const { servers, searchDomains } = value;
  return { servers, searchDomains };
}

/** What is recorded of the resolver; nothing where there was none and is none. */
export function resolverRecord(
  applied: AppliedRecord,
  resolver: Resolver | undefined,
): Record<string, AppliedResolver> {
  if (resolver === undefined && applied[RESOLVER_PART] === undefined) return {};
  const { servers = [], searchDomains = [] } = resolver ?? {};
  return { [RESOLVER_PART]: { kind: 'resolver', servers, searchDomains } };
}
