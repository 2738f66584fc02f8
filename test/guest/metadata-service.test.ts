import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AMAZON, ec2Instance, ec2Networks } from './ec2-instance.ts';
import { byTokens, type MetadataServer, startMetadataServer } from './metadata-server.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

describe('Debian 13 whose host has a metadata service', () => {
  let key: KeyPair;
  let service: MetadataServer;
  const { guest, powerOn } = useGuest('metadata-service', {
    image: async () => toolkitImage({ rootfs: await rootFileSystem('trixie') }),
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      service = await startMetadataServer(folder, byTokens);
      service.content = ec2Instance(key.publicKey);
      return {
        system: AMAZON,
        interfaces: ec2Networks(service.command),
      };
    },
    minutes: 20,
  });
  afterAll(() => service?.close());

  // QEMU forwards no connection to a link-local address.
  const keys = () => guest.output('cat /home/debian/.ssh/authorized_keys');
  const bootAs = async (system: Record<string, string>) => {
    await guest.powerOff();
    await powerOn([], { system });
    return await guest.waitForBoot();
  };

  it('is configured by the service', async () => {
    expect(service.asked[0]).toBe('PUT /latest/api/token');
    expect(await guest.output('hostname')).toBe('cloud1');
    const { stdout } = await guest.run('gandi-guest status --wait');
    expect(stdout).toMatch(/gandi-metadata: configured \(this boot, from the metadata service of EC2\)/);
    expect(stdout).toMatch(/ec2\s+taken/);
    await guest.waitFor('test -s /root/runs');
    expect(await guest.output('cat /root/runs')).toBe('/var/lib/gandi/scripts/user-data\ncloud1');
  });

  it('lets the distribution’s usual user in by the key of the service', async () => {
    expect(await guest.output('id -nG debian')).toBe('debian sudo');
    expect(await keys()).toContain(key.publicKey.trim());
  });

  it('has a metric for each interface, and routes of its own for the second one', async () => {
    await guest.waitFor('ip -4 -o address show dev eth1 | grep -q 10.0.3.15/24');
    expect(await guest.output('ip -4 -o address show dev eth1')).toContain('10.0.3.20/24');
    expect(await guest.output('ip rule show')).toMatch(/32000:\s+from 10\.0\.3\.15 lookup 101/);
    expect(await guest.output('ip route show table 101')).toMatch(
      /default via 10\.0\.3\.1 dev eth1[\s\S]*10\.0\.3\.0\/24 dev eth1/,
    );
  });

  it(
    'has what it learned where the service is silent at a later boot, says so, and goes on',
    async () => {
      service.isSilent = true;
      service.asked.length = 0;
      expect(await bootAs(AMAZON)).toBe('degraded');
      expect(service.asked.length).toBeGreaterThan(0);
      expect(await guest.output('hostname')).toBe('cloud1');
      expect(await keys()).toContain(key.publicKey.trim());
      const { stdout } = await guest.run('gandi-guest status --wait');
      expect(stdout).toMatch(/gandi-metadata: failed/);
      expect(stdout).toMatch(/169\.254\.169\.254\/latest\/api\/token: found no answer in time/);
      expect(await guest.output('systemctl --failed --plain --no-legend | cut -d" " -f1')).toBe(
        'gandi-metadata.service',
      );
      expect(await guest.output('wc -l < /root/runs')).toBe('2');
    },
    5 * minutes,
  );

  it(
    'makes no connection where the firmware names no such host, and keeps what it has',
    async () => {
      service.isSilent = false;
      service.asked.length = 0;
      expect(await bootAs({ manufacturer: 'QEMU' })).toBe('running');
      expect(await guest.output('systemctl show -p ConditionResult --value gandi-metadata')).toBe('no');
      expect((await guest.run('gandi-guest inspect')).stdout).toMatch(
        /ec2.*not asked: this is no guest of such a host, by its firmware/,
      );
      expect((await guest.run('gandi-bootstrap metadata')).exitCode).toBe(0);
      // Of the kernel's own count, of the whole boot and whoever it was (RFC 4022, tcpActiveOpens).
      expect(await guest.output("awk '/^Tcp: [0-9]/ { print $6 }' /proc/net/snmp")).toBe('0');
      expect(await guest.output('hostname; wc -l < /root/runs')).toBe('cloud1\n2');
      expect(service.asked).toEqual([]);
    },
    5 * minutes,
  );
});
