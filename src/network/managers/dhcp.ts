import { RUNTIME_DIRECTORY } from '../../machine/files/paths.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import type { WantedFile } from '../../plan/ensure-file.ts';
import { profileName } from './keyfile.ts';
import { RELOAD_PROFILES } from './keyfile-writer.ts';
import { GENERATE_WHAT_CHANGED, takeNewFiles } from './netplan-writer.ts';
import { type Activation, liveCommand } from './writer.ts';

/** An interface that is to ask for its address. */
export interface DhcpInterface {
  name: string;
  /**
   * Of the default route that a lease brings. Higher than what the managers give to routes by themselves (at most
   * 1024, systemd.network(5)), so that any other default route wins; different for each interface, for the kernel
   * refuses two routes of one metric.
   */
  metric: number;
  /** The name servers of a lease are used. */
  useServers: boolean;
}

/** How one network manager is told to use DHCP on an interface for as long as the interface is there. */
export interface DhcpWriter {
  /** The file: in a directory that is gone with the next boot, where the manager reads one. */
  fileOf(header: string, wanted: DhcpInterface): WantedFile;
  /** The line of it that asks for DHCP. With some managers the file of fixed addresses has the same path. */
  asks: RegExp;
  /** Commands around writing the file; `started` are the manager's units that are. */
  start(name: string, path: string, started: readonly string[]): Activation;
  /** Commands around removing the file. */
  stop(name: string, path: string): Activation;
  /**
   * Text that the file is given before the commands of `stop` where the interface has gone, so that they only make the
   * manager forget it: no client can give an address back then.
   */
  forgetting?(name: string): string;
  /** One of these must be installed; absent: the manager is a client itself. */
  clients?: readonly string[];
}

/** A client gives up looking for a server within a minute (dhclient.conf(5), `timeout`). */
const START_SECONDS = 90;
const STOP_SECONDS = 30;

/** etc/dhcp/dhclient-enter-hooks.d/gandi and dhcpcd/19-gandi look for this line. */
export const KEEP_SERVERS_LINE = '# The name servers of a lease are not used: the host names others.';

const yesNo = (value: boolean) => (value ? 'yes' : 'no');

const ifupdown: DhcpWriter = {
  fileOf: (header, { name, metric, useServers }) => ({
    path: `${RUNTIME_DIRECTORY}/ifupdown/${name}`,
    content: `${header}${useServers ? '' : `${KEEP_SERVERS_LINE}\n`}iface ${name} inet dhcp\n    metric ${metric}\n`,
    mode: 0o644,
  }),
  asks: /^iface \S+ inet dhcp$/m,
  start: (name, path) => ({
    before: [],
    after: [liveCommand(['ifup', `--interfaces=${path}`, name], START_SECONDS, 'ask for an address')],
  }),
  stop: (name, path) => ({
    before: [
      liveCommand(['ifdown', '--force', `--interfaces=${path}`, name], STOP_SECONDS, 'give the address back'),
    ],
    after: [],
  }),
  forgetting: (name) => `iface ${name} inet manual\n`,
  clients: ['dhclient', 'dhcpcd', 'udhcpc'],
};

const RELOAD: Activation = {
  before: [],
  after: [liveCommand(['networkctl', 'reload'], 60, 'let the network manager read its files again')],
};

const networkd: DhcpWriter = {
  fileOf: (header, { name, metric, useServers }) => ({
    path: `/run/systemd/network/50-gandi-${name}.network`,
    content: `${header}
[Match]
Name=${name}
Type=ether

[Network]
DHCP=ipv4

[DHCPv4]
RouteMetric=${metric}
UseDNS=${yesNo(useServers)}
UseHostname=no
`,
    mode: 0o644,
  }),
  asks: /^DHCP=ipv4$/m,
  start: () => RELOAD,
  stop: () => RELOAD,
};

const netplan: DhcpWriter = {
  fileOf: (header, { name, metric, useServers }) => ({
    path: `/run/netplan/50-gandi-${name}.yaml`,
    content: `${header}network:
  version: 2
  ethernets:
    "${name}":
      dhcp4: true
      dhcp6: false
      dhcp4-overrides:
        route-metric: ${metric}
        use-dns: ${useServers}
        use-hostname: false
`,
    mode: 0o600,
  }),
  asks: /^ +dhcp4: true$/m,
  start: (_name, _path, started) => ({ before: [], after: takeNewFiles(started) }),
  stop: () => ({ before: [], after: [GENERATE_WHAT_CHANGED] }),
};

const networkManager: DhcpWriter = {
  fileOf: (header, { name, metric, useServers }) => ({
    path: `/run/NetworkManager/system-connections/50-gandi-${name}.nmconnection`,
    content: `${header}
[connection]
id=${profileName(name)}
type=ethernet
interface-name=${name}
autoconnect-priority=50

[ipv4]
method=auto
route-metric=${metric}
ignore-auto-dns=${!useServers}

[ipv6]
method=auto
ignore-auto-dns=${!useServers}
`,
    mode: 0o600,
  }),
  asks: /^method=auto$/m,
  start: (name) => {
    const up = ['nmcli', '--wait', '60', 'connection', 'up', profileName(name)] as const;
    return {
      before: [],
      after: [RELOAD_PROFILES, liveCommand([...up], START_SECONDS, 'ask for an address')],
    };
  },
  stop: () => ({ before: [], after: [RELOAD_PROFILES] }),
};

const ifcfg: DhcpWriter = {
  fileOf: (header, { name, metric, useServers }) => ({
    path: `/etc/sysconfig/network-scripts/ifcfg-${name}`,
    // The first name is network-scripts', the second NetworkManager's (nm-settings-ifcfg-rh(5)).
    content: `${header}TYPE=Ethernet
DEVICE=${name}
ONBOOT=no
BOOTPROTO=dhcp
METRIC=${metric}
IPV4_ROUTE_METRIC=${metric}
PEERDNS=${yesNo(useServers)}
`,
    mode: 0o644,
  }),
  asks: /^BOOTPROTO=dhcp$/m,
  start: (name) => ({
    before: [],
    after: [liveCommand(['ifup', name], START_SECONDS, 'ask for an address')],
  }),
  stop: (name) => ({
    before: [liveCommand(['ifdown', name], STOP_SECONDS, 'give the address back')],
    after: [],
  }),
};

const wicked: DhcpWriter = {
  fileOf: (header, { name, metric, useServers }) => ({
    path: `/etc/sysconfig/network/ifcfg-${name}`,
    content: `${header}STARTMODE='hotplug'
BOOTPROTO='dhcp4'
DHCLIENT_ROUTE_PRIORITY='${metric}'
DHCLIENT_MODIFY_RESOLV_CONF='${yesNo(useServers)}'
DHCLIENT_SET_HOSTNAME='no'
`,
    mode: 0o644,
  }),
  asks: /^BOOTPROTO='dhcp4'$/m,
  start: (name) => ({
    before: [],
    after: [liveCommand(['wicked', 'ifup', name], START_SECONDS, 'ask for an address')],
  }),
  stop: (name) => ({
    before: [liveCommand(['wicked', 'ifdown', name], STOP_SECONDS, 'give the address back')],
    after: [],
  }),
};

export const DHCP_WRITERS: Readonly<Record<NetworkManagerName, DhcpWriter>> = {
  ifupdown,
  'systemd-networkd': networkd,
  netplan,
  NetworkManager: networkManager,
  ifcfg,
  wicked,
};
