import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DiskFile } from './disk.ts';
import { cpioDisk, isoSeed } from './nocloud-seed.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** QEMU's DHCP server gives an address there; the second network has none for us. */
const LEASED = { network: '10.0.2.0/24', hostAddress: '10.0.2.2', guestAddress: '10.0.2.15' } as const;
const FIXED = { network: '192.168.10.0/24', hostAddress: '192.168.10.1' } as const;
const MAC = '52:54:00:67:61:00';

const NETWORK = `network:
  version: 2
  ethernets:
    lease:
      match: {macaddress: "${MAC}"}
      dhcp4: true
    eth1:
      addresses: [192.168.10.2/24, "2001:db8::2/64"]
      routes: [{to: 198.51.100.0/24, via: 192.168.10.1, metric: 50}]
      nameservers: {addresses: [192.168.10.1], search: [corp.example]}
`;

const metaData = (id: string, name: string, keys = '') =>
  `instance-id: ${id}\nlocal-hostname: ${name}\n${keys}`;

/** Two commands: a line of a shell script, and words with a quote in them. */
const cloudConfig = (key: string) => `#cloud-config
hostname: web1
users: [default]
ssh_authorized_keys: ["${key}"]
runcmd:
  - echo "$0" >> /root/runs; hostname >> /root/runs
  - [sh, -c, 'echo "$1" > /root/words', sh, "it's 0644"]
`;

describe('Debian 12 with a NoCloud CD', () => {
  let key: KeyPair;
  let seed: DiskFile;
  const { guest, folder, powerOn } = useGuest('nocloud', {
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      seed = await isoSeed(folder, 'seed.iso', {
        // What user-data say of the name counts before this.
        'meta-data': metaData('iid-1', 'web0'),
        'user-data': cloudConfig(key.publicKey.trim()),
        'network-config': NETWORK,
      });
      return { disks: [{ disk: seed, bus: 'optical', readOnly: true }], interfaces: [LEASED, FIXED] };
    },
    minutes: 20,
  });

  const bootstrap = () => guest.run('gandi-bootstrap --json');

  it('lets the distribution’s usual user in by the key, and be an administrator', async () => {
    const login = { user: 'debian', keyFile: key.keyFile };
    expect((await guest.ssh(login, 'id -nG')).stdout).toBe('debian sudo\n');
    expect(await guest.output('hostname')).toBe('web1');
  });

  it('asks by DHCP on the interface of that MAC address, and gives the other its addresses', async () => {
    await guest.waitFor('ip -4 -o address show dev eth0 | grep -q 10.0.2.15/24');
    expect(await guest.output('ip -o address show dev eth1')).toMatch(
      /192\.168\.10\.2\/24[\s\S]*2001:db8::2\/64/,
    );
    expect(await guest.output('ip route show 198.51.100.0/24')).toMatch(
      /via 192\.168\.10\.1 dev eth1.* metric 50/,
    );
  });

  it('runs the commands of user-data once, words as they are written', async () => {
    await guest.waitFor('test -s /root/words');
    expect(await guest.output('cat /root/runs')).toBe('/var/lib/gandi/scripts/runcmd\nweb1');
    expect(await guest.output('cat /root/words')).toBe("it's 0644");
  });

  it('says of each setting which file and field it is from', async () => {
    const { stdout } = await guest.run('gandi-guest inspect');
    expect(stdout).toMatch(/host name\s+web1\s+user-data hostname/);
    expect(stdout).not.toContain('local-hostname');
    expect(stdout).toMatch(/network-config .*ethernets\.eth1\.addresses\[0\]/);
    expect((await guest.run('gandi-guest verify')).exitCode).toBe(0);
  });

  it(
    'starts no program at the second boot, in which nothing is new',
    async () => {
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      expect((await guest.run('gandi-guest status --wait')).stdout).toContain(
        'gandi-bootstrap: unchanged (this boot, in which nothing was new',
      );
      expect(await guest.output('wc -l < /root/runs')).toBe('2');
    },
    5 * minutes,
  );

  it(
    'keeps what it has once the CD is gone',
    async () => {
      await guest.powerOff();
      await powerOn([]);
      expect(await guest.waitForBoot()).toBe('running');
      const { stdout } = await guest.run('gandi-guest status --wait');
      expect(stdout).toMatch(/^unchanged\n/);
      expect(await guest.output('hostname; wc -l < /root/runs')).toBe('web1\n2');
      await guest.waitFor('ip -4 -o address show dev eth0 | grep -q 10.0.2.15/24');
    },
    5 * minutes,
  );

  it('refuses a volume that comes later on a disk, and takes it once it is accepted', async () => {
    const other = await isoSeed(folder, 'other.iso', {
      'meta-data': metaData('iid-2', 'evil'),
      'user-data': '',
    });
    const attached = await guest.attachDisk({ disk: other, readOnly: true, scsiId: 7 });
    await guest.waitFor('test -n "$(blkid -t LABEL=cidata -o device)"');
    const refused = await bootstrap();
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toContain('run gandi-guest accept /dev/');
    expect(await guest.output('hostname')).toBe('web1');
    const accepted = await guest.run('gandi-guest accept "$(blkid -t LABEL=cidata -o device)"');
    expect(accepted).toMatchObject({ exitCode: 0 });
    expect((await bootstrap()).exitCode).toBe(0);
    expect(await guest.output('hostname')).toBe('evil');
    await guest.detach(attached);
  });

  it.each(['odc', 'bin', 'newc', 'crc'] as const)(
    'reads a CPIO disk of format %s where it is asked for',
    async (format) => {
      const disk = await cpioDisk(folder, `${format}.img`, { nodename: `from-${format}\n` }, format);
      const attached = await guest.attachDisk({ disk, scsiId: 8 });
      await guest.waitFor('udevadm settle && test -b /dev/disk/by-path/*-scsi-0:0:8:0');
      const seed = await guest.output('readlink -f /dev/disk/by-path/*-scsi-0:0:8:0');
      const { stdout } = await guest.run(`gandi-guest inspect --seed ${seed}`);
      expect(stdout).toMatch(new RegExp(`host name\\s+from-${format}\\s+nodename`));
      await guest.detach(attached);
    },
  );

  it('refuses a volume that is damaged, and what it has stays', async () => {
    const damaged = await isoSeed(folder, 'damaged.iso', {
      'meta-data': metaData('iid-3', 'x'),
      'user-data': '',
    });
    const bytes = Buffer.alloc(2048, 0xff);
    // Over the root directory, which genisoimage puts there.
    await writeFile(damaged.file, bytes, { flag: 'r+' });
    const attached = await guest.attachDisk({ disk: damaged, readOnly: true, scsiId: 9 });
    await guest.waitFor('udevadm settle');
    expect((await bootstrap()).exitCode).toBeLessThan(2);
    expect(await guest.output('hostname')).toBe('evil');
    await guest.detach(attached);
  });
});

describe('Debian 13 with two NoCloud volumes', () => {
  const { guest } = useGuest('nocloud-two', {
    image: async () => toolkitImage({ rootfs: await rootFileSystem('trixie') }),
    machine: async (folder) => {
      const volume = (name: string) =>
        isoSeed(folder, `${name}.iso`, { 'meta-data': metaData(name, name), 'user-data': '' }, 'joliet');
      return {
        disks: [
          { disk: await volume('one'), bus: 'optical', readOnly: true },
          { disk: await volume('two'), bus: 'optical', readOnly: true },
        ],
        interfaces: [LEASED],
      };
    },
    state: 'degraded',
    minutes: 20,
  });

  it('is configured by neither, and names both', async () => {
    const { stdout } = await guest.run('gandi-guest status');
    expect(stdout).toMatch(/2 volumes that differ: \/dev\/sr0 and \/dev\/sr1/);
    expect(await guest.output('hostname')).not.toMatch(/one|two/);
  });

  it('takes the one that is accepted, which has a name and nothing else: DHCP on all', async () => {
    expect((await guest.run('gandi-guest accept /dev/sr1')).exitCode).toBe(0);
    expect((await guest.run('gandi-bootstrap')).exitCode).toBe(1);
    expect(await guest.output('hostname')).toMatch(/^(one|two)$/);
    await guest.waitFor('ip -4 -o address show | grep -q 10.0.2.15/24');
  });
});
