import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestContent } from './command-guest.ts';
import type { Image } from './image.ts';
import { rootFileSystem, type Suite } from './rootfs.ts';
import { toolkitImage } from './toolkit.ts';

/** A network manager of Debian’s: how an admin changes to it, and how it is asked. */
export interface NetworkManager {
  name: string;
  /** What an admin does to have this manager from the next boot on, where the guest had the one before. */
  choose: string;
  /** The manager's own parser, on what was written for it. */
  check: string;
  /** Where files for it are. */
  directory: string;
  /** What an admin does so that the first private interface has no address of the host's any more. */
  spoil: string;
  /** What the manager then says of it, as `gandi-guest verify` tells it. */
  says: RegExp;
  /** Takes that back. */
  mend: string;
}

const NETWORKD_LOG = 'journalctl -b -u systemd-networkd -o cat';
const NETWORKD_IS_CONTENT = `! ${NETWORKD_LOG} | grep "gandi.*\\(gnoring\\|nvalid\\|nknown\\)"`;

/** In a copy: systemd-networkd would take files that are written anew for other ones. */
const NETPLAN_IS_CONTENT =
  'rm -rf /run/copy && mkdir -p /run/copy/etc && cp -a /etc/netplan /run/copy/etc && netplan generate --root-dir /run/copy && ls /run/copy/run/systemd/network/*$WAN.network';

/**
 * As `systemctl disable` does it, without the units and the generators that it has systemd read anew, and without
 * update-rc.d(8): what is changed here counts from the next boot on.
 */
const WITHOUT_IFUPDOWN = 'rm -f /etc/systemd/system/*.wants/networking.service /etc/rcS.d/S*networking';

/** In the order in which one guest can go from one to the next. */
export const NETWORK_MANAGERS: readonly NetworkManager[] = [
  {
    name: 'ifupdown',
    choose: '',
    check: 'ifquery --list --allow auto && ifquery $WAN && ifquery $LAN',
    directory: '/etc/network/interfaces.d',
    spoil: 'ifdown --force $LAN; ip link set $LAN up',
    says: /has no 192\.168\.10\.2\/24; ifup has not brought it up/,
    mend: 'ifup $LAN',
  },
  {
    name: 'systemd-networkd',
    choose: `${WITHOUT_IFUPDOWN}; systemctl --no-reload enable systemd-networkd.service`,
    check: `networkctl status $WAN && ${NETWORKD_IS_CONTENT}`,
    directory: '/etc/systemd/network',
    spoil:
      'printf "[Match]\\nName=$LAN\\n[Network]\\nAddress=192.168.10.99/24\\n" > /etc/systemd/network/10-other.network; networkctl reload',
    says: /has no 192\.168\.10\.2\/24; networkd uses \/etc\/systemd\/network\/10-other\.network/,
    mend: 'rm /etc/systemd/network/10-other.network; networkctl reload',
  },
  {
    // Its generator starts systemd-networkd where there is something for it.
    name: 'netplan',
    choose: `${WITHOUT_IFUPDOWN}; systemctl --no-reload disable systemd-networkd.service; umask 077; printf "network:\\n  version: 2\\n  renderer: networkd\\n" > /etc/netplan/01-base.yaml`,
    check: `${NETPLAN_IS_CONTENT} && networkctl status $WAN && ${NETWORKD_IS_CONTENT}`,
    directory: '/etc/netplan',
    spoil:
      'umask 077; printf "network:\\n  ethernets:\\n    00-a:\\n      match: {name: $LAN}\\n      addresses: [192.168.10.99/24]\\n" > /etc/netplan/60-admin.yaml; netplan generate; networkctl reload',
    says: /networkd uses \/run\/systemd\/network\/10-netplan-00-a\.network, which netplan made of its entry 00-a \(\/etc\/netplan\/60-admin\.yaml line 3\)/,
    mend: 'rm /etc/netplan/60-admin.yaml; netplan generate; networkctl reload',
  },
  {
    // The files that were written for netplan are still there, and it acts by them before anything else in the boot.
    name: 'NetworkManager',
    choose: `rm -f /etc/netplan/01-base.yaml; ${WITHOUT_IFUPDOWN}; systemctl --no-reload unmask NetworkManager.service; systemctl --no-reload enable NetworkManager.service`,
    check: 'nmcli connection show gandi-$WAN && nmcli connection show gandi-$LAN',
    directory: '/etc/NetworkManager/system-connections',
    spoil:
      'nmcli connection add type ethernet ifname $LAN con-name other autoconnect no ip4 192.168.10.99/24; nmcli connection up other',
    says: /has no 192\.168\.10\.2\/24; NetworkManager uses \/etc\/NetworkManager\/system-connections\/other\.nmconnection/,
    mend: 'nmcli connection delete other; nmcli connection up gandi-$LAN',
  },
];

/** What an image has that has all of them: one acts, what an admin chooses the next boot has. */
export async function contentWithManagers(suite: Suite, folder: string): Promise<GuestContent> {
  const units = join(folder, 'overlay/etc/systemd/system');
  mkdirSync(units, { recursive: true });
  // Installed beside each other, all would start; and nobody here waits for the network to be up.
  for (const unit of ['NetworkManager', 'NetworkManager-wait-online', 'systemd-networkd-wait-online'])
    symlinkSync('/dev/null', join(units, `${unit}.service`));
  const rootfs = await rootFileSystem(suite, ['lz4', 'netplan.io', 'network-manager', 'zstd']);
  return { rootfs, overlays: [join(folder, 'overlay')] };
}

/** An image with that. */
export async function imageWithManagers(suite: Suite, folder: string): Promise<Image> {
  return toolkitImage(await contentWithManagers(suite, folder));
}
