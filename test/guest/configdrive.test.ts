import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { DiskFile } from './disk.ts';
import { isoSeed, novaDrive } from './nocloud-seed.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

const LEASED = { network: '10.0.2.0/24', hostAddress: '10.0.2.2', guestAddress: '10.0.2.15' } as const;
const FIXED = { network: '192.168.10.0/24', hostAddress: '192.168.10.1' } as const;
/** Of the first and second interface (test/guest/machine-interfaces.ts). */
const MACS = ['52:54:00:67:61:00', '52:54:00:67:61:01'];

const OPTICAL = { bus: 'optical', readOnly: true } as const;

/** A NoCloud volume of FAT, of 1 MiB. */
async function fatSeed(
  folder: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<DiskFile> {
  const file = join(folder, name);
  await writeFile(file, Buffer.alloc(1024 * 1024));
  await execa('mkfs.vfat', ['-F', '12', '-n', 'CIDATA', file]);
  for (const [path, input] of Object.entries(files))
    await execa('mcopy', ['-i', file, '-', `::${path}`], { input });
  return { file, format: 'raw' };
}

async function overwrite(file: string, from: number, to?: number): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(0xff, from, to));
}

const NETWORK_DATA = {
  links: [
    { id: 'tap1', type: 'ovs', ethernet_mac_address: MACS[0], mtu: null, vif_id: 'x' },
    { id: 'tap2', type: 'bridge', ethernet_mac_address: MACS[1]?.toUpperCase(), mtu: 1400, vif_id: 'y' },
    // Of a NIC that the guest lacks.
    { id: 'tap3', type: 'phy', ethernet_mac_address: 'fa:16:3e:00:00:03', mtu: null, vif_id: 'z' },
    { id: 'vlan7', type: 'vlan', vlan_link: 'tap2', vlan_id: 7, vlan_mac_address: 'fa:16:3e:00:00:0a' },
  ],
  networks: [
    { id: 'n0', type: 'ipv4_dhcp', link: 'tap1', network_id: 'a' },
    {
      id: 'n1',
      type: 'ipv4',
      link: 'tap2',
      ip_address: '192.168.10.2',
      netmask: '255.255.255.0',
      routes: [{ network: '198.51.100.0', netmask: '255.255.255.0', gateway: '192.168.10.1' }],
      network_id: 'b',
    },
    {
      id: 'n2',
      type: 'ipv6',
      link: 'vlan7',
      ip_address: '2001:db8::2',
      netmask: 'ffff:ffff:ffff:ffff::',
      routes: [],
    },
    { id: 'n3', type: 'ipv4_dhcp', link: 'tap3' },
  ],
  services: [{ type: 'dns', address: '192.168.10.1' }],
};

describe('Debian 13 with a ConfigDrive', () => {
  let key: KeyPair;
  const { guest, folder, powerOn } = useGuest('configdrive', {
    image: async () => toolkitImage({ rootfs: await rootFileSystem('trixie') }),
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const latest = {
        'meta_data.json': JSON.stringify({
          uuid: '9d1f6fd0-5bd1-4f7e-9c0a-000000000001',
          hostname: 'web1.novalocal',
          name: 'web1',
          launch_index: 0,
          availability_zone: 'nova',
          random_seed: 'AAECAw==',
          public_keys: { mine: key.publicKey },
          keys: [{ name: 'mine', type: 'ssh', data: key.publicKey }],
          files: [{ path: '/etc/from-drive', content_path: '/content/0000' }],
        }),
        'network_data.json': JSON.stringify(NETWORK_DATA),
        user_data: '#!/bin/sh\necho "$0" >> /root/runs; hostname -f >> /root/runs\n',
        'vendor_data.json': '{}',
        'vendor_data2.json': '{"static": {}}',
      };
      const versions = ['2012-08-10', '2018-08-27', 'latest'];
      const drive = await novaDrive(folder, {
        ...Object.fromEntries(
          versions.flatMap((version) =>
            Object.entries(latest).map(([name, text]) => [`openstack/${version}/${name}`, text]),
          ),
        ),
        'openstack/content/0000': 'of the drive\n',
        'ec2/latest/meta-data.json': '{}',
      });
      return { disks: [{ ...OPTICAL, disk: drive }], interfaces: [LEASED, FIXED] };
    },
    minutes: 20,
  });

  it('has its name, lets the usual user in by the key, and runs the script once', async () => {
    const login = { user: 'debian', keyFile: key.keyFile };
    expect((await guest.ssh(login, 'id -nG')).stdout).toBe('debian sudo\n');
    await guest.waitFor('test -s /root/runs');
    expect(await guest.output('cat /root/runs')).toBe('/var/lib/gandi/scripts/user-data\nweb1.novalocal');
  });

  it('has the network of its links by their MAC addresses, and a line for the one it lacks', async () => {
    await guest.waitFor('ip -4 -o address show dev eth0 | grep -q 10.0.2.15/24');
    expect(await guest.output('ip -o address show dev eth1; cat /sys/class/net/eth1/mtu')).toMatch(
      /192\.168\.10\.2\/24[\s\S]*1400/,
    );
    expect(await guest.output('ip route show 198.51.100.0/24')).toContain('via 192.168.10.1 dev eth1');
    expect(await guest.output('ip -d -o link show dev vlan7; ip -6 -o address show dev vlan7')).toMatch(
      /vlan7@eth1[\s\S]*fa:16:3e:00:00:0a[\s\S]*id 7 [\s\S]*2001:db8::2\/64/,
    );
    const { stdout } = await guest.run('gandi-guest status');
    expect(stdout).toContain('fa:16:3e:00:00:03');
  });

  it(
    'keeps what it has once the drive is gone',
    async () => {
      await guest.powerOff();
      await powerOn([]);
      expect(await guest.waitForBoot()).toBe('running');
      const { stdout } = await guest.run('gandi-guest status --wait');
      expect(stdout).toMatch(/^unchanged\n/);
      expect(await guest.output('hostname; wc -l < /root/runs')).toBe('web1\n2');
      await guest.waitFor('ip -4 -o address show dev eth0 | grep -q 10.0.2.15/24');
      await guest.waitFor('ip -6 -o address show dev vlan7 | grep -q 2001:db8::2/64');
    },
    5 * minutes,
  );

  const metaData = (name: string) => `instance-id: ${name}\nlocal-hostname: ${name}\n`;
  /** More than one cluster of FAT. */
  const userData = `#!/bin/sh\n${'true\n'.repeat(4000)}`;

  it.each<[string, (name: string) => Promise<DiskFile>]>([
    [
      'joliet',
      (name) => isoSeed(folder, name, { 'meta-data': metaData(name), 'user-data': userData }, 'joliet'),
    ],
    [
      'plain',
      (name) => isoSeed(folder, name, { 'meta-data': metaData(name), 'user-data': userData }, 'plain'),
    ],
    ['fat', (name) => fatSeed(folder, name, { 'meta-data': metaData(name), 'user-data': userData })],
  ])('is configured by a NoCloud volume in a drive that the host attaches then: %s', async (name, make) => {
    const attached = await guest.attachDisk({ ...OPTICAL, disk: await make(name), scsiId: 1 });
    await guest.waitFor('udevadm settle && blkid -L cidata || blkid -L CIDATA');
    const { stdout } = await guest.run('gandi-bootstrap --json');
    expect(await guest.output('hostname'), stdout).toBe(name);
    await guest.detach(attached);
    await guest.waitFor('! test -b /dev/sr0');
  });

  it('takes a volume whose meta-data have no bytes, and keeps the name that it has', async () => {
    const disk = await isoSeed(folder, 'empty', { 'meta-data': '', 'user-data': '' });
    const attached = await guest.attachDisk({ ...OPTICAL, disk, scsiId: 1 });
    await guest.waitFor('udevadm settle && blkid -L cidata');
    expect((await guest.run('gandi-bootstrap')).stderr).not.toContain('problem:');
    expect(await guest.output('cat /var/lib/gandi/source.json')).toMatch(/"instanceId": ?"nocloud"/);
    expect(await guest.output('hostname')).toBe('fat');
    await guest.detach(attached);
    await guest.waitFor('! test -b /dev/sr0');
  });

  /** Its directories and files are overwritten, its descriptors are not. */
  const damagedIso = async (name: string) => {
    const seed = await isoSeed(folder, name, { 'meta-data': metaData(name), 'user-data': '' });
    await overwrite(seed.file, 19 * 2048);
    return seed;
  };

  it.each<[string, (name: string) => Promise<DiskFile>]>([
    ['directories', damagedIso],
    [
      'table',
      async (name) => {
        const seed = await fatSeed(folder, name, { 'meta-data': metaData(name), 'user-data': userData });
        // The first table of clusters lies behind the one sector that is kept (mkfs.vfat --help, -R).
        await overwrite(seed.file, 512, 1024);
        return seed;
      },
    ],
    ['yaml', (name) => isoSeed(folder, name, { 'meta-data': 'instance-id: [', 'user-data': '' })],
  ])('refuses a volume that is damaged, and what it has stays: %s', async (name, make) => {
    const attached = await guest.attachDisk({ ...OPTICAL, disk: await make(`bad-${name}`), scsiId: 1 });
    await guest.waitFor('udevadm settle && blkid -L cidata || blkid -L CIDATA');
    const { exitCode, stdout, stderr } = await guest.run('gandi-bootstrap');
    const hostName = await guest.output('hostname');
    // Before anything is expected: the next one is to find no other drive.
    await guest.detach(attached);
    await guest.waitFor('! test -b /dev/sr0');
    expect(exitCode, stdout).toBe(1);
    expect(stderr).toContain('problem: source: /dev/sr0: ');
    expect(hostName).toBe('fat');
  });

  it(
    'boots with a volume that is damaged, and says so',
    async () => {
      await guest.powerOff();
      await powerOn([{ ...OPTICAL, disk: await damagedIso('bad-boot'), scsiId: 1 }]);
      expect(await guest.waitForBoot()).toBe('degraded');
      const { stdout } = await guest.run('gandi-guest status --wait');
      expect(stdout).toContain('which cannot be used');
      expect(await guest.output('hostname; systemctl --failed --plain --no-legend | cut -d" " -f1')).toBe(
        'fat\ngandi-bootstrap.service',
      );
    },
    5 * minutes,
  );

  const credential = `io.systemd.credential.binary:gandi.config=${Buffer.from('{"vm_hostname":"by-smbios"}').toString('base64')}`;

  it(
    'is configured by what the machine is started with, when it has nothing else',
    async () => {
      await guest.powerOff();
      await powerOn([], { oemStrings: ['a string of the host', credential] });
      await guest.waitForBoot();
      const { stdout } = await guest.run('gandi-guest status --wait; gandi-guest inspect');
      expect(stdout).toContain('systemd credentials (SMBIOS type 11)');
      expect(await guest.output('hostname')).toBe('by-smbios');
    },
    5 * minutes,
  );

  it(
    'starts no program at the next boot with the same, and sees where it is gone',
    async () => {
      await guest.powerOff();
      await powerOn([], { oemStrings: ['a string of the host', credential] });
      expect(await guest.waitForBoot()).toBe('running');
      expect((await guest.run('gandi-guest status --wait')).stdout).toContain(
        'gandi-bootstrap: unchanged (this boot, in which nothing was new',
      );
    },
    5 * minutes,
  );
});
