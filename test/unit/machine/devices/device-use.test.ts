import { expect, test } from 'vitest';
import { listBlockDevices } from '../../../../src/machine/devices/block-devices.ts';
import { deviceUse } from '../../../../src/machine/devices/device-use.ts';
import { parseMountInfo, parseSwaps } from '../../../../src/machine/formats/text/mounts.ts';
import { type FileEntries, makeFiles } from '../../context.ts';
import { MIB } from '../../images.ts';
import { type FakeDisk, makeSysfs } from '../../sysfs.ts';

const disk = (name: string, minor: number, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number: `8:${minor}`,
  size: 64 * MIB,
  attached: { scsi: `2:0:${minor}:0` },
  ...more,
});
const virtual = (name: string, number: string, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number,
  size: MIB,
  attached: { virtual: true },
  ...more,
});

function useOf(
  disks: readonly FakeDisk[],
  mounts: readonly string[],
  swaps: readonly string[] = [],
  more: FileEntries = {},
) {
  const files = makeFiles({ ...makeSysfs(disks), ...more });
  const swapText = ['headings', ...swaps.map((path) => `${path} partition 1 0 -2`)].join('\n');
  const use = deviceUse(
    listBlockDevices(files),
    parseMountInfo(mounts.join('\n')),
    parseSwaps(swapText),
    files,
  );
  return {
    root: use.root?.name,
    rootDisks: [...use.rootDisks].sort(),
    activeSwaps: [...use.activeSwaps].sort(),
    usedDisks: [...use.usedDisks].sort(),
  };
}

const SDA2 = { partitions: [{ name: 'sda2', number: 2, start: MIB, size: 62 * MIB }] };

test('root by device number, whatever its source is called', () => {
  const use = useOf([disk('sda', 0, SDA2), disk('sdb', 16)], ['1 0 8:2 / / rw - ext4 /dev/root rw']);
  expect(use).toEqual({ root: 'sda2', rootDisks: ['sda'], activeSwaps: [], usedDisks: ['sda'] });
});

test.each([
  'fuse.sshfs /dev/sdb',
  'fuse /dev/sdb',
  'tmpfs /dev/sdb',
  'overlay /dev/sdb',
  '9p /dev/sdb',
  'nfs4 /dev/sdb:/dev/sdb',
  'newfs /dev/sdb',
])('what somebody called the source of a mount counts for nothing: %s', (mount) => {
  const use = useOf(
    [disk('sda', 0), disk('sdb', 16)],
    ['1 0 8:0 / / rw - ext4 /dev/sda rw', `2 1 0:50 / /mnt rw - ${mount} rw`],
  );
  expect(use.usedDisks).toEqual(['sda']);
});

test('bcachefs by the first of its devices', () => {
  const use = useOf([disk('sda', 0), disk('sdb', 16)], ['1 0 0:30 / / rw - bcachefs /dev/sdb:/dev/sda rw']);
  expect(use.root).toBe('sdb');
});

test('the last mount at / is root', () => {
  const mounts = ['1 0 0:2 / / rw - rootfs rootfs rw', '2 1 8:16 / / rw - ext4 /dev/sdb rw'];
  expect(useOf([disk('sda', 0), disk('sdb', 16)], mounts).root).toBe('sdb');
});

test('btrfs by its source through links, and all of its devices', () => {
  const use = useOf(
    [disk('sda', 0, SDA2), disk('sdb', 16), disk('sdc', 32)],
    ['1 0 0:26 /@ / rw - btrfs /dev/disk/by-label/root rw'],
    [],
    {
      '/dev/disk/by-label/root': { link: '../../sda2' },
      '/sys/fs/btrfs/features/raid1c34': '0',
      '/sys/fs/btrfs/6f0f1ac2/devices/sda2': { link: '../../../../block/sda2' },
      '/sys/fs/btrfs/6f0f1ac2/devices/sdc': { link: '../../../../block/sdc' },
    },
  );
  expect(use).toEqual({ root: 'sda2', rootDisks: ['sda'], activeSwaps: [], usedDisks: ['sda', 'sdc'] });
});

test('LVM over RAID, down to the disks', () => {
  const use = useOf(
    [
      disk('sda', 0, { holders: ['md0'] }),
      disk('sdb', 16, { partitions: [{ name: 'sdb1', number: 1, start: MIB, size: MIB }] }),
      virtual('md0', '9:0', { slaves: ['sda', 'sdb1'], holders: ['dm-0'] }),
      virtual('dm-0', '253:0', { slaves: ['md0'] }),
      disk('sdc', 32),
    ],
    ['1 0 253:0 / / rw - xfs /dev/mapper/vg-root rw'],
  );
  expect(use).toEqual({
    root: 'dm-0',
    rootDisks: ['sda', 'sdb'],
    activeSwaps: [],
    usedDisks: ['sda', 'sdb'],
  });
});

test('mounted data disks, active swap and disks with holders are in use; swap files and tmpfs are no devices', () => {
  const use = useOf(
    [
      disk('sda', 0),
      disk('sdb', 16),
      disk('sdc', 32),
      disk('sdd', 48, { holders: ['dm-0'] }),
      disk('sde', 64),
    ],
    [
      '1 0 8:0 / / rw - ext4 /dev/sda rw',
      '2 1 8:16 / /srv rw - ext4 /dev/sdb rw',
      '3 1 0:5 / /run rw - tmpfs tmpfs rw',
    ],
    ['/dev/disk/by-label/swap', '/swapfile'],
    { '/dev/disk/by-label/swap': { link: '../../sdc' } },
  );
  expect(use.activeSwaps).toEqual(['sdc']);
  expect(use.usedDisks).toEqual(['sda', 'sdb', 'sdc', 'sdd']);
});

test('an overlay as root is on no device', () => {
  const use = useOf([disk('sda', 0)], ['1 0 0:30 / / rw - overlay overlay rw,lowerdir=/a']);
  expect(use).toEqual({ root: undefined, rootDisks: [], activeSwaps: [], usedDisks: [] });
});

test.each<[string, string, FileEntries]>([
  ['a path', 'ro root=/dev/sdb root=/dev/sda2 quiet', {}],
  ['numbers', 'root=8:2', {}],
  [
    'the UUID of a partition',
    'root=PARTUUID=0A-02 rw',
    { '/dev/disk/by-partuuid/0a-02': { link: '../../sda2' } },
  ],
])('a btrfs root that the kernel mounted itself, by the command line: %s', (_, cmdline, more) => {
  const mounts = ['1 0 0:21 / / rw - btrfs /dev/root rw'];
  const files = { '/proc/cmdline': `${cmdline}\n`, ...more };
  expect(useOf([disk('sda', 0, SDA2), disk('sdb', 16)], mounts, [], files)).toMatchObject({
    root: 'sda2',
    rootDisks: ['sda'],
  });
});
