import { readTimeZone } from '../../../machine/settings/setting-kinds.ts';
import { isDomain } from '../../fields/host-name.ts';
import { parseHostAddress } from '../../fields/ip-network.ts';
import type { MapReader } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import type { GuestConfig, TimeServerConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

/** `timezone` and `ntp` (cc_timezone, cc_ntp). */
export function readTime(config: CloudConfig): Pick<GuestConfig, 'timeZone' | 'timeServers'> {
  const reader = config.reader('timezone', 'time');
  const timeZone = reader.parsed('timezone', 'a name such as Europe/Paris', (text) =>
    // A switch is none here, unlike in the settings.
    /^(?:yes|no|true|false|on|off)$/i.test(text) ? undefined : readTimeZone(text),
  );
  reader.findings.origin('time zone', timeZone, 'timezone');
  const timeServers = readServers(config);
  return {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(timeServers === undefined ? {} : { timeServers }),
  };
}

function readServers(config: CloudConfig): TimeServerConfig | undefined {
  const ntp = config.map('ntp', 'time');
  if (ntp === undefined) return undefined;
  const isOn = ntp.flag('enabled') !== false;
  const servers = namesOf(ntp, 'servers');
  const pools = namesOf(ntp, 'pools');
  // Whatever of them the guest has is told.
  ntp.value('ntp_client');
  for (const key of ['peers', 'allow', 'config'])
    if (ntp.value(key) !== undefined)
      ntp.findings.passOver(ntp.at(key), 'a key that is not done', '"servers" and "pools" alone');
  ntp.finish();
  if (!isOn || isRefused(ntp.findings) || servers.length + pools.length === 0) return undefined;
  return { servers, pools };
}

function namesOf(ntp: MapReader, key: 'servers' | 'pools'): string[] {
  const names = ntp.words(key).flatMap(({ text, path }) => {
    if (!isDomain(text) && parseHostAddress(text) === undefined) {
      ntp.findings.passOver(path, quote(text), 'a host name or an address');
      return [];
    }
    ntp.findings.origin(key === 'servers' ? 'time server' : 'pool of time servers', text, path);
    return [text];
  });
  return [...new Set(names)];
}
