import { describe, expect, it } from 'vitest';
import { contentWithManagers } from './installed-managers.ts';
import type { Suite } from './rootfs.ts';
import { useCommandGuest } from './use-command-guest.ts';

const minutes = 60_000;

const mac = (last: number) => `52:54:00:67:64:0${last}`;

/** One interface to ask by DHCP, two for a bond, one for a bridge. */
const WAN = { network: '10.30.0.0/24', hostAddress: '10.30.0.2', mac: mac(1), routed: true };
const BOND = [
  { network: '10.31.0.0/24', hostAddress: '10.31.0.2', mac: mac(2) },
  { network: '10.31.0.0/24', hostAddress: '10.31.0.2', mac: mac(3) },
];
const BRIDGED = { network: '10.33.0.0/24', hostAddress: '10.33.0.2', mac: mac(4) };

const NETWORK = `version: 2
ethernets:
  wan:
    match: {macaddress: "${mac(1)}"}
    dhcp4: true
    dhcp4-overrides: {use-dns: false, route-metric: 77}
    nameservers: {addresses: [10.30.0.53], search: [corp.example]}
    routes:
      - {to: 10.99.0.0/16, via: 10.30.0.7, metric: 50}
      - {to: 10.98.0.0/16, via: 10.30.0.7, table: 100}
  one: {match: {macaddress: "${mac(2)}"}}
  two: {match: {macaddress: "${mac(3)}"}}
  three: {match: {macaddress: "${mac(4)}"}}
bonds:
  bond0:
    interfaces: [one, two]
    parameters: {mode: active-backup, mii-monitor-interval: 100, primary: one}
    addresses: [10.31.0.15/24]
vlans:
  bond0.100:
    id: 100
    link: bond0
    addresses: [10.32.0.5/24]
    routes: [{to: 10.97.0.0/16, via: 10.32.0.1}]
bridges:
  br0:
    interfaces: [three]
    parameters: {stp: false, forward-delay: 0}
    dhcp4: true
`;

/** What an admin does to have the manager from the next boot on. */
const CHOICES = {
  ifupdown: '',
  'systemd-networkd':
    'rm -f /etc/systemd/system/*.wants/networking.service /etc/rcS.d/S*networking; systemctl --no-reload enable systemd-networkd.service',
  netplan:
    'systemctl --no-reload disable systemd-networkd.service; umask 077; printf "network:\\n  version: 2\\n  renderer: networkd\\n" > /etc/netplan/01-base.yaml',
  NetworkManager:
    'rm -f /etc/netplan/01-base.yaml; systemctl --no-reload unmask NetworkManager.service; systemctl --no-reload enable NetworkManager.service',
} as const;

/** What each manager's own parser has to say of what it does not take. */
const CHECKS = {
  ifupdown: 'ifquery bond0.100 && ifquery br0',
  'systemd-networkd':
    '! journalctl -b -u systemd-networkd -o cat | grep "gandi.*\\(gnoring\\|nvalid\\|nknown\\)"',
  netplan:
    'rm -rf /run/copy && mkdir -p /run/copy/etc && cp -a /etc/netplan /run/copy/etc && netplan generate --root-dir /run/copy && ls /run/copy/run/systemd/network/*bond0.network',
  NetworkManager: 'nmcli connection show gandi-bond0.100',
} as const;

/** One guest that a network-config configures, and that goes from one network manager to the next. */
export function testNetworkConfiguration(suite: Suite, managers: readonly (keyof typeof CHOICES)[]): void {
  describe(`a network-config in Debian ${suite}`, () => {
    const guest = useCommandGuest(`config-${suite}`, {
      image: (folder) => contentWithManagers(suite, folder),
      seed: async () => ({
        'meta-data': 'instance-id: i-1\nlocal-hostname: web1\n',
        'user-data': '',
        'network-config': NETWORK,
      }),
      interfaces: [WAN, ...BOND, BRIDGED],
      minutes: 20,
    });

    const has = (command: string, text: string) => guest.waitFor(`${command} | grep -q -- "${text}"`, 90);

    async function expectAll(): Promise<void> {
      await has('ip -4 address show dev eth0', 'inet 10\\.30\\.0\\.[0-9]*/24');
      await has('ip -4 route show default', 'dev eth0 .*metric 77');
      await has('ip -4 route show 10.99.0.0/16', 'via 10.30.0.7 dev eth0 .*metric 50');
      await has('ip -4 route show table 100', '10.98.0.0/16 via 10.30.0.7 dev eth0');
      await has('ip -4 address show dev bond0', 'inet 10.31.0.15/24');
      await has('cat /proc/net/bonding/bond0', 'fault-tolerance (active-backup)');
      await has('cat /proc/net/bonding/bond0', 'Primary Slave: eth1');
      await has('cat /proc/net/bonding/bond0', 'Slave Interface: eth2');
      await has('ip -4 address show dev bond0.100', 'inet 10.32.0.5/24');
      await has('ip -d link show dev bond0.100', 'vlan protocol 802.1Q id 100');
      await has('ip -4 route show 10.97.0.0/16', 'via 10.32.0.1 dev bond0.100');
      await has('ip -4 address show dev br0', 'inet 10\\.33\\.0\\.[0-9]*/24');
      await has('ip link show master br0', 'eth3');
      await has('cat /etc/resolv.conf', '^nameserver 10.30.0.53$');
      await has('cat /etc/resolv.conf', '^search .*corp.example');
      expect((await guest.run(`ping -c 1 -W 5 ${BOND[0]?.hostAddress}`)).exitCode).toBe(0);
      expect((await guest.run('grep nameserver /etc/resolv.conf')).stdout).not.toContain('10.30.0.3');
    }

    for (const [index, manager] of managers.entries())
      it(
        `is had by ${manager}, whose parser takes it, and is as asked`,
        async () => {
          if (index > 0) {
            await guest.output(CHOICES[manager]);
            await guest.reboot();
            const state = await guest.waitForBoot();
            expect(state, (await guest.run('systemctl --failed; gandi-guest status')).stdout).toBe('running');
          }
          await expectAll();
          const parsed = await guest.run(CHECKS[manager]);
          expect(parsed, parsed.stderr).toMatchObject({ exitCode: 0 });
          await guest.waitFor('gandi-guest verify', 60);
          expect((await guest.run('gandi-guest verify')).stdout).toMatch(/IPv4 by DHCP\s+10\.30\.0\./);
          await guest.output('gandi-bootstrap', { seconds: 180 });
          expect((await guest.run('gandi-guest status')).stdout).toMatch(/^gandi-bootstrap: unchanged /m);
          await expectAll();
        },
        10 * minutes,
      );
  });
}
