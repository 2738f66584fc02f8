import { describe, expect, it } from 'vitest';
import { whyLostAtReboot } from '../../../../src/machine/devices/lasting-storage.ts';
import { type FileEntries, makeFiles } from '../../context.ts';

const whyLost = (mounts: readonly string[], more: FileEntries = {}) =>
  whyLostAtReboot('/gandi', makeFiles({ '/proc/self/mountinfo': `${mounts.join('\n')}\n`, ...more }));

const DISK = '/sys/devices/pci0000:00/0000:00:03.0/virtio1/block/vda';
const ON_DISK: FileEntries = {
  '/sys/dev/block/254:1': { link: '../../devices/pci0000:00/0000:00:03.0/virtio1/block/vda/vda1' },
  [`${DISK}/vda1/partition`]: '1\n',
};
const RUN = '20 1 0:18 / /run rw - tmpfs tmpfs rw';
const overlay = (upper: string) =>
  `1 0 0:30 / / rw - overlay overlay rw,lowerdir=/lower,upperdir=${upper},workdir=/run/work`;

/** A device below /sys/devices/virtual, by its number. */
const virtual = (number: string, name: string, more: FileEntries = {}): FileEntries => ({
  [`/sys/dev/block/${number}`]: { link: `../../devices/virtual/block/${name}` },
  [`/sys/devices/virtual/block/${name}/size`]: '8\n',
  ...more,
});
const loop = (image: string) =>
  virtual('7:1', 'loop1', { '/sys/devices/virtual/block/loop1/loop/backing_file': `${image}\n` });

describe('what is stored in a directory', () => {
  it.each<[string, string[], FileEntries]>([
    ['a partition of a disk', ['1 0 254:1 / / rw - ext4 /dev/vda1 rw'], ON_DISK],
    ['a network file system', ['1 0 0:20 / / rw - nfs 10.0.0.1:/root rw'], {}],
    ['btrfs, whose number is no device’s', ['1 0 0:21 /@ / rw - btrfs /dev/vda1 rw'], ON_DISK],
    ['a disk with a tmpfs elsewhere', ['1 0 254:1 / / rw - ext4 /dev/vda1 rw', RUN], ON_DISK],
    [
      'a disk below a root in memory',
      ['1 0 0:2 / / rw - tmpfs tmpfs rw', '30 1 254:1 / /gandi rw - ext4 /dev/vda1 rw'],
      ON_DISK,
    ],
    [
      'an overlay on a disk',
      [overlay('/media/rw/upper'), '30 1 254:1 / /media/rw rw - ext4 /dev/vda1 rw'],
      { ...ON_DISK, '/media/rw/upper/etc/fstab': '' },
    ],
    [
      'an overlay that cannot be written to',
      ['1 0 0:30 / / ro - overlay overlay ro,lowerdir=/a:/b', RUN],
      ON_DISK,
    ],
    [
      'LVM on a disk',
      ['1 0 253:0 / / rw - ext4 /dev/mapper/vg-root rw'],
      {
        ...ON_DISK,
        ...virtual('253:0', 'dm-0'),
        '/sys/devices/virtual/block/dm-0/slaves/vda1': { link: DISK.concat('/vda1') },
      },
    ],
    [
      'an image on a disk',
      ['1 0 7:1 / / rw - ext4 /dev/loop1 rw', '30 1 254:1 / /host rw - ext4 /dev/vda1 rw'],
      { ...ON_DISK, ...loop('/host/root.img'), '/host/root.img': '' },
    ],
  ])('stays on %s', (_, mounts, more) => {
    expect(whyLost(mounts, more)).toBeUndefined();
  });

  it.each<[string, string[], FileEntries, string]>([
    ['a tmpfs', ['1 0 0:2 / / rw - tmpfs tmpfs rw'], {}, '/ is a tmpfs'],
    ['an initial RAM disk', ['1 0 0:2 / / rw - rootfs rootfs rw'], {}, '/ is a rootfs'],
    [
      'a tmpfs of its own',
      ['1 0 254:1 / / rw - ext4 /dev/vda1 rw', '30 1 0:40 / /gandi rw - tmpfs tmpfs rw'],
      ON_DISK,
      '/gandi is a tmpfs',
    ],
    [
      'an overlay on a tmpfs',
      [overlay('/run/upper'), RUN],
      { '/run/upper/etc': '' },
      '/ is an overlay, and /run is a tmpfs',
    ],
    [
      'an overlay whose files were mounted by the initial RAM disk',
      [overlay('/cow/upper'), '30 1 254:1 / /srv rw - ext4 /dev/vda1 rw'],
      { ...ON_DISK, '/cow/upper/etc/fstab': '' },
      '/ is an overlay, and it cannot be seen where /cow/upper is',
    ],
    [
      'an overlay whose files had a path that now leads to a disk',
      [overlay('/mnt/upper'), '30 1 254:1 / /mnt rw - ext4 /dev/vda1 rw'],
      ON_DISK,
      '/ is an overlay, and it cannot be seen where /mnt/upper is',
    ],
    [
      'an overlay on an overlay on a tmpfs',
      [overlay('/b/upper'), '30 1 0:31 / /b rw - overlay overlay rw,lowerdir=/x,upperdir=/run/u', RUN],
      { '/b/upper/etc/fstab': '', '/run/u/upper/etc/fstab': '' },
      '/ is an overlay, and /b is an overlay, and /run is a tmpfs',
    ],
    [
      'compressed memory',
      ['1 0 252:0 / / rw - ext4 /dev/zram0 rw'],
      virtual('252:0', 'zram0'),
      '/dev/zram0 is memory',
    ],
    [
      'a snapshot of device mapper whose changes are in an image in memory',
      ['1 0 253:0 / / rw - ext4 /dev/mapper/live-rw rw', RUN],
      {
        ...virtual('253:0', 'dm-0'),
        ...loop('/run/overlay'),
        '/run/overlay': '',
        '/sys/devices/virtual/block/dm-0/slaves/loop1': { link: '../../loop1' },
      },
      '/run is a tmpfs',
    ],
    [
      'an image that only the initial RAM disk saw',
      ['1 0 7:1 / / rw - ext4 /dev/loop1 rw'],
      loop('/overlay (deleted)'),
      'it cannot be seen where /overlay (deleted) is',
    ],
  ])('is lost on %s', (_, mounts, more, why) => {
    expect(whyLost(mounts, more)).toBe(why);
  });
});
