import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { rootFileSystem, type Suite } from './rootfs.ts';
import { hostConfig, publicNetwork, seedDisk, toolkitImage } from './toolkit.ts';

const minutes = 60_000;

const GATEWAY = publicNetwork.hostAddress;
/** QEMU's own, in whose networks it advertises itself. */
const ROUTER = 'fe80::2';
const SERVERS = ['92.243.10.253', '92.243.10.252', '2001:4b98:dc2:49::193'];
const MAC = '52:54:00:67:61:01';

const ipv4 = (prefix: string, more = {}) => ({ pbn_network: prefix, pbn_gateway: GATEWAY, ...more });
const ipv6 = {
  pna_address: '2001:db8:41::20',
  pbn: { pbn_network: '2001:db8:41::/64', pbn_gateway: ROUTER },
};
const lan = {
  vif_number: 1,
  vif_mac: MAC,
  pna: [{ pna_address: '192.168.10.2', pvn: { pvn_network: '192.168.10.0/24' } }],
};

/** A public interface, a private one known by its MAC address, and another private one. */
const first = hostConfig('', {
  vm_conf: {},
  nameservers: SERVERS,
  vif: [
    { pna: [{ pna_address: '92.243.10.20', pbn: ipv4('92.243.10.0/24') }, ipv6] },
    lan,
    {
      vif_number: 2,
      pna: [{ pna_address: '10.20.0.2', pvn: { pvn_network: '10.20.0.0/16', pvn_gateway: '10.20.0.1' } }],
    },
  ],
});

/** The public interface has one more address, a gateway outside of its networks and another MTU; the third is gone. */
const second = hostConfig('', {
  vm_conf: {},
  nameservers: SERVERS,
  search_domains: ['corp.example', 'example.net'],
  vif: [
    {
      vif_mtu: 1400,
      pna: [
        { pna_address: '92.243.10.20', pbn: ipv4('92.243.10.20/32', { pbn_gateway_onlink: true }) },
        { pna_address: '92.243.10.21', pbn: { pbn_network: '92.243.10.21/32' } },
        ipv6,
      ],
    },
    lan,
  ],
});

interface Phase {
  manager: string;
  /** What an admin does to go over to this manager, as of the next boot. */
  choose: string;
  /** The manager's own parser, on what was written for it. */
  check: string;
}

const phases: readonly Phase[] = [
  { manager: 'ifupdown', choose: '', check: 'ifquery --list --allow auto && ifquery $A && ifquery $B' },
  {
    manager: 'systemd-networkd',
    choose: 'systemctl disable networking.service; systemctl enable systemd-networkd.service',
    check: '! journalctl -b -u systemd-networkd -o cat | grep "50-gandi.*\\(gnoring\\|nvalid\\|nknown\\)"',
  },
  {
    manager: 'netplan',
    choose:
      'systemctl disable systemd-networkd.service; printf "network:\\n  version: 2\\n  renderer: networkd\\n" > /etc/netplan/01-base.yaml; chmod 600 /etc/netplan/01-base.yaml',
    check: 'netplan generate && netplan get',
  },
  {
    manager: 'NetworkManager',
    choose:
      'rm /etc/netplan/01-base.yaml; systemctl unmask NetworkManager.service; systemctl enable NetworkManager.service',
    check: 'nmcli -f NAME,FILENAME,DEVICE connection show',
  },
];

const suites: readonly { suite: Suite; names: [string, string, string]; kernelArguments: string[] }[] = [
  { suite: 'bookworm', names: ['eth0', 'eth1', 'eth2'], kernelArguments: [] },
  { suite: 'trixie', names: ['enp0s4', 'enp0s5', 'enp0s6'], kernelArguments: ['net.ifnames=1'] },
];

/** What an interface has, as ip(8) tells it: `ADDRESS/PREFIX` in order. */
async function addressesOf(guest: Guest, name: string): Promise<string[]> {
  const [device] = JSON.parse(await guest.output(`ip -j address show dev ${name}`));
  const all: { scope: string; protocol?: string; dynamic?: boolean; local: string; prefixlen: number }[] =
    device.addr_info;
  const listed = all.filter(({ scope, dynamic }) => scope === 'global' && dynamic !== true);
  return listed.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort();
}

describe.each(suites)('network managers of Debian $suite', ({ suite, names, kernelArguments }) => {
  const [wan, private1, private2] = names;
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-managers-'));
  let guest: Guest;

  beforeAll(async () => {
    const units = join(folder, 'overlay/etc/systemd/system');
    mkdirSync(units, { recursive: true });
    symlinkSync('/dev/null', join(units, 'NetworkManager.service'));
    const rootfs = await rootFileSystem(suite, ['netplan.io', 'network-manager']);
    const image = await toolkitImage({ rootfs, overlays: [join(folder, 'overlay')] });
    const root = await overlayDisk(image, join(folder, 'root.qcow2'), 2048);
    guest = await Guest.boot({
      name: suite,
      image,
      kernelArguments,
      disks: [{ disk: root }, { disk: await seedDisk(folder, 'seed.img', { config: first }) }],
      interfaces: [
        publicNetwork,
        { network: '192.168.10.0/24', hostAddress: '192.168.10.1', mac: MAC },
        { network: '10.20.0.0/16', hostAddress: '10.20.0.1' },
      ],
    });
  }, 20 * minutes);

  afterAll(async () => {
    await guest?.powerCut();
    rmSync(folder, { recursive: true });
  });

  async function expectResolver(domains: string[]): Promise<void> {
    const text = await guest.output('cat /etc/resolv.conf');
    const lines = text.split('\n');
    expect(lines.filter((line) => line.startsWith('nameserver ')).sort()).toEqual(
      SERVERS.map((server) => `nameserver ${server}`).sort(),
    );
    expect(text).toMatch(/^options timeout:1 attempts:3 rotate$/m);
    expect(lines.filter((line) => line.startsWith('search '))).toEqual(
      domains.length === 0 ? [] : [`search ${domains.join(' ')}`],
    );
  }

  /** One that is advertised, and the host's own as a reserve. */
  async function expectIpv6Routes(): Promise<void> {
    const routes = (await guest.output(`ip -6 route show default dev ${wan}`)).split('\n');
    expect(routes.filter((route) => route.includes('proto ra'))).toEqual([
      expect.stringContaining(`default via ${ROUTER}`),
    ]);
    expect(routes.filter((route) => !route.includes('proto ra'))).toEqual([
      expect.stringMatching(new RegExp(`^default via ${ROUTER} .*metric 2048`)),
    ]);
  }

  async function expectFirst(): Promise<void> {
    await guest.waitFor(`ip -6 route show default dev ${wan} | grep -q "proto ra"`, 60);
    await guest.waitFor(`ip -4 address show dev ${private2} | grep -q 10.20.0.2/16`, 60);
    expect(await addressesOf(guest, wan)).toEqual(['2001:db8:41::20/64', '92.243.10.20/24']);
    expect(await addressesOf(guest, private1)).toEqual(['192.168.10.2/24']);
    expect(await addressesOf(guest, private2)).toEqual(['10.20.0.2/16']);
    expect(await guest.output('ip -4 route show default')).toMatch(
      new RegExp(`^default via ${GATEWAY} dev ${wan} [^\\n]*$`),
    );
    expect(await guest.output(`cat /sys/class/net/${wan}/mtu`)).toBe('1500');
    await expectIpv6Routes();
    await expectResolver([]);
  }

  async function expectSecond(): Promise<void> {
    await guest.waitFor(`ip -6 route show default dev ${wan} | grep -q "proto ra"`, 60);
    await guest.waitFor(`ip -4 address show dev ${wan} | grep -q 92.243.10.21/32`, 60);
    expect(await addressesOf(guest, wan)).toEqual([
      '2001:db8:41::20/64',
      '92.243.10.20/32',
      '92.243.10.21/32',
    ]);
    expect(await addressesOf(guest, private1)).toEqual(['192.168.10.2/24']);
    expect(await addressesOf(guest, private2)).toEqual([]);
    expect(await guest.output('ip -4 route show default')).toMatch(
      new RegExp(`^default via ${GATEWAY} dev ${wan} .*onlink`),
    );
    expect(await guest.output(`cat /sys/class/net/${wan}/mtu`)).toBe('1400');
    expect((await guest.run(`ping -c 1 -W 5 ${GATEWAY}`)).exitCode).toBe(0);
    await expectIpv6Routes();
    await expectResolver(['corp.example', 'example.net']);
  }

  async function expectManager({ manager, check }: Phase): Promise<void> {
    const parsed = await guest.run(`A=${wan} B=${private1}; ${check}`);
    expect(parsed, parsed.stderr).toMatchObject({ exitCode: 0 });
    const files = await guest.output('grep -rl "^# Written by gandi-bootstrap" /etc --include="*50-gandi*"');
    const places: Record<string, string> = {
      ifupdown: '/etc/network/interfaces.d/',
      'systemd-networkd': '/etc/systemd/network/',
      netplan: '/etc/netplan/',
      NetworkManager: '/etc/NetworkManager/system-connections/',
    };
    for (const file of files.split('\n')) expect(file).toContain(places[manager]);
  }

  it.each(phases)(
    '$manager: two boots, and a change in between',
    async (phase) => {
      if (phase.choose !== '') {
        await guest.output('cat > /gandi/config', { input: JSON.stringify(first) });
        await guest.output(phase.choose);
        await guest.reboot();
      }
      expect(await guest.waitForBoot()).toBe('running');
      await expectFirst();
      await expectManager(phase);

      await guest.output('cat > /gandi/config', { input: JSON.stringify(second) });
      await guest.output('ip monitor address > /run/monitor 2>&1 & echo $! > /run/monitor.pid');
      await guest.output('gandi-bootstrap', { seconds: 180 });
      await expectSecond();
      await expectManager(phase);
      await guest.output('kill $(cat /run/monitor.pid)');
      expect(await guest.output(`grep -c 192.168.10.2 /run/monitor || true`)).toBe('0');

      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      await expectSecond();
      expect((await guest.run('gandi-guest status --wait')).stdout).toMatch(/^unchanged\n/);
    },
    10 * minutes,
  );
});
