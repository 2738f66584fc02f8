import { beforeAll, describe, expect, it } from 'vitest';
import type { Guest } from './guest.ts';
import { imageWithManagers, NETWORK_MANAGERS, type NetworkManager } from './installed-managers.ts';
import type { Suite } from './rootfs.ts';
import { hostConfig, privateNetwork, publicNetwork, seedDisk } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

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
    { vif_mtu: 1450, pna: [{ pna_address: '92.243.10.20', pbn: ipv4('92.243.10.0/24') }, ipv6] },
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

/** What an interface has, as ip(8) tells it: `ADDRESS/PREFIX` in order. */
async function addressesOf(guest: Guest, name: string): Promise<string[]> {
  const [device] = JSON.parse(await guest.output(`ip -j address show dev ${name}`));
  const all: { scope: string; dynamic?: boolean; local: string; prefixlen: number }[] = device.addr_info;
  const listed = all.filter(({ scope, dynamic }) => scope === 'global' && dynamic !== true);
  return listed.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort();
}

/**
 * One guest that goes from one network manager to the next, each of which sets up what the host asks for in a boot and is
 * then told of a change of that in the running guest.
 *
 * @param pattern - of the names that its interfaces have.
 * @param kernelArguments - that these names come from.
 * @param seeded - what the host asks for at first.
 * @param bootsOfChange - the managers that have a change back in a further boot.
 */
export function testNetworkManagers(
  suite: Suite,
  pattern: RegExp,
  kernelArguments: readonly string[],
  seeded: 'first' | 'second',
  bootsOfChange: readonly string[],
): void {
  describe(`network managers of Debian ${suite}`, () => {
    const { guest } = useGuest(suite, {
      image: (folder) => imageWithManagers(suite, folder),
      root: { mebibytes: 1536 },
      machine: async (folder) => ({
        kernelArguments,
        disks: [
          { disk: await seedDisk(folder, 'seed.img', { config: seeded === 'first' ? first : second }) },
        ],
        interfaces: [
          publicNetwork,
          { ...privateNetwork, mac: MAC },
          { network: '10.20.0.0/16', hostAddress: '10.20.0.1' },
        ],
      }),
      minutes: 20,
    });
    /** Names of the interfaces, in the order of the machine's slots. */
    let names: [string, string, string];

    beforeAll(async () => {
      const [wan = '', lan0 = '', lan1 = ''] = (
        await guest.output('ls -d /sys/class/net/*/device | cut -d / -f 5 | sort -V')
      ).split('\n');
      names = [wan, lan0, lan1];
      for (const name of names) expect(name).toMatch(pattern);
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

    /** The IPv6 default route that is advertised, and the host's own as a reserve; none on private interfaces. */
    async function expectRoutes(privateNames: readonly string[]): Promise<void> {
      const [wan] = names;
      expect(await guest.output('ip -4 route show default')).toMatch(
        new RegExp(`^default via ${GATEWAY} dev ${wan} [^\\n]*$`),
      );
      const routes = await guest.output('ip -6 route show default');
      expect(routes).toMatch(new RegExp(`^default (nhid \\d+ )?(via ${ROUTER} dev ${wan} )?proto ra `, 'm'));
      expect(routes).toMatch(new RegExp(`^default via ${ROUTER} dev ${wan} .*metric 2048`, 'm'));
      // The machine advertises itself on each of its networks.
      for (const name of privateNames) expect(routes).not.toMatch(new RegExp(` dev ${name} `));
    }

    /** Waits until the manager is done with an interface; what it did is looked at then. */
    async function settled(): Promise<void> {
      const [wan] = names;
      await guest.waitFor(`ip -4 route show default | grep -q "dev ${wan} "`, 90);
      await guest.waitFor(
        `ip -6 route show default | grep -v "metric 2048" | grep -q "via ${ROUTER} dev ${wan} "`,
        90,
      );
      await guest.waitFor(`ip -6 route show default | grep -q "metric 2048"`, 90);
      await guest.waitFor('! ip -6 address | grep -q tentative', 90);
    }

    async function expectFirst(): Promise<void> {
      const [wan, lan0, lan1] = names;
      await settled();
      await guest.waitFor(`ip -4 address show dev ${lan1} | grep -q 10.20.0.2/16`, 60);
      expect(await addressesOf(guest, wan)).toEqual(['2001:db8:41::20/64', '92.243.10.20/24']);
      expect(await addressesOf(guest, lan0)).toEqual(['192.168.10.2/24']);
      expect(await addressesOf(guest, lan1)).toEqual(['10.20.0.2/16']);
      expect(await guest.output(`cat /sys/class/net/${wan}/mtu`)).toBe('1450');
      await expectRoutes([lan0, lan1]);
      await expectResolver([]);
    }

    async function expectSecond(): Promise<void> {
      const [wan, lan0, lan1] = names;
      await guest.waitFor(`ip -4 address show dev ${wan} | grep -q 92.243.10.21/32`, 60);
      await settled();
      expect(await addressesOf(guest, wan)).toEqual([
        '2001:db8:41::20/64',
        '92.243.10.20/32',
        '92.243.10.21/32',
      ]);
      expect(await addressesOf(guest, lan0)).toEqual(['192.168.10.2/24']);
      expect(await addressesOf(guest, lan1)).toEqual([]);
      expect(await guest.output(`cat /sys/class/net/${wan}/mtu`)).toBe('1400');
      expect((await guest.run(`ping -c 1 -W 5 ${GATEWAY}`)).exitCode).toBe(0);
      // The host does not name the third interface, which is configured by DHCP and advertisements.
      await expectRoutes([lan0]);
      await expectResolver(['corp.example', 'example.net']);
    }

    /** The manager's parser is content, and nothing is left of what was written for another one. */
    async function expectManager({ check, directory }: NetworkManager): Promise<void> {
      const [wan, lan0] = names;
      const parsed = await guest.run(`WAN=${wan}; LAN=${lan0}; ${check}`);
      expect(parsed, parsed.stderr).toMatchObject({ exitCode: 0 });
      const compared = await guest.run('gandi-guest verify');
      expect(compared, compared.stdout).toMatchObject({ exitCode: 0 });
      const files = await guest.output('grep -rl "^# Written by gandi-bootstrap" /etc --include="50-gandi*"');
      for (const file of files.split('\n')) expect(file).toContain(`${directory}/50-gandi-`);
    }

    const ask = (config: unknown) => guest.output('cat > /gandi/config', { input: JSON.stringify(config) });

    async function boot(): Promise<void> {
      await guest.reboot();
      const state = await guest.waitForBoot();
      expect(state, (await guest.run('systemctl --failed; gandi-guest status')).stdout).toBe('running');
    }

    const wanted = {
      first: { config: first, expect: expectFirst },
      second: { config: second, expect: expectSecond },
    };
    /** What the host asks for now. The next manager starts with the other than the one before, to go the other way. */
    let asked = seeded;

    async function askForOther(): Promise<void> {
      asked = asked === 'first' ? 'second' : 'first';
      await ask(wanted[asked].config);
    }

    for (const [index, phase] of NETWORK_MANAGERS.entries()) {
      const before = NETWORK_MANAGERS[index - 1]?.name;
      it(
        `${phase.name}: set up in a boot, and changed in the running guest`,
        async () => {
          if (phase.choose !== '') {
            if (before !== undefined && bootsOfChange.includes(before)) await askForOther();
            await guest.output(phase.choose);
            await boot();
          }
          await wanted[asked].expect();
          await expectManager(phase);

          await askForOther();
          await guest.output('ip monitor address > /run/monitor 2>&1 & echo $! > /run/monitor.pid');
          await guest.output('gandi-bootstrap', { seconds: 180 });
          await wanted[asked].expect();
          await expectManager(phase);
          await guest.output('kill $(cat /run/monitor.pid)');
          const monitored = (await guest.output('cat /run/monitor')).split('\n');
          expect(monitored.join('\n')).toContain('92.243.10.21');
          // What is unchanged was there all the time.
          expect(monitored.filter((line) => /^Deleted.*192\.168\.10\.2/.test(line))).toEqual([]);
        },
        10 * minutes,
      );

      it(
        `${phase.name}: is asked for what it made of an interface that is not as asked`,
        async () => {
          const named = `WAN=${names[0]}; LAN=${names[1]}`;
          await guest.output(`${named}; ${phase.spoil}`);
          await guest.waitFor('! ip -4 address show | grep -q 192.168.10.2/24', 60);
          await guest.waitFor('! gandi-guest verify | grep pending', 60);
          expect((await guest.run('gandi-guest verify')).stdout).toMatch(phase.says);
          await guest.output(`${named}; ${phase.mend}`);
          await guest.waitFor('gandi-guest verify', 60);
        },
        5 * minutes,
      );

      if (!bootsOfChange.includes(phase.name)) continue;
      it(
        `${phase.name}: changed back in the next boot`,
        async () => {
          await askForOther();
          await boot();
          await wanted[asked].expect();
          await expectManager(phase);
          expect((await guest.run('gandi-guest status')).stdout).toMatch(/^configured\n/);
          await guest.output('gandi-bootstrap');
          // An interface that the host does not name was configured by DHCP.
          expect((await guest.run('gandi-guest status')).stdout).toMatch(/^gandi-bootstrap: unchanged /m);
        },
        10 * minutes,
      );
    }
  });
}
