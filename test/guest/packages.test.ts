import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianPackage, version } from '../packages/build.ts';
import { dataDisk, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { rootImage } from './image.ts';
import type { GuestDisk, MachineOptions } from './machine.ts';
import { repackedPackages, repositoryDisk } from './package-repository.ts';
import { rootFileSystem, type Suite } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk } from './toolkit.ts';

const minutes = 60_000;

const releases: Suite[] = ['bookworm', 'trixie'];

/** What apt, dpkg and the guest itself keep, whatever is installed. */
const NOT_OURS = [
  '/var/lib/apt',
  '/var/lib/dpkg',
  '/var/cache',
  '/var/log',
  '/var/lib/systemd',
  '/var/tmp',
  '/tmp',
];

/** The admin's setting, which an upgrade keeps. */
const SETTING = 'CONFIG_MOTD=0';

/** What the host asked for, and is the guest's own by now. */
const OF_THE_GUEST = [
  '/etc/mailname',
  '/etc/network/interfaces.d/50-gandi-eth0',
  '/etc/network/interfaces.d/50-gandi-eth1',
  '/etc/network/interfaces.d/50-gandi-lo',
  '/etc/ssh/sshd_config.d/90-gandi.conf',
  '/etc/subgid-',
  '/etc/subuid-',
  '/home/admin1',
  '/home/admin1/.bash_logout',
  '/home/admin1/.bashrc',
  '/home/admin1/.profile',
  '/home/admin1/.ssh',
  '/home/admin1/.ssh/authorized_keys',
  '/root/.ssh/authorized_keys',
];

describe.each(releases)('a plain Debian %s', (suite) => {
  let folder: string;
  let key: KeyPair;
  let options: MachineOptions;
  let guest: Guest;
  let later: string;
  let before: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gandi-guest-apt-'));
    key = await makeKeyPair(join(folder, 'key'));
    const rootfs = await rootFileSystem(suite);
    const image = await rootImage({ rootfs });
    later = `${await version()}+1`;
    const repositories = await repackedPackages(await debianPackage(), rootfs.tree, later, folder);
    // No disk of the host's kind, so that the host's has the same name in each boot: of several SCSI disks, the kernel
    // finds another one first now and then, and a boot that finds them so looks at everything.
    const disks = [
      await overlayDisk(image, join(folder, 'root.qcow2'), 4096),
      await repositoryDisk(folder, repositories),
    ].map((disk): GuestDisk => ({ disk, bus: 'virtio-blk' }));
    options = { image, disks };
    guest = await Guest.boot({ ...options, name: suite });
    expect(await guest.waitForBoot()).toBe('running');
    before = await paths();
  }, 20 * minutes);

  afterAll(async () => {
    await guest?.powerCut();
    await rm(folder, { recursive: true });
  });

  /** Takes the package of that repository, as an admin would who has no other one. */
  async function install(repository: string): Promise<void> {
    await guest.output(
      `mount --read-only LABEL=packages /mnt
       echo 'deb [trusted=yes] file:/mnt/${repository} ./' > /etc/apt/sources.list
       apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes gandi-guest && umount /mnt`,
      { seconds: 300 },
    );
  }

  /** All files, directories and links of the root file system. */
  async function paths(): Promise<string[]> {
    const left = NOT_OURS.map((path) => `-path ${path}`).join(' -o ');
    return (await guest.output(`find / -xdev \\( ${left} \\) -prune -o -print`)).split('\n').sort();
  }

  /** Waits for a boot in which nothing fails, and returns what the toolkit tells of it. */
  async function statusOfBoot(): Promise<string> {
    const state = await guest.waitForBoot();
    const status = (await guest.run('gandi-guest status --wait')).stdout;
    expect(state, status).toBe('running');
    return status;
  }

  /** In less time than as it is distributed. */
  async function reboot(): Promise<string> {
    await guest.reboot(undefined, options);
    return statusOfBoot();
  }

  const installed = () => guest.output('dpkg --list gandi-guest | tail -n 1 | tr -s " "');
  const hostname = () => guest.output('hostname');
  const login = async (user: string) =>
    (await guest.ssh({ user, keyFile: key.keyFile }, 'hostname; id -un', 60)).stdout;

  it(
    'gets the toolkit by apt, and stays as it is until its next boot',
    async () => {
      // As it is delivered it takes a guest a minute to unpack, under emulation: apt installs that in test/packages.
      await install('released');
      expect(await installed()).toContain(`ii gandi-guest ${await version()} amd64 `);
      expect(await guest.output('hostname; systemctl --failed --no-legend')).toBe('debian');
      expect((await guest.run('gandi-guest status')).stdout).toMatch(/^not-run\n/);
      await guest.output(`sed -i 's/^CONFIG_MOTD=.*/${SETTING}/' /etc/default/gandi`);
    },
    10 * minutes,
  );

  it(
    'is configured by its next boot, from the disk that its host attached',
    async () => {
      await guest.powerOff();
      const seed = { disk: await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey) }) };
      options = { ...options, disks: [...options.disks, seed], interfaces: hostNetworks };
      // All that Debian starts is started: the package is to get along with it. Debian 12 has that in first-boot.test.ts.
      await guest.powerOn({ ...options, asDistributed: suite === 'trixie' });
      expect(await statusOfBoot()).toMatch(/^configured\n/);
      expect(await hostname()).toBe('web1');
      expect(await login('admin1')).toBe('web1\nadmin1\n');
    },
    10 * minutes,
  );

  // One release shows each of these, before what is left is purged: an upgrade is dpkg's work, which test/packages has for
  // Debian 12, and what uses a disk is the kernel's.
  if (suite === 'bookworm') {
    it('keeps a data disk mounted that is in use when the toolkit is removed', async () => {
      const disk = await dataDisk(join(folder, 'data.img'), { mebibytes: 32, label: 'data' });
      const attached = await guest.attachDisk({ disk });
      await guest.waitFor('findmnt -rn /srv/data', 60);
      await guest.output('(setsid sh -c "exec sleep 10000 > /srv/data/in-use" > /dev/null 2>&1 &)');
      const use = () =>
        guest.output('findmnt -rno ID,OPTIONS /srv/data; readlink /proc/$(pgrep -nx sleep)/fd/1');
      const inUse = await use();
      expect(inUse).toContain('/srv/data/in-use');
      await guest.output('dpkg --remove gandi-guest', { seconds: 180 });
      expect(await use()).toBe(inUse);
      await guest.output(
        'echo more > /srv/data/more; pkill -nx sleep; umount --lazy /srv/data; rmdir /srv/data',
      );
      await guest.detach(attached);
    });
  } else {
    it(
      'stays configured over an upgrade, after which the first boot looks at everything again, and the next need not',
      async () => {
        // Without the upgrade, these would make it a boot in which nothing is new.
        expect(await guest.output('ls /var/lib/gandi/steady')).toBe(
          'gandi-bootstrap\ngandi-bootstrap.bytes\ngandi-config',
        );
        await install('next');
        expect(await installed()).toContain(`ii gandi-guest ${later} amd64 `);
        expect(await guest.output('grep ^CONFIG_MOTD= /etc/default/gandi')).toBe(SETTING);

        const first = await reboot();
        expect(first).toMatch(/^unchanged\n/);
        expect(first).not.toContain('in which nothing was new');
        expect(await login('root')).toBe('web1\nroot\n');

        const second = await reboot();
        for (const program of ['gandi-bootstrap', 'gandi-config'])
          expect(second).toContain(`${program}: unchanged (this boot, in which nothing was new`);
      },
      10 * minutes,
    );
  }

  it(
    'keeps its configuration, and nothing else, when the toolkit is purged',
    async () => {
      await guest.output('DEBIAN_FRONTEND=noninteractive apt-get purge --yes gandi-guest', { seconds: 180 });
      const after = await paths();
      expect(after.filter((path) => !before.includes(path))).toEqual(OF_THE_GUEST);
      expect(before.filter((path) => !after.includes(path))).toEqual([]);
      expect(await guest.output('ls -d /run/gandi /var/log/gandi* || true')).toBe('');
      expect(await hostname()).toBe('web1');
      expect(await login('admin1')).toBe('web1\nadmin1\n');
    },
    10 * minutes,
  );
});
