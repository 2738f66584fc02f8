import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DiskFile, mebibyte } from './disk.ts';
import { fingerprint } from './fingerprint.ts';
import type { Guest } from './guest.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, passwordHash, seedDisk, toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const DISK_MEBIBYTES = 3072;

async function bytesOf(guest: Guest, device: string): Promise<number> {
  return Number(await guest.output(`blockdev --getsize64 ${device}`));
}

async function fileSystemBytes(guest: Guest): Promise<number> {
  const [blocks, blockBytes] = (await guest.output('stat -f -c "%b %S" /')).split(' ').map(Number);
  return (blocks ?? 0) * (blockBytes ?? 0);
}

/** A run by hand, as an admin would try it, finds nothing to do and touches nothing. */
async function expectNothingLeftToDo(guest: Guest): Promise<void> {
  const before = await fingerprint(guest);
  expect(await guest.run('gandi-bootstrap')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  expect((await guest.run('gandi-guest status')).stdout).toMatch(/^gandi-bootstrap: unchanged/m);
  expect(await fingerprint(guest)).toBe(before);
}

describe('a guest on XFS in an MBR partition of a virtio-blk disk, whose seed disk comes late', () => {
  let key: KeyPair;
  let seed: DiskFile;
  const { guest } = useGuest('late-seed', {
    image: () =>
      toolkitImage({
        fileSystem: 'xfs',
        partitionTable: { type: 'mbr' },
        files: {
          '/etc/default/gandi': 'CONFIG_SEED_WAIT=120\n',
          // A driver that takes its time: udev has work to do until the test says so.
          '/etc/udev/rules.d/90-slow.rules':
            'ACTION=="add", KERNEL=="null", RUN+="/bin/sh -c \'until test -e /run/slow-is-over; do sleep 0.2; done\'"\n',
        },
      }),
    root: { bus: 'virtio-blk', mebibytes: DISK_MEBIBYTES },
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      seed = await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey) });
      return { interfaces: hostNetworks };
    },
    duringBoot: async (guest) => {
      await guest.waitFor('pgrep -f gandi-bootstrap', 120);
      expect(
        await guest.output('lsblk -n -o NAME -l | grep -v loop; systemctl is-active gandi-bootstrap || true'),
      ).toBe('vda\nvda1\nvda2\nactivating');
      await guest.attachDisk({ disk: seed });
      await guest.waitFor('systemctl is-active gandi-bootstrap', 60);
      await guest.output('touch /run/slow-is-over');
    },
    minutes: 20,
  });

  it('is configured from the disk that came while it waited', async () => {
    expect((await guest.run('gandi-guest status')).stdout).toMatch(/^configured\n/);
    expect(await guest.output('hostname; swapon --show=NAME --noheadings')).toBe('web1\n/dev/sda1');
    expect((await guest.ssh({ user: 'admin1', keyFile: key.keyFile }, 'id -un')).stdout).toBe('admin1\n');
  });

  it('has its partition and its file system in all of the disk', async () => {
    const partition = await bytesOf(guest, '/dev/vda2');
    expect(await bytesOf(guest, '/dev/vda')).toBe(DISK_MEBIBYTES * mebibyte);
    expect(partition).toBe((DISK_MEBIBYTES - 9) * mebibyte);
    expect(await guest.output('findmnt -n -o SOURCE,FSTYPE /')).toMatch(/^\/dev\/vda2\s+xfs$/);
    expect(await fileSystemBytes(guest)).toBeGreaterThan(partition * 0.95);
    expect(await guest.output('sfdisk --dump /dev/vda | grep vda2')).toMatch(/type=83, bootable$/);
  });

  it('has nothing left to do', () => expectNothingLeftToDo(guest));

  it('shows what it was given, without a secret', async () => {
    const shown = await guest.output('gandi-guest inspect');
    expect(shown).toMatch(/^configuration\tkept: \/gandi\/config$/m);
    expect(shown).toMatch(/^swap disk\t\/dev\/sda1, .*\(active\)$/m);
    expect(shown).toMatch(/^user\tadmin1\tvm_conf\.user$/m);
    expect(shown).not.toContain(passwordHash);
    expect(await guest.output('TERM=xterm script -qc "gandi-guest inspect" /dev/null')).toMatch(
      /user {2,}admin1 {2,}vm_conf\.user/,
    );
  });

  it('shows what it would do, and does not do it', async () => {
    await guest.output('cp -p /gandi/config /run/config && sed -i s/web1/web2/ /gandi/config');
    const before = await fingerprint(guest);
    const plan = await guest.output('gandi-bootstrap --dry-run --only identity --only users');
    expect(plan).toMatch(
      /^identity:\n {2}would write \/etc\/hostname .*\n {4}--- \/etc\/hostname\n(?: {4}.*\n){2} {4}-web1\n {4}\+web2\n {2}would write/,
    );
    expect(plan.match(/^identity:/gm)).toHaveLength(1);
    expect(plan).toMatch(/\n\ngandi-bootstrap: would configure \(from \/gandi\/config\)\n/);
    expect(plan).toMatch(/\nidentity\twould change\twrite .*, and 3 more\nusers\tunchanged$/);
    const onTerminal = 'TERM=xterm script -qc "gandi-bootstrap --dry-run --only identity" /dev/null';
    expect(await guest.output(onTerminal)).toContain('\u001b[32m+web2\u001b[39m');
    expect(await fingerprint(guest)).toBe(before);
    await guest.output('mv /run/config /gandi/config');
  });

  it('tells a user who may not look what to do', async () => {
    const { exitCode, stderr } = await guest.run('su admin1 -c "/usr/sbin/gandi-bootstrap"');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^gandi-bootstrap: \/\S+: permission denied; run it as root\n$/);
  });
});

describe('a guest on btrfs in a whole disk', () => {
  const { guest } = useGuest('btrfs', {
    image: () => toolkitImage({ fileSystem: 'btrfs' }),
    root: { bus: 'virtio-blk', mebibytes: DISK_MEBIBYTES },
    machine: async (folder) => {
      const { publicKey } = await makeKeyPair(join(folder, 'key'));
      const seed = await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey), layout: 'xen' });
      return { disks: [{ disk: seed, bus: 'virtio-blk' }], interfaces: hostNetworks };
    },
    minutes: 20,
  });

  it('is configured', async () => {
    expect((await guest.run('gandi-guest status')).stdout).toMatch(/^configured\n/);
    expect(await guest.output('hostname; id -nG admin1')).toBe('web1\nadmin1 sudo');
  });

  it('has its file system in all of the disk', async () => {
    expect(await guest.output('findmnt -n -o SOURCE,FSTYPE /')).toMatch(/^\/dev\/vda\s+btrfs$/);
    expect(await fileSystemBytes(guest)).toBe(await bytesOf(guest, '/dev/vda'));
  });

  it('has nothing left to do', () => expectNothingLeftToDo(guest));
});

/**
 * Puts an overlay over the root file system whose files are in memory, as live images do, and goes on there. The path of
 * these files leads to another directory afterwards, for what was / is at /mnt then.
 */
const OVERLAY_INIT = `#!/bin/sh
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
modprobe overlay
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
: > /mnt/root/etc/fstab
for each in dev proc run sys; do mount --move /$each /mnt/root/$each; done
cd /mnt/root
pivot_root . mnt
exec chroot . /lib/systemd/systemd < /dev/console > /dev/console 2>&1
`;

describe('a guest whose root file system is an overlay in memory', () => {
  let seed: DiskFile;
  let asGiven: Buffer;
  const { guest } = useGuest('overlay', {
    image: () => toolkitImage({ files: { '/usr/sbin/init': { text: OVERLAY_INIT, mode: 0o755 } } }),
    machine: async (folder) => {
      const { publicKey } = await makeKeyPair(join(folder, 'key'));
      seed = await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey) });
      asGiven = readFileSync(seed.file);
      return { disks: [{ disk: seed }], interfaces: hostNetworks };
    },
    minutes: 20,
  });

  // The next boot, which knows of nothing, finds what this one found.
  it('is configured from an archive that stays on its disk, as is all of the disk', async () => {
    expect(await guest.output('findmnt -n -o FSTYPE /')).toBe('overlay');
    expect(await guest.output('hostname; id -nG admin1')).toBe('web1\nadmin1 sudo');
    const { stdout } = await guest.run('gandi-guest status');
    expect(stdout).toMatch(/^configured\n/);
    expect(await guest.output('journalctl -o cat -u gandi-bootstrap')).toMatch(
      /the archive stays on \/dev\/sd[ab]1?, which is not used as swap: \/gandi is lost at the next reboot/,
    );
    expect(await guest.output('cat /proc/swaps | wc -l')).toBe('1');
    await guest.output('sync');
    expect(readFileSync(seed.file).equals(asGiven)).toBe(true);
  });
});
