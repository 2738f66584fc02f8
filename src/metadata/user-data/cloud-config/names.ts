import { hostNamesOf } from '../../fields/host-name.ts';
import type { MapReader } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import type { GuestConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

const NAME = 'a host name (RFC 1123), or one with its domain';

export interface NameSettings {
  /** Undefined where nothing is said of names. */
  names?: Pick<GuestConfig, 'hostName' | 'fqdn'>;
  /** The name of the guest is left as it is. */
  isPreserved: boolean;
  /** A name was asked for that is none. */
  isRefused: boolean;
  hostsFile?: GuestConfig['hostsFile'];
}

/** `hostname`, `fqdn`, `preserve_hostname` and `manage_etc_hosts` (cc_set_hostname, cc_update_etc_hosts). */
export function readNames(config: CloudConfig): NameSettings {
  const preserved = config.reader('preserve_hostname', 'host-name');
  const isPreserved = preserved.flag('preserve_hostname') === true;
  if (isPreserved) preserved.findings.origin('host name', 'left as it is', 'preserve_hostname');
  warnOfPreference(config);
  const short = namesOf(config.reader('hostname', 'host-name'), 'hostname');
  const full = namesOf(config.reader('fqdn', 'host-name'), 'fqdn');
  const fqdn = full.names?.fqdn ?? short.names?.fqdn;
  const hostName = short.names?.hostName ?? full.names?.hostName;
  const hostsFile = readHostsFile(config);
  return {
    ...(hostName === undefined || isPreserved
      ? {}
      : { names: { hostName, ...(fqdn === undefined ? {} : { fqdn }) } }),
    isPreserved,
    isRefused: short.isRefused || (full.isRefused && hostName === undefined),
    ...(hostsFile === undefined ? {} : { hostsFile }),
  };
}

function namesOf(reader: MapReader, key: 'hostname' | 'fqdn') {
  const names = reader.parsed(key, NAME, (text) => (text === '' ? undefined : hostNamesOf(text)));
  reader.findings.origin(key === 'fqdn' ? 'full name' : 'host name', names?.fqdn ?? names?.hostName, key);
  return { names, isRefused: isRefused(reader.findings) };
}

function warnOfPreference(config: CloudConfig): void {
  const key = 'prefer_fqdn_over_hostname';
  const reader = config.reader(key, 'host-name');
  if (reader.flag(key) === true)
    reader.findings.passOver(key, 'true, which is not done', 'false: the host name is the first label');
}

function readHostsFile(config: CloudConfig): GuestConfig['hostsFile'] {
  const key = 'manage_etc_hosts';
  const reader = config.reader(key, 'host-name');
  const text = reader.text(key)?.toLowerCase();
  if (text === undefined) return undefined;
  const policy =
    text === 'localhost' ? 'line' : text === 'template' || reader.flag(key) === true ? 'whole' : 'none';
  if (isRefused(reader.findings)) return undefined;
  reader.findings.origin('/etc/hosts', policy === 'none' ? 'left as it is' : quote(text), key);
  return policy;
}
