import type { FileView } from '../files/files.ts';
import type { NetworkManagerName } from '../system/facts.ts';
import { enabledUnits } from '../system/units.ts';

const SYSTEMD_PROGRAMS = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'];

type IsEnabled = ReturnType<typeof enabledUnits>;

/**
 * Whether systemd has started a unit in this boot and not stopped it since, be it a service that runs on or one that
 * ended in success. systemd keeps this link as long (src/core/unit.c, unit_export_invocation_id).
 */
export function isUnitStarted(files: FileView, unit: string): boolean {
  return files.linkTarget(`/run/systemd/units/invocation:${unit}`) !== undefined;
}

const exists = (files: FileView, path: string) => files.status(path) !== undefined;

const hasName = (files: FileView, directory: string, pattern: RegExp) =>
  files.list(directory).some((name) => pattern.test(name));

const hasSystemd = (files: FileView) => SYSTEMD_PROGRAMS.some((path) => exists(files, path));

/**
 * Files of ours, which show where we wrote and not what somebody chose, have `50-gandi-` in front; for netplan another
 * digit where they are for what is made of others.
 */
const CHOSEN_NETWORK_FILE = /^(?!50-gandi-).*\.network$/;
const CHOSEN_NETPLAN_FILE = /^(?!5\d-gandi-).*\.yaml$/;

const hasNetplan = (files: FileView) => exists(files, '/usr/sbin/netplan');

function usesNetplan(files: FileView): boolean {
  return hasNetplan(files) && hasName(files, '/etc/netplan', CHOSEN_NETPLAN_FILE);
}

function usesIfupdown(files: FileView, isEnabled: IsEnabled): boolean {
  if (!exists(files, '/etc/network/interfaces')) return false;
  if (hasSystemd(files)) return isEnabled('networking.service');
  return hasName(files, '/etc/rcS.d', /^S\d+networking$/);
}

/** NetworkManager of releases that keep its profiles in ifcfg files; later ones say so in a file of that name. */
function prefersIfcfg(files: FileView): boolean {
  if (exists(files, '/etc/sysconfig/network-scripts/readme-ifcfg-rh.txt')) return false;
  return ['/usr/lib64/NetworkManager', '/usr/lib/NetworkManager'].some((directory) =>
    files
      .list(directory)
      .some((name) => exists(files, `${directory}/${name}/libnm-settings-plugin-ifcfg-rh.so`)),
  );
}

function usesIfcfg(files: FileView, isEnabled: IsEnabled): boolean {
  if (!exists(files, '/etc/sysconfig/network-scripts')) return false;
  if (hasName(files, '/etc/rc3.d', /^S\d+network$/) || hasName(files, '/etc/rc.d/rc3.d', /^S\d+network$/))
    return true;
  if (isEnabled('network.service')) return true;
  return isEnabled('NetworkManager.service') && prefersIfcfg(files);
}

/**
 * Which program configures the guest's network: installed, and enabled to start. Where several are, the order below
 * decides: netplan writes for the others, and does so from its first file on where nothing else is on; systemd-networkd comes next where someone gave it files, and last where it
 * is merely on, as the presets of many distributions leave it; ifupdown and wicked keep to the interfaces that they
 * have a file for.
 */
export function detectNetworkManager(files: FileView): NetworkManagerName | undefined {
  if (usesNetplan(files)) return 'netplan';
  const isEnabled = enabledUnits(files);
  const networkd = isEnabled('systemd-networkd.service');
  if (networkd && hasName(files, '/etc/systemd/network', CHOSEN_NETWORK_FILE)) return 'systemd-networkd';
  if (usesIfupdown(files, isEnabled)) return 'ifupdown';
  if (isEnabled('wicked.service')) return 'wicked';
  if (usesIfcfg(files, isEnabled)) return 'ifcfg';
  if (isEnabled('NetworkManager.service')) return 'NetworkManager';
  if (networkd) return 'systemd-networkd';
  return hasNetplan(files) ? 'netplan' : undefined;
}
