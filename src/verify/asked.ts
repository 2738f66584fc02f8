import { askedUsers, type NamedUser } from '../accounts/named-users.ts';
import { users } from '../accounts/users.ts';
import { identity } from '../identity/host-name.ts';
import type { Settings, Switch } from '../machine/settings/settings.ts';
import type { SwapDevice } from '../metadata/gandi-disk.ts';
import { hasIp, type NamedInterface } from '../network/addresses.ts';
import { askedInterfaces } from '../network/asked-interfaces.ts';
import { describeMissing, meantInterfaces } from '../network/meant-interfaces.ts';
import { network } from '../network/network.ts';
import { resolver } from '../network/resolver.ts';
import type { StepContext } from '../plan/step.ts';
import type { Asked, AskedAccount, AskedInterface } from '../state/asked.ts';
import { REPLACED_BY_HOST_INIT } from '../storage/host-init.ts';
import { whyArchiveStays } from '../storage/swap.ts';

/** Whether a step runs: no setting turns it off, and the host's own script does not do its work. */
function runs({ switches }: Settings, { name, setting }: { name: string; setting?: Switch }): boolean {
  if (switches.CONFIG_HOST_INIT && REPLACED_BY_HOST_INIT.has(name)) return false;
  return setting === undefined || switches[setting];
}

const accountOf = ({ name, passwordHash, sshKeys }: NamedUser): AskedAccount => ({
  name,
  keys: sshKeys,
  ...(passwordHash === undefined ? {} : { passwordHash }),
});

const askedInterface = (wanted: NamedInterface): AskedInterface => ({
  name: wanted.name,
  ...(wanted.mtu === undefined ? {} : { mtu: wanted.mtu }),
  addresses: hasIp(wanted) ? wanted.addresses : [],
  ...(hasIp(wanted) && wanted.dhcp4 !== undefined ? { dhcp4: true } : {}),
  ...(hasIp(wanted) && wanted.dhcp6 !== undefined ? { dhcp6: true } : {}),
  ...(wanted.master === undefined ? {} : { partOf: wanted.master.name }),
});

/** What is not ours to use as swap is asked of nobody. */
const isUsable = (device: SwapDevice | undefined): device is SwapDevice =>
  device !== undefined && device.state !== 'foreign';

/** What the steps of gandi-bootstrap are to bring about, as it can be compared with what the guest shows. */
export function askedOf({ settings, host, facts }: Pick<StepContext, 'settings' | 'host' | 'facts'>): Asked {
  const { config } = host.parsed;
  const { hostName } = config;
  const { found, enslaved, missing } = meantInterfaces(
    runs(settings, network) ? askedInterfaces(config, facts) : [],
    facts,
    undefined,
  );
  const resolves = runs(settings, resolver);
  const archiveStays = whyArchiveStays({ host, facts }) !== undefined;
  return {
    ...(hostName !== undefined && runs(settings, identity) ? { hostName } : {}),
    interfaces: [...found, ...enslaved].map(askedInterface),
    // One that may be missing is warned of where it is looked for; the guest is as it is meant to be.
    missing: missing
      .filter(({ mayBeMissing }) => mayBeMissing !== true || found.length === 0)
      .map((each) => describeMissing(each, facts)),
    nameServers: resolves ? (config.resolvers ?? []) : [],
    searchDomains: resolves ? (config.searchDomains ?? []) : [],
    accounts: runs(settings, users) ? askedUsers({ settings, facts, host }).named.map(accountOf) : [],
    ...(settings.switches.CONFIG_SWAP &&
    host.state !== 'broken' &&
    isUsable(host.gandi?.swap) &&
    !archiveStays
      ? { swap: host.gandi?.swap.node }
      : {}),
  };
}

/** The same without secrets, for a file. Whether a password was set is known to the step that sets it. */
export function askedWithoutSecrets(context: Parameters<typeof askedOf>[0]): Asked {
  const asked = askedOf(context);
  return { ...asked, accounts: asked.accounts.map(({ name, keys }) => ({ name, keys })) };
}
