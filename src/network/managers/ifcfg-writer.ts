import { posix } from 'node:path';
import type { WantedFile } from '../../plan/ensure-file.ts';
import { isOwn } from '../../plan/own-file.ts';
import type { NamedDhcp } from '../addresses.ts';
import { renderIfcfg, renderRoutes, renderRules } from './ifcfg.ts';
import { linkFiles } from './link-file.ts';
import { ifcfgFileOf } from './profiles.ts';
import { renderWicked, renderWickedKernelValues, renderWickedRoutes } from './wicked.ts';
import { askForAddress, giveBack, liveCommand, NOTHING, type Writer } from './writer.ts';

const RED_HAT_DIRECTORY = '/etc/sysconfig/network-scripts';
const SUSE_DIRECTORY = '/etc/sysconfig/network';
const UP_SECONDS = 60;

/** A file, unless there is nothing to be in it. */
const fileOf = (path: string, content: string | undefined): WantedFile[] =>
  content === undefined ? [] : [{ path, content, mode: 0o644 }];

const differ = (one: NamedDhcp, other: NamedDhcp) =>
  one.useDns !== other.useDns || one.useRoutes !== other.useRoutes;

/** Red Hat's ifcfg files, for network-scripts or for NetworkManager: ifup and ifdown are there with either. */
export const ifcfg: Writer = {
  filesOf: (header, wanted, place) => [
    ...fileOf(`${RED_HAT_DIRECTORY}/ifcfg-${wanted.name}`, renderIfcfg(header, wanted, place)),
    ...fileOf(`${RED_HAT_DIRECTORY}/route-${wanted.name}`, renderRoutes(header, wanted, 4)),
    ...fileOf(`${RED_HAT_DIRECTORY}/route6-${wanted.name}`, renderRoutes(header, wanted, 6)),
    ...fileOf(`${RED_HAT_DIRECTORY}/rule-${wanted.name}`, renderRules(header, wanted, 4)),
    ...fileOf(`${RED_HAT_DIRECTORY}/rule6-${wanted.name}`, renderRules(header, wanted, 6)),
    ...linkFiles(header, wanted),
  ],
  refusals({ dhcp4, dhcp6 }) {
    const lines: string[] = [];
    if (dhcp4 !== undefined && dhcp6 !== undefined && differ(dhcp4, dhcp6))
      lines.push('leases of IPv6 are used as those of IPv4 are: an ifcfg file has one variable for both');
    if (dhcp6?.identifier !== undefined)
      lines.push(
        'the DHCPv6 server is told the DUID of the guest: an ifcfg file has no variable for another',
      );
    return lines;
  },
  thisBoot: {
    start: (name) => ({ before: [], after: [askForAddress(['ifup', name])] }),
    stop: (name) => ({ before: [giveBack(['ifdown', name])], after: [] }),
    mark: /^ONBOOT=no$/m,
  },
  takenBy: (files, device) => ifcfgFileOf(files, RED_HAT_DIRECTORY, device, isOwn),
  support: () => [],
  supportFiles: [],
  directory: RED_HAT_DIRECTORY,
  ownName: /^(ifcfg|route6?|rule6?)-/,
  interfaceIn: (path) => posix.basename(path).replace(/^(ifcfg|route6?|rule6?)-/, ''),
  units: ['network.service', 'NetworkManager.service'],
  activate({ started, outdated, changed, configured }) {
    if (started.length === 0) return NOTHING;
    const names = changed.length > 0 ? changed : configured;
    return {
      before: outdated.map((name) =>
        liveCommand(['ifdown', name], UP_SECONDS, 'take back the old addresses'),
      ),
      after: names.map((name) => liveCommand(['ifup', name], UP_SECONDS, 'set the new addresses')),
    };
  },
};

/** wicked(8) of SUSE. */
export const wicked: Writer = {
  filesOf: (header, wanted, place) => [
    ...fileOf(`${SUSE_DIRECTORY}/ifcfg-${wanted.name}`, renderWicked(header, wanted, place)),
    ...fileOf(`${SUSE_DIRECTORY}/ifroute-${wanted.name}`, renderWickedRoutes(header, wanted)),
    ...fileOf(`${SUSE_DIRECTORY}/ifsysctl-${wanted.name}`, renderWickedKernelValues(header, wanted)),
    ...linkFiles(header, wanted),
  ],
  refusals({ dhcp6, resolver, rules }) {
    const lines: string[] = [];
    if (rules !== undefined)
      lines.push(
        'rules of its routing are not set: not every wicked has files for them; set them by a script',
      );
    if (dhcp6?.metric !== undefined)
      lines.push(
        'routes of IPv6 have their usual metric: they come by advertisements, to which the kernel gives it',
      );
    if (dhcp6?.identifier !== undefined)
      lines.push('the DHCPv6 server is told the DUID of the guest: wicked has no variable for another');
    if (dhcp6?.useRoutes === false)
      lines.push('routes of IPv6 are set: they come by advertisements, which wicked leaves to the kernel');
    if (resolver !== undefined)
      lines.push('its name servers are those of the whole guest: wicked has none for one interface alone');
    return lines;
  },
  thisBoot: {
    start: (name) => ({ before: [], after: [askForAddress(['wicked', 'ifup', name])] }),
    stop: (name) => ({ before: [giveBack(['wicked', 'ifdown', name])], after: [] }),
    mark: /^STARTMODE='hotplug'$/m,
  },
  takenBy: (files, device) => ifcfgFileOf(files, SUSE_DIRECTORY, { name: device.name }, isOwn),
  support: () => [],
  supportFiles: [],
  directory: SUSE_DIRECTORY,
  ownName: /^(ifcfg|ifroute|ifsysctl)-/,
  interfaceIn: (path) => posix.basename(path).replace(/^(ifcfg|ifroute|ifsysctl)-/, ''),
  units: ['wicked.service'],
  activate: ({ started }) =>
    started.length > 0
      ? {
          before: [],
          // It takes an interface whose files are gone down, and one whose files are the same it leaves as it is.
          after: [liveCommand(['wicked', 'ifreload', 'all'], 90, 'let wicked take the new files')],
        }
      : NOTHING,
};
