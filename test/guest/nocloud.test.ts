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

const UUID = '6f1d0a52-7c1e-4f0b-9d4e-0123456789ab';
const OTHER_UUID = '0b1e2d3c-4a5f-4e6d-8c7b-ba9876543210';

/** What a clone must not share. */
const HOST_KEYS = 'cat /etc/ssh/ssh_host_*_key.pub';

const metaData = (id: string, name: string, keys = '') =>
  `instance-id: ${id}\nlocal-hostname: ${name}\n${keys}`;

/** Two commands: a line of a shell script, and words with a quote in them. */
const cloudConfig = (key: string) => `#cloud-config
hostname: web1
users: [default, ann, {name: bob, groups: [adm]}]
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
      return {
        disks: [{ disk: seed, bus: 'optical', readOnly: true }],
        interfaces: [LEASED, FIXED],
        uuid: UUID,
      };
    },
    minutes: 20,
  });

  const bootstrap = () => guest.run('gandi-bootstrap --json');

  it('lets the distribution’s usual user in by the key, and be an administrator', async () => {
    const login = { user: 'debian', keyFile: key.keyFile };
    expect((await guest.ssh(login, 'id -nG')).stdout).toBe('debian sudo\n');
    expect(await guest.output('hostname')).toBe('web1');
  });

  it('makes each user with a number, a home and subordinate numbers of its own', async () => {
    const accounts = await guest.output('getent passwd debian ann bob');
    const numbers = accounts.split('\n').map((line) => line.split(':')[2]);
    expect(numbers).toEqual(['1000', '1001', '1002']);
    expect(await guest.output('stat -c %U:%G /home/*')).toBe('ann:ann\nbob:bob\ndebian:debian');
    expect(await guest.output('id -nG bob')).toBe('bob adm');
    for (const file of ['/etc/subuid', '/etc/subgid'])
      expect(await guest.output(`cut -d : -f 2 ${file} | sort -u | wc -l`), file).toBe('3');
    // The programs of shadow(5) see nothing wrong.
    expect(await guest.run('pwck -rq && grpck -rq')).toMatchObject({ exitCode: 0 });
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
    'keeps what it has, and is no clone, once the CD is gone and an interface was replaced',
    async () => {
      const own = `cat /etc/machine-id; ${HOST_KEYS}`;
      const before = await guest.output(own);
      await guest.powerOff();
      await powerOn([], { interfaces: [LEASED, { ...FIXED, mac: '52:54:00:67:61:99' }] });
      expect(await guest.waitForBoot()).toBe('running');
      const { stdout } = await guest.run('gandi-guest status --wait');
      expect(stdout).not.toMatch(/another guest/);
      expect(await guest.output(own)).toBe(before);
      expect(await guest.output('cat /var/lib/gandi/instance.json')).toMatch(
        /"instanceId":"iid-1".*"52:54:00:67:61:00","52:54:00:67:61:99"/,
      );
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
    const keys = await guest.output(HOST_KEYS);
    const accepted = await guest.run('gandi-guest accept "$(blkid -t LABEL=cidata -o device)"');
    expect(accepted).toMatchObject({ exitCode: 0 });
    expect((await bootstrap()).exitCode).toBe(0);
    expect(await guest.output('hostname')).toBe('evil');
    // Its instance id is another, and nothing else: that costs no host keys.
    expect(await guest.output(HOST_KEYS)).toBe(keys);
    expect(await guest.output('cat /var/lib/gandi/instance.json')).toContain('"instanceId":"iid-2"');
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
  const { guest, folder, powerOn } = useGuest('nocloud-two', {
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
        uuid: UUID,
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

  it(
    'is another guest as a copy on another machine, and keeps what is the admin’s',
    async () => {
      const ISCSI = '/etc/iscsi/initiatorname.iscsi';
      const NETWORK_MANAGER = '/var/lib/NetworkManager/secret_key';
      await guest.output(`set -e
        mkdir -p /var/lib/dbus /etc/iscsi /var/lib/NetworkManager /var/lib/dhcp
        rm -f /var/lib/dbus/machine-id
        cp /etc/machine-id /var/lib/dbus/machine-id
        echo InitiatorName=iqn.golden > ${ISCSI}
        echo golden > ${NETWORK_MANAGER}
        echo lease > /var/lib/dhcp/dhclient.eth9.leases
        echo mine > /root/mine`);
      // One that a boot has rewritten is another anyway.
      const [id, keys] = [await guest.output('cat /etc/machine-id'), await guest.output(HOST_KEYS)];
      await guest.powerOff();
      const disk = await isoSeed(folder, 'clone.iso', {
        'meta-data': metaData('iid-clone', 'copy'),
        'user-data': '#!/bin/sh\ncat /etc/machine-id > /root/id-at-first-boot\n',
      });
      await powerOn([{ disk, bus: 'optical', readOnly: true, scsiId: 2 }], {
        uuid: OTHER_UUID,
        interfaces: [{ ...LEASED, mac: '52:54:00:67:61:aa' }],
      });
      const state = await guest.waitForBoot();
      const { stdout } = await guest.run('gandi-guest status --wait');
      expect(state, `${await guest.output('systemctl --failed --plain --no-legend')}\n${stdout}`).toBe(
        'running',
      );
      expect(stdout).toContain(`SMBIOS UUID ${UUID}, now ${OTHER_UUID}`);
      // In a virtual machine systemd takes the UUID; what started after us had it already.
      expect(await guest.output('cat /etc/machine-id')).toBe(OTHER_UUID.replaceAll('-', ''));
      await guest.waitFor('test -s /root/id-at-first-boot');
      expect(await guest.output('cat /root/id-at-first-boot')).not.toBe(id);
      expect(await guest.output('readlink /var/lib/dbus/machine-id')).toBe('/etc/machine-id');
      const after = await guest.output(HOST_KEYS);
      for (const line of after.split('\n')) expect(keys).not.toContain(line.split(' ')[1]);
      for (const type of ['rsa', 'ecdsa', 'ed25519']) {
        const key = `/etc/ssh/ssh_host_${type}_key`;
        expect(await guest.output(`stat -c %a ${key}; ssh-keygen -y -f ${key} | cut -d' ' -f2`)).toBe(
          `600\n${await guest.output(`cut -d' ' -f2 ${key}.pub`)}`,
        );
      }
      expect(await guest.output('ls -A /etc/ssh | grep gandi- || true')).toBe('');
      expect(
        await guest.output(`ls -d ${NETWORK_MANAGER} /var/lib/dhcp/dhclient.eth9.leases 2>/dev/null || true`),
      ).toBe('');
      expect(await guest.output(`hostname; cat /root/mine ${ISCSI}`)).toBe(
        'copy\nmine\nInitiatorName=iqn.golden',
      );
      expect((await guest.run('gandi-guest doctor')).stdout).toContain(`warning ${ISCSI}`);
      expect((await guest.run('gandi-bootstrap --json')).stdout).not.toContain('another guest');
      expect(await guest.output(HOST_KEYS)).toBe(after);
      await guest.waitFor('ip -4 -o address show | grep -q 10.0.2.15/24');
    },
    5 * minutes,
  );
});
