import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Attached } from './hot-plug.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, publicNetwork, seedDisk, toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** Private networks of the host's configuration, the first there at boot, and two that it does not know. */
const BACKEND = { network: '10.20.0.0/16', hostAddress: '10.20.0.1', mac: '52:54:00:67:62:00' };
const LAN = { network: '192.168.10.0/24', hostAddress: '192.168.10.1', mac: '52:54:00:67:62:01' };
const UNKNOWN = { network: '10.77.0.0/24', hostAddress: '10.77.0.1', mac: '52:54:00:67:62:02', routed: true };
const EXCLUDED = { network: '10.78.0.0/24', hostAddress: '10.78.0.1', mac: '52:54:00:67:62:03' };

/** Notes down how it was called, and which addresses the interface had by then. */
const HOOK = '#!/bin/sh\necho "$* $(ip -4 -o address show dev "$1" | wc -l)" >> /run/hook.log\n';

const STALE_LEASE = 'lease { fixed-address 203.0.113.9; }';

interface Variant {
  manager: string;
  kernelArguments: string[];
  /** Links to be in the guest's /etc/systemd/system. */
  links: Record<string, string>;
  /** The files for an interface: with addresses of the host's, and for DHCP. */
  staticFile: (name: string) => string;
  dhcpFile: (name: string) => string;
  /** The host's configuration names the interface by its MAC address. */
  byMac: boolean;
}

const variants: readonly Variant[] = [
  {
    manager: 'ifupdown',
    kernelArguments: [],
    links: {},
    staticFile: (name) => `/etc/network/interfaces.d/50-gandi-${name}`,
    dhcpFile: (name) => `/run/gandi/ifupdown/${name}`,
    byMac: false,
  },
  {
    manager: 'systemd-networkd',
    kernelArguments: ['net.ifnames=1'],
    links: {
      'networking.service': '/dev/null',
      'multi-user.target.wants/systemd-networkd.service': '/usr/lib/systemd/system/systemd-networkd.service',
    },
    staticFile: (name) => `/etc/systemd/network/50-gandi-${name}.network`,
    dhcpFile: (name) => `/run/systemd/network/50-gandi-${name}.network`,
    byMac: true,
  },
];

describe.each(variants)('interfaces that come and go, with $manager', (variant) => {
  let key: KeyPair;
  const { guest } = useGuest(variant.manager, {
    image: (folder) => {
      const units = join(folder, 'overlay/etc/systemd/system');
      for (const [link, target] of Object.entries(variant.links)) {
        mkdirSync(join(units, link, '..'), { recursive: true });
        symlinkSync(target, join(units, link));
      }
      mkdirSync(units, { recursive: true });
      return toolkitImage({ overlays: [join(folder, 'overlay')] });
    },
    root: { mebibytes: 2048 },
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const config = hostConfig(key.publicKey);
      const [wan] = config.vif as object[];
      const privateNetwork = (number: number, address: string, network: string) => ({
        vif_number: number,
        pna: [{ pna_address: address, pvn: { pvn_network: network, pvn_gateway: null } }],
      });
      const vif = [
        wan,
        privateNetwork(1, '10.20.0.2', BACKEND.network),
        {
          ...privateNetwork(2, '192.168.10.2', LAN.network),
          ...(variant.byMac ? { vif_mac: LAN.mac } : {}),
        },
      ];
      return {
        // Each is used once: names come from their numbers.
        hotplugPorts: 5,
        kernelArguments: variant.kernelArguments,
        disks: [{ disk: await seedDisk(folder, 'seed.img', { config: { ...config, vif } }) }],
        interfaces: [publicNetwork, BACKEND],
      };
    },
    // The last interface of the configuration is not there, which gandi-bootstrap reports.
    state: 'degraded',
    minutes: 20,
  });
  /** Names of the guest's first interface, and of those in the private networks. */
  let first: string;
  let backend: string;
  let lan: string;
  let attachedLan: Attached;

  const nameOf = ({ mac }: { mac: string }) =>
    guest.output(`basename $(dirname $(grep -l ${mac} /sys/class/net/*/address))`);

  /** Waits until an interface has been dealt with, and gives its name. */
  async function served({ mac }: typeof LAN): Promise<string> {
    const unit = `gandi-iface@$(basename $(dirname $(grep -l ${mac} /sys/class/net/*/address)))`;
    const ended = `systemctl show -p SubState --value ${unit} | grep -q "exited\\|failed"`;
    await guest.waitFor(`grep -q ${mac} /sys/class/net/*/address && ${ended}`, 120);
    return nameOf({ mac });
  }

  async function attach(nic: typeof LAN): Promise<{ attached: Attached; name: string }> {
    const attached = await guest.attachInterface(nic);
    return { attached, name: await served(nic) };
  }

  async function detach(attached: Attached, name: string): Promise<void> {
    await guest.detach(attached);
    await guest.waitFor(`[ "$(systemctl show -p ActiveState --value gandi-iface@${name})" = inactive ]`, 60);
  }

  const ipv4Of = async (name: string) => {
    const text = await guest.output(`ip -4 -o address show dev ${name}`);
    return [...text.matchAll(/inet (\S+)/g)].map(([, address]) => address);
  };

  const valuesOf = (name: string) =>
    guest.output(`cd /proc/sys/net/ipv4/conf/${name} && echo $(cat arp_announce rp_filter arp_filter)`);

  /** Whether the rules have systemd asked by a process when that interface comes, beside what its device wants. */
  const isAskedFor = async (name: string) => {
    const shown = await guest.output(`udevadm test --action=add /sys/class/net/${name} 2>&1`);
    expect(shown).toContain(`gandi-iface@${name}.service`);
    return shown.includes('/bin/systemctl --no-block start');
  };

  const marked = async () => (await guest.output('ls /run/gandi/interfaces')).split('\n').sort();

  const hookCalls = (name: string) => guest.output(`grep '^${name} ' /run/hook.log || true`);

  beforeAll(async () => {
    first = await guest.output("ip -4 -o route show default | sed 's/.* dev \\([^ ]*\\).*/\\1/'");
    backend = await nameOf(BACKEND);
    await guest.output(
      'cat > /etc/gandi/hooks/post-iface-attach; chmod 755 /etc/gandi/hooks/post-iface-attach',
      {
        input: HOOK,
      },
    );
    await guest.output(`ip monitor address > /run/monitor 2>&1 & sha256sum /etc/resolv.conf > /run/resolver`);
  });

  it('starts no process for what the boot has configured', async () => {
    expect(await marked()).toEqual([first, backend].sort());
    expect(await guest.output(`journalctl -b -o cat _SYSTEMD_UNIT=gandi-iface@${first}.service`)).toBe('');
    expect(
      await guest.output(`systemctl show -p Result,ExecMainStartTimestampMonotonic gandi-iface@${first}`),
    ).toBe('Result=success\nExecMainStartTimestampMonotonic=0');
    expect(await guest.output(`journalctl -b -o cat -u gandi-iface@${first}.service`)).toMatch(
      /skipped because of.*\/run\/gandi\/interfaces/,
    );
    expect(await isAskedFor(first)).toBe(false);
  });

  it(
    'gives an interface the addresses that the host has for it',
    async () => {
      ({ attached: attachedLan, name: lan } = await attach(LAN));
      expect(await ipv4Of(lan)).toEqual(['192.168.10.2/24']);
      expect(await guest.output(`head -n 1 ${variant.staticFile(lan)}`)).toMatch(
        /^# Written by gandi-bootstrap/,
      );
      expect((await guest.run('ping -c 1 -W 5 192.168.10.1')).exitCode).toBe(0);
      expect(await valuesOf(lan)).toBe('2 0 0');
      expect(await hookCalls(lan)).toBe(`${lan} 1`);
    },
    3 * minutes,
  );

  it(
    'does so again for one that was taken out',
    async () => {
      await detach(attachedLan, lan);
      expect(await marked()).toEqual([first, backend].sort());
      expect(await isAskedFor(first)).toBe(true);
      const again = await attach(LAN);
      expect(await ipv4Of(again.name)).toEqual(['192.168.10.2/24']);
      expect((await guest.run('ping -c 1 -W 5 192.168.10.1')).exitCode).toBe(0);
      ({ attached: attachedLan, name: lan } = again);
    },
    4 * minutes,
  );

  // Whichever manager it is.
  if (!variant.byMac) {
    it(
      'does so again for one that comes back before its unit has stopped',
      async () => {
        const drop = '/run/systemd/system/gandi-iface@.service.d';
        await guest.output(`mkdir -p ${drop} && cat > ${drop}/slow.conf && systemctl daemon-reload`, {
          input: '[Service]\nExecStopPost=/bin/sleep 5\n',
        });
        await guest.detach(attachedLan);
        await guest.waitFor(`systemctl show -P SubState gandi-iface@${lan} | grep -qx stop-post`, 60);
        attachedLan = await guest.attachInterface(LAN);
        await guest.output(`rm -r ${drop} && systemctl daemon-reload`);
        await guest.waitFor(`ip -4 -o address show dev ${lan} | grep -q 192.168.10.2/24`, 60);
        expect(await served(LAN)).toBe(lan);
      },
      4 * minutes,
    );
  }

  it(
    'does so again for one that the boot configured',
    async () => {
      const device = await guest.output(`readlink -f /sys/class/net/${backend}/device/..`);
      await guest.output(`echo 1 > ${device}/remove`);
      await guest.waitFor(`! test -e /run/gandi/interfaces/${backend}`);
      await guest.output('echo 1 > /sys/bus/pci/rescan');
      expect(await served(BACKEND)).toBe(backend);
      expect(await ipv4Of(backend)).toEqual(['10.20.0.2/16']);
      expect(await valuesOf(backend)).toBe('2 0 0');
    },
    3 * minutes,
  );

  it(
    'asks by DHCP for what the host does not know, but never for what CONFIG_NODHCP names',
    async () => {
      // The names that two more interfaces will have, and one that begins like the first of them.
      const [, head = '', number = '', tail = ''] = /^(enp|eth)(\d+)(.*)$/.exec(lan) ?? [];
      const [unknown, excluded] = [1, 2].map((more) => `${head}${Number(number) + more}${tail}`);
      await guest.output(
        `sed -i 's/^CONFIG_NODHCP=.*/CONFIG_NODHCP="${first} ${unknown}2 ${excluded}"/' /etc/default/gandi; mkdir -p /var/lib/dhcp; echo '${STALE_LEASE}' > /var/lib/dhcp/dhclient.${unknown}.leases; rm /run/hook.log`,
      );
      const attachedUnknown = await guest.attachInterface(UNKNOWN);
      // The kernel gives names as it finds devices.
      await guest.waitFor(`grep -q ${UNKNOWN.mac} /sys/class/net/*/address`);
      const attachedExcluded = await guest.attachInterface(EXCLUDED);
      const dynamic = await served(UNKNOWN);
      const silent = await served(EXCLUDED);

      expect(dynamic).toBe(unknown);
      expect(await ipv4Of(dynamic)).toEqual(['10.77.0.15/24']);
      expect(await valuesOf(dynamic)).toBe('2 0 0');
      expect(await hookCalls(dynamic)).toBe(`${dynamic} 1`);
      expect(await guest.output(`head -n 1 ${variant.dhcpFile(dynamic)}`)).toMatch(/^# Written by gandi-b/);
      expect(await guest.output('cat /var/lib/dhcp/* 2>/dev/null || true')).not.toContain('203.0.113.9');
      // The default route of the lease is there, behind the host's; the name servers of the lease are not used.
      const routes = (await guest.output('ip -4 route show default')).split('\n');
      expect(routes).toHaveLength(2);
      expect(routes.find((route) => route.includes('10.77.0.1'))).toMatch(/metric 20(49|5\d)/);
      expect(await guest.output('ip -4 route get 198.51.100.1')).toContain(`dev ${first} `);
      expect(await guest.output('sha256sum --check --status /run/resolver && echo same')).toBe('same');

      expect(silent).toBe(excluded);
      expect(await hookCalls(silent)).toBe(`${silent} 0`);
      expect(await ipv4Of(silent)).toEqual([]);
      expect(await guest.output(`ip link show up dev ${silent}`)).toContain(silent);
      expect((await guest.run(`test -e ${variant.dhcpFile(silent)}`)).exitCode).toBe(1);
      expect((await guest.run(`pgrep -af "dhclient.*${silent}"`)).exitCode).toBe(1);

      await detach(attachedUnknown, dynamic);
      await detach(attachedExcluded, silent);
      expect((await guest.run(`test -e ${variant.dhcpFile(dynamic)}`)).exitCode).toBe(1);
      expect((await guest.run('pgrep -a "dhclient|dhcpcd"')).exitCode).toBe(1);
      expect(await marked()).toEqual([first, backend, lan].sort());
      expect(await guest.output('sha256sum --check --status /run/resolver && echo same')).toBe('same');
    },
    6 * minutes,
  );

  it('changes nothing when it is run again, and shows what it would do', async () => {
    const again = await guest.run(`gandi-bootstrap interface ${lan} --json`);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 'unchanged', steps: [{ changes: [] }] });
    await guest.output(`mv ${variant.staticFile(lan)} /root/`);
    const plan = await guest.run(`gandi-bootstrap interface ${lan} --dry-run`);
    expect(plan.stdout).toContain(`+++ ${variant.staticFile(lan)}`);
    expect((await guest.run(`test -e ${variant.staticFile(lan)}`)).exitCode).toBe(1);
    await guest.output(`mv /root/${variant.staticFile(lan).split('/').at(-1)} ${variant.staticFile(lan)}`);
    const missing = await guest.run('gandi-bootstrap interface eth99');
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain('interface eth99: the guest has no such interface');
  });

  it('leaves the first interface alone all the while, and the journal without an error', async () => {
    expect((await guest.ssh({ user: 'admin1', keyFile: key.keyFile }, 'true')).exitCode).toBe(0);
    expect(await guest.output(`grep 'inet 92.243.10.20' /run/monitor || true`)).toBe('');
    // dhclient says so when its interface goes.
    const journal = await guest.output("journalctl -b -q -p warning -o short -u 'gandi-iface@*'");
    const lines = journal.split('\n').filter((line) => !/ dhclient\[\d+\]: .*Network is down$/.test(line));
    expect(lines.join('\n')).toBe('');
  });
});
