import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blankDisk, type DiskFile, dataDisk, exportDisk, mebibyte } from './disk.ts';
import { fingerprint } from './fingerprint.ts';
import { Guest } from './guest.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, passwordHash, seedDisk, toolkitImage } from './toolkit.ts';

const minutes = 60_000;
const DISK_MEBIBYTES = 3072;
const ZERO_GUID = '00000000-0000-0000-0000-000000000000';
/** What sfdisk(8) calls the attribute bit 2 of a GPT partition. */
const ATTRIBUTE = 'LegacyBIOSBootable';

// Which name a disk gets differs from boot to boot; its SCSI target does not.
const ROOT = '$(findmnt -n -o SOURCE /)';
const ROOT_DISK = `/dev/$(lsblk -n -o PKNAME ${ROOT})`;
const SWAP = '$(swapon --show=NAME --noheadings)';
const PLACES = `lsblk -d -n -o HCTL ${ROOT_DISK}; lsblk -d -n -o HCTL ${SWAP}`;

interface PartitionTable {
  id: string;
  partitions: { start: number; size: number; type: string; uuid: string; name?: string; attrs?: string }[];
}

async function partitionTable(disk: string): Promise<PartitionTable> {
  return JSON.parse((await execa('sfdisk', ['--json', disk])).stdout).partitiontable;
}

/** What `systemctl enable systemd-networkd` and `systemctl mask networking` leave in a Debian 12. */
function networkdTree(folder: string): string {
  const tree = join(folder, 'networkd');
  const units = '/lib/systemd/system';
  const links = {
    'networking.service': '/dev/null',
    'dbus-org.freedesktop.network1.service': `${units}/systemd-networkd.service`,
    'multi-user.target.wants/systemd-networkd.service': `${units}/systemd-networkd.service`,
    'network-online.target.wants/systemd-networkd-wait-online.service': `${units}/systemd-networkd-wait-online.service`,
    'sockets.target.wants/systemd-networkd.socket': `${units}/systemd-networkd.socket`,
  };
  for (const [name, target] of Object.entries(links)) {
    const link = join(tree, 'etc/systemd/system', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
  }
  return tree;
}

/** A disk from a fresh image on which the host put more room behind the last partition. */
async function largerDisk(image: string, file: string): Promise<DiskFile> {
  await execa('cp', ['--sparse=always', image, file]);
  await execa('sgdisk', ['--attributes=2:set:2', file]);
  truncateSync(file, DISK_MEBIBYTES * mebibyte);
  return { file, format: 'raw' };
}

describe('a guest with systemd-networkd, its root in the last GPT partition of the second disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-partitioned-'));
  let key: KeyPair;
  let guest: Guest;
  let seed: DiskFile;
  let root: DiskFile;
  let before: PartitionTable;

  beforeAll(async () => {
    key = await makeKeyPair(join(folder, 'key'));
    const image = await toolkitImage({
      overlays: [networkdTree(folder)],
      partitionTable: { type: 'gpt', label: 'gandiroot', zeroDiskGuid: true },
    });
    root = await largerDisk(image.file, join(folder, 'root.img'));
    before = await partitionTable(root.file);
    seed = await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey), layout: 'raw' });
    guest = await Guest.boot({
      name: 'partitioned',
      image,
      disks: [{ disk: seed }, { disk: root }],
      interfaces: hostNetworks,
    });
    expect(await guest.waitForBoot()).toBe('running');
  }, 20 * minutes);

  afterAll(async () => {
    await guest?.powerCut();
    rmSync(folder, { recursive: true });
  });

  it('starts as hosts make it', () => {
    expect(before.id).toBe(ZERO_GUID);
    expect(before.partitions.at(-1)).toMatchObject({ name: 'gandiroot', attrs: ATTRIBUTE });
  });

  it('has root on the second disk, and the seed disk as swap', async () => {
    expect(await guest.output(PLACES)).toBe('0:0:1:0\n0:0:0:0');
    expect(await guest.output(`echo ${ROOT}`)).toMatch(/^\/dev\/sd[ab]2$/);
    expect(await guest.output(`echo ${SWAP}`)).toMatch(/^\/dev\/sd[ab]$/);
    expect((await guest.output(`blkid -p -s TYPE -s LABEL -o value ${SWAP}`)).split('\n')).toEqual([
      'swap',
      'swap',
    ]);
  });

  it('lets the user and root in by the key', async () => {
    const user = { user: 'admin1', keyFile: key.keyFile };
    expect((await guest.ssh(user, 'id -nG; hostname')).stdout).toBe('admin1 sudo\nweb1\n');
    expect((await guest.ssh({ ...user, user: 'root' }, 'id -un')).stdout).toBe('root\n');
  });

  it('has its addresses, its route and its name servers from networkd, without DHCP', async () => {
    expect(await guest.output('ip -4 -o address show dev eth0')).toContain('inet 92.243.10.20/24');
    expect(await guest.output('ip -4 -o address show dev eth1')).toContain('inet 192.168.10.2/24');
    expect((await guest.output('ip -4 route show default')).trimEnd()).toBe(
      'default via 92.243.10.254 dev eth0 proto static',
    );
    expect(await guest.output('networkctl --json=short list')).toMatch(
      /"Name":"eth0".*"AdministrativeState":"configured"/,
    );
    expect(await guest.output('grep -c ^nameserver /etc/resolv.conf')).toBe('3');
    expect(await guest.output('ls /etc/network/interfaces.d')).toBe('');
    expect((await guest.run('pgrep -a "dhclient|dhcpcd"')).exitCode).toBe(1);
  });

  it('has root in all of the disk', async () => {
    const [size, partition, disk] = (
      await guest.output(`stat -f -c "%b %S" /; blockdev --getsize64 ${ROOT} ${ROOT_DISK}`)
    ).split('\n');
    const [blocks, blockBytes] = (size ?? '').split(' ').map(Number);
    expect(Number(disk)).toBe(DISK_MEBIBYTES * mebibyte);
    expect(Number(disk) - Number(partition)).toBeLessThan(11 * mebibyte);
    expect((blocks ?? 0) * (blockBytes ?? 0)).toBeGreaterThan(Number(partition) * 0.95);
  });

  it('has all the queues that its network devices offer, and no complaint about them', async () => {
    const queues = await guest.output('ls -d /sys/class/net/eth0/queues/rx-* | wc -l');
    expect(queues).toBe('1');
    const { programs } = JSON.parse(await guest.output('gandi-guest status --json'));
    const step = programs[0].steps.find(({ name }: { name: string }) => name === 'multi-queue');
    expect(step).toMatchObject({ status: 'unchanged', changes: [], notes: [] });
  });

  it('wrote no line of ours to the console but what was done', () => {
    const lines = guest.console().split('\n');
    const ours = lines.filter((line) => line.includes('gandi-bootstrap'));
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter((line) => /problem|warning|error|fail|refused/i.test(line))).toEqual([]);
  });

  it(
    'changes nothing at a second boot',
    async () => {
      const files = await fingerprint(guest);
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      expect((await guest.run('gandi-guest status --wait')).stdout).toMatch(/^unchanged\n/);
      expect(await fingerprint(guest)).toBe(files);
      expect(await guest.output(PLACES)).toBe('0:0:1:0\n0:0:0:0');
      expect((await guest.ssh({ user: 'admin1', keyFile: key.keyFile }, 'true')).exitCode).toBe(0);
    },
    5 * minutes,
  );

  it('leaves sound disks: a whole partition table, no byte of the archive', async () => {
    await guest.powerOff();
    const after = await partitionTable(root.file);
    expect((await execa('sgdisk', ['--verify', root.file])).stdout).toMatch(/No problems found/);
    expect(after.id).toMatch(/^[0-9A-F-]{36}$/);
    expect(after.id).not.toBe(ZERO_GUID);
    // The image's GUIDs were those of every guest made from it.
    const [boot, main] = after.partitions;
    expect(boot).toEqual({ ...before.partitions[0], uuid: boot?.uuid, node: expect.any(String) });
    const { type, start } = before.partitions[1] ?? {};
    expect(main).toMatchObject({ type, start, name: 'gandiroot', attrs: ATTRIBUTE });
    expect(main?.uuid).not.toBe(before.partitions[1]?.uuid);

    const swap = readFileSync(await exportDisk(seed, join(folder, 'after.img')));
    for (const secret of [passwordHash, 'vm_hostname', 'gandi/config', 'ustar', key.publicKey]) {
      expect(swap.includes(secret), secret).toBe(false);
    }
  });
});

/** Gives all blocks that are free in a partition's ext4 file system to a file, but for a few MiB of its own tables. */
async function fillRoot(disk: DiskFile): Promise<void> {
  const { partitions } = await partitionTable(disk.file);
  const place = `${disk.file}?offset=${(partitions.at(-1)?.start ?? 0) * 512}`;
  const free = Number(/^Free blocks: +(\d+)$/m.exec((await execa('dumpe2fs', ['-h', place])).stdout)?.[1]);
  const commands = `write /dev/null filler\nfallocate filler 0 ${free - 40}\n`;
  await execa('debugfs', ['-w', '-f', '-', place], { input: commands });
}

describe('a guest whose root file system is full, on a disk that was made larger for that', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-full-'));
  let key: KeyPair;
  let guest: Guest;

  /** A file system that fills a part of its disk. */
  async function partOfDisk(name: string, mkfs: readonly [string, ...string[]], mebibytes: number) {
    const disk = await blankDisk(join(folder, `${name}.img`), mebibytes);
    const [program, ...options] = mkfs;
    await execa(program, [...options, disk.file]);
    truncateSync(disk.file, 2 * mebibytes * mebibyte);
    return { disk };
  }

  beforeAll(async () => {
    key = await makeKeyPair(join(folder, 'key'));
    const image = await toolkitImage({
      partitionTable: { type: 'gpt', label: 'gandiroot' },
      files: { '/etc/default/gandi': 'CONFIG_DISK_BUSES=gandi,nvme\n' },
    });
    const root = await largerDisk(image.file, join(folder, 'root.img'));
    await fillRoot(root);
    const seed = await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey) });
    const nvme = await dataDisk(join(folder, 'nvme.img'), { mebibytes: 64, label: 'paths' });
    guest = await Guest.boot({
      name: 'full',
      image,
      disks: [
        { disk: seed },
        { disk: root },
        { disk: nvme, bus: 'nvme-subsystem' },
        await partOfDisk('old', ['mkfs.ext4', '-q', '-L', 'old', '-O', 'sparse_super2'], 64),
        await partOfDisk('twice', ['mkfs.btrfs', '-q', '-L', 'twice', '-d', 'dup'], 256),
      ],
      interfaces: hostNetworks,
    });
    await guest.waitForBoot();
    await guest.waitForBoot();
    // What others write before it is grown fails for want of room, such as the random seed.
    const failed = await guest.output('systemctl --failed --plain --no-legend');
    expect(failed).not.toContain('gandi');
  }, 20 * minutes);

  afterAll(async () => {
    await guest?.powerCut();
    rmSync(folder, { recursive: true });
  });

  it('was grown before anything was written, and lacks nothing', async () => {
    const { programs } = JSON.parse(await guest.output('gandi-guest status --json'));
    const steps: { name: string; status: string }[] = programs[0].steps;
    expect(steps[0]).toMatchObject({ name: '03-resize_main_disk', status: 'changed' });
    expect(steps.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(await guest.output('hostname; swapon --show=TYPE --noheadings')).toBe('web1\npartition');
    expect(Number(await guest.output('df --output=avail -m / | tail -n 1'))).toBeGreaterThan(1000);
    expect((await guest.ssh({ user: 'admin1', keyFile: key.keyFile }, 'id -un')).stdout).toBe('admin1\n');
  });

  it('has an NVMe disk with two paths mounted once, and waits for neither path', async () => {
    expect(await guest.output('cat /sys/class/block/nvme*c*n*/hidden')).toBe('1\n1');
    expect(await guest.output('findmnt -n -o SOURCE /srv/paths')).toMatch(/^\/dev\/nvme\d+n1$/);
    const started = Date.now();
    expect(await guest.run('gandi-mount rescan')).toMatchObject({ exitCode: 0 });
    expect(await guest.output('gandi-mount list')).not.toMatch(/nvme\d+c\d+n/);
    // udev is waited for for 10 s where it has not seen a disk.
    expect(Date.now() - started).toBeLessThan(9000);
  });

  it('is told once of a data disk that cannot be grown', async () => {
    const told = 'journalctl -o cat -u gandi-mount -u gandi-disks | grep -c "/srv/old has .* e2fsck -f"';
    expect(await guest.output(`${told}; findmnt -n -o FSTYPE /srv/old`)).toBe('1\next4');
    const { stdout, stderr } = await guest.run('gandi-mount rescan');
    expect(stdout + stderr).toBe('');
  });

  it('grows btrfs whose data is kept twice once', async () => {
    const grown = (lines: string) => (lines.match(/\/srv\/twice: grown/g) ?? []).length;
    expect(grown(await guest.output('journalctl -o cat -u gandi-mount -u gandi-disks'))).toBe(1);
    expect(await guest.output('btrfs filesystem usage -b /srv/twice | grep "Device size"')).toMatch(
      new RegExp(`\\b${512 * mebibyte}$`),
    );
    await guest.output('gandi-mount eject twice; gandi-mount attach $(blkid -L twice)');
    const { stdout, stderr } = await guest.run('gandi-mount rescan');
    expect(grown(stdout + stderr)).toBe(0);
    expect(grown(await guest.output('cat /var/log/gandi.log'))).toBe(1);
  });
});
