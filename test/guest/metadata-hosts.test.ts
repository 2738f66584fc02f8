import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { byHeader, keyOf, METADATA_HOSTS, type MetadataHost, systemOf } from './metadata-hosts.ts';
import { type MetadataServer, startMetadataServer } from './metadata-server.ts';
import { INSIDE_FILES, ServiceInside, type Way } from './metadata-service-inside.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

const { ec2, digitalOcean, openStack, hetzner, vultr, scaleway, gce } = METADATA_HOSTS;

/** The kernel's count of connections that programs began since the boot (RFC 4022, tcpActiveOpens). */
const CONNECTIONS = "awk '/^Tcp: [0-9]/ { print $6 }' /proc/net/snmp";

interface Boot {
  suite: 'bookworm' | 'trixie';
  /** The host of a real first boot, at which QEMU leads to the service. */
  first: (key: string) => MetadataHost;
  network: { network: string; hostAddress: string; guestAddress: string };
  /** Those that it has afterwards, one after the other. */
  others: ((key: string) => MetadataHost)[];
}

const BOOTS: Boot[] = [
  {
    suite: 'bookworm',
    first: digitalOcean,
    // So wide that the service is in it, as QEMU wants it, and the droplet's own network.
    network: { network: '160.0.0.0/4', hostAddress: '162.243.1.1', guestAddress: '162.243.1.10' },
    others: [openStack, hetzner, scaleway, gce, vultr],
  },
  {
    suite: 'trixie',
    first: gce,
    // The same, where the guest asks by DHCP: QEMU's server begins behind the network's own address with 2.15 (net/slirp.c).
    network: { network: '160.0.0.0/4', hostAddress: '162.243.1.1', guestAddress: '160.0.2.15' },
    others: [digitalOcean, openStack, scaleway, ec2, vultr, hetzner],
  },
];

describe.each(BOOTS)('Debian $suite, on one host with a metadata service after the other', (boot) => {
  let key: KeyPair;
  let service: MetadataServer;
  const { guest, powerOn } = useGuest(`metadata-hosts-${boot.suite}`, {
    image: async () => toolkitImage({ rootfs: await rootFileSystem(boot.suite), files: INSIDE_FILES }),
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const host = boot.first(key.publicKey);
      service = await startMetadataServer(folder, byHeader(host));
      service.content = host.content;
      return {
        system: systemOf(host),
        interfaces: [
          { ...boot.network, servers: { '169.254.169.254:80': service.command } },
          { network: '10.0.3.0/24', hostAddress: '10.0.3.2' },
        ],
      };
    },
    minutes: 20,
  });
  const inside = new ServiceInside(guest);
  afterAll(() => service?.close());

  const status = async () => (await guest.run('gandi-guest status --wait')).stdout;

  /** All that the host says is so. */
  async function expectConfigured(host: MetadataHost, hostKey: string): Promise<void> {
    const said = await status();
    expect(said).toMatch(
      `gandi-metadata: configured (this boot, from the metadata service of ${host.service})`,
    );
    expect(await guest.output('hostname')).toBe(host.hostName);
    const keysOf = (user: string) => guest.output(`cat ~${user}/.ssh/authorized_keys`);
    expect(await keysOf(host.user)).toContain(hostKey.trim());
    expect(await keysOf(`op${host.source}`)).toContain(keyOf(99));
    await guest.output(`sudo -u ${host.user} sudo -n true`);
    for (const [name, addresses] of Object.entries(host.addresses)) {
      for (const address of addresses)
        await guest.waitFor(`ip -o address show dev ${name} | grep -qF ' ${address} '`, 60);
    }
    await guest.waitFor(`grep -qx ${host.source} /root/ran`, 60);
    expect(await guest.output(`cat /etc/from-${host.source}`)).toBe(`file of ${host.source}`);
  }

  it(
    'is configured at its first boot, and can be logged in to',
    async () => {
      const host = boot.first(key.publicKey);
      await expectConfigured(host, key.publicKey);
      const login = await guest.ssh({ user: host.user, keyFile: key.keyFile }, 'hostname');
      expect(login).toMatchObject({ exitCode: 0, stdout: `${host.hostName}\n` });
    },
    5 * minutes,
  );

  // A boot of one of the two is enough.
  if (boot.suite === 'bookworm') {
    it(
      'has what it learned where the service is silent at the next boot',
      async () => {
        service.isSilent = true;
        await guest.powerOff();
        await powerOn([]);
        expect(await guest.waitForBoot()).toBe('degraded');
        const host = boot.first(key.publicKey);
        expect(await status()).toMatch(/gandi-metadata: failed/);
        expect(await guest.output('hostname; wc -l < /root/ran')).toBe(`${host.hostName}\n1`);
        expect(await guest.output('ip -o address show dev eth0')).toContain(host.addresses.eth0?.[0]);
      },
      5 * minutes,
    );
  }

  it.each(boot.others.map((make, index) => [make(keyOf(index + 1)), keyOf(index + 1)] as const))(
    'is moved to $source, and is configured by its service',
    async (host, hostKey) => {
      // QEMU leads away from the guest at 169.254.169.254; OpenStack's other address is asked where that one is silent.
      service.isSilent = true;
      // EC2 is asked seven questions, by a guest that knows something for ten seconds in all: too short for this service.
      if (host.source === 'ec2') await guest.run('rm /var/lib/gandi/source.json');
      expect(await inside.boot(host), await status()).toBe(0);
      await guest.run('systemctl restart gandi-postboot gandi-postboot-background', { seconds: 180 });
      await expectConfigured(host, hostKey);
      if (host.source === 'openstack') {
        expect(await guest.output('readlink /etc/localtime')).toMatch('Asia/Tokyo');
        expect(await guest.output('cat /etc/injected')).toBe('injected');
      }
      if (host.source === 'scaleway')
        expect(await guest.output('cat ~debian/.ssh/authorized_keys')).toContain(keyOf(98));
      if (host.source === 'gce') await guest.waitFor('grep -qx start /root/ran');
    },
    8 * minutes,
  );

  const ways: [Way, RegExp][] = [
    ['busy', /found status 503/],
    ['hang', /found no answer in time/],
    ['drip', /found no answer in time/],
    ['short', /found no answer/],
    ['elsewhere', /found a redirect \(status 302\), which is not followed/],
  ];
  it.each(ways)(
    'keeps what it has where the service has this way: %s',
    async (way, told) => {
      const has = () => guest.output('hostname; cat ~debian/.ssh/authorized_keys');
      const before = await has();
      await inside.setWay(way);
      expect(await inside.ask()).not.toBe(0);
      expect((await inside.asked()).length).toBeGreaterThan(0);
      const said = await status();
      expect(said).toMatch(/gandi-metadata: failed/);
      expect(said).toMatch(told);
      expect(await has()).toBe(before);
    },
    3 * minutes,
  );

  it('does nothing more once the service says again what it said before', async () => {
    await inside.setWay('answer');
    expect(await inside.ask(), await status()).toBe(0);
    expect(await status()).toMatch(/gandi-metadata: unchanged/);
  });

  it(
    'connects to nobody where the firmware names no such host',
    async () => {
      await inside.setFirmware({ sys_vendor: 'QEMU' });
      await inside.setWay('answer');
      const before = await guest.output(CONNECTIONS);
      await guest.output('systemctl restart gandi-bootstrap', { seconds: 180 });
      expect((await guest.run('test -e /run/gandi/metadata')).exitCode).toBe(1);
      expect((await guest.run('gandi-bootstrap metadata')).exitCode).toBe(0);
      expect(await guest.output(CONNECTIONS)).toBe(before);
      expect((await guest.run('test -e /run/asked')).exitCode).toBe(1);
    },
    3 * minutes,
  );
});
