import { describe, expect, it } from 'vitest';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import { CommandError } from '../../../../src/machine/runtime/errors.ts';
import { mountFailure } from '../../../../src/mount/mounts/mount-failure.ts';
import { whyUnmountable } from '../../../../src/mount/mounts/unmountable.ts';
import { MIB } from '../../images.ts';
import { temporaryRoot } from '../../temporary-root.ts';
import { SDB } from '../sdb.ts';

const xfs: Signature = { type: 'xfs', usage: 'filesystem', title: 'XFS file system', uuid: 'u-1' };
const BAD =
  'mount: /srv/x: wrong fs type, bad option, bad superblock on /dev/sdb, missing codepage or helper program, or other error.';

describe('why a mount failed', () => {
  /** A second ago; and an old line of the same device, which says something else. */
  function failure(kernel: readonly string[], said: string, content = xfs): string {
    const lines = kernel
      .map((line) => (/^\d,/.test(line) ? line : `3,${line}`))
      .map((line) => line.replace(/^(\d),/, '$1,9,99500000,-;'))
      .join('\n');
    const files = temporaryRoot({
      '/dev/kmsg': `3,1,10000000,-;EXT4-fs (sdb): bad geometry: long ago\n${lines}\n`,
      '/proc/uptime': '100.50 80.00\n',
    });
    const error = new CommandError(
      `mount: exit status 32: ${said}`,
      `${said}\n       dmesg(1) may have more\n`,
    );
    return mountFailure(error, SDB, content, files, 0.5);
  }

  it.each<[string, string[], string, string]>([
    [
      'a copy of XFS',
      ["XFS (sdb): Filesystem has duplicate UUID u-1 - can't mount"],
      BAD,
      'a file system with the same UUID (u-1) is mounted already: it is a copy of that one',
    ],
    [
      'a copy of btrfs',
      [],
      'mount: /srv/x: mount(2) system call failed: File exists.',
      'with the same UUID (u-1)',
    ],
    [
      'features of a newer kernel',
      ["EXT4-fs (sdb): couldn't mount because of unsupported optional features (40000000)"],
      BAD,
      'this kernel does not know all of its features (40000000)',
    ],
    [
      'features of a newer XFS',
      [
        'XFS (sdb): Superblock has unknown incompatible features (0x80) enabled.',
        'XFS (sdb): Filesystem cannot be safely mounted by this kernel.',
      ],
      BAD,
      'this kernel does not know all of its features (0x80)',
    ],
    [
      'blocks larger than pages',
      [
        'XFS (sdb): File system with blocksize 16384 bytes. Only pagesize (4096) or less will currently work.',
      ],
      'mount: /srv/x: mount(2) system call failed: Function not implemented.',
      "its blocks of 16384 bytes are larger than this kernel's pages of memory",
    ],
    [
      'an unknown type',
      [],
      "mount: /srv/x: unknown filesystem type 'xfs'.",
      'this kernel has no driver for xfs',
    ],
    [
      'an option',
      ["xfs: Unknown parameter 'quiet'"],
      BAD,
      'xfs does not know the option quiet: take it out of CONFIG_MOUNT_PARAMS',
    ],
    [
      'a log on a read-only disk',
      ['XFS (sdb): write access unavailable, cannot proceed.'],
      'x',
      'its journal is to be replayed, and the disk is read-only',
    ],
    [
      'the log of a btrfs on one',
      [
        '4,BTRFS warning (device sdb): log replay required on RO media',
        '3,BTRFS error (device sdb): open_ctree failed: -5',
      ],
      "mount: /srv/x: can't read superblock on /dev/sdb.",
      'its journal is to be replayed, and the disk is read-only',
    ],
    ['errors of the disk', ['I/O error, dev sdb, sector 0 op 0x0:(READ)'], BAD, 'the disk gives I/O errors'],
    [
      'what a kernel was built without',
      ['EXT4-fs (sdb): Filesystem with casefold feature cannot be mounted without CONFIG_UNICODE'],
      BAD,
      'this kernel was built without what it needs (CONFIG_UNICODE)',
    ],
    [
      'a journal on another device',
      ['EXT4-fs (sdb): failed to open journal device unknown-block(8,81) -6'],
      'mount: /srv/x: /dev/sdb is not a valid block device.',
      'is on another device',
    ],
    [
      'a value of an option',
      ["xfs: Bad value for 'errors'"],
      BAD,
      'xfs does not know the value of the option errors: correct it in CONFIG_MOUNT_PARAMS',
    ],
    [
      'sectors of btrfs, behind what it says of each mount',
      [
        '6,BTRFS: device fsid 2abf3204 devid 1 transid 6 /dev/sdb (8:16) scanned by mount (12071)',
        '6,BTRFS info (device sdb): using crc32c (crc32c-lib) checksum algorithm',
        '3,BTRFS error (device sdb): sectorsize 16384 not yet supported for page size 4096',
        '3,BTRFS error (device sdb): open_ctree failed: -22',
      ],
      BAD,
      "its sectors of 16384 bytes do not go with this kernel's pages of memory",
    ],
    [
      'damage of btrfs, which is none of the disk',
      [
        '6,BTRFS info (device sdb): first mount of filesystem 3dd11469',
        '3,BTRFS error (device sdb): bad tree block start, mirror 1 want 22036480 have 0',
        '3,BTRFS error (device sdb): open_ctree failed: -5',
      ],
      "mount: /srv/x: can't read superblock on /dev/sdb.",
      'it is damaged; xfs_repair -n /dev/sdb says what is wrong, and changes nothing (the kernel: BTRFS error (device sdb): bad tree block',
    ],
    [
      'damage of which only the number of the error speaks, and no warning before it',
      [
        '5,XFS (sdb): Mounting V5 Filesystem u-1',
        '4,XFS (sdb): Deprecated V4 format (crc=0) will not be supported after September 2030.',
        "4,XFS (sdb): Log inconsistent (didn't find previous header)",
      ],
      'mount: /srv/x: mount(2) system call failed: Structure needs cleaning.',
      'it is damaged; xfs_repair -n /dev/sdb says what is wrong, and changes nothing (the kernel: XFS (sdb): Log inconsistent',
    ],
    [
      'an error rather than the warning in front of it',
      [
        '6,sdb: detected capacity change from 0 to 131072',
        '4,EXT4-fs (sdb): warning: x',
        '3,EXT4-fs (sdb): DAX unsupported by block device.',
      ],
      BAD,
      'the kernel refuses it: EXT4-fs (sdb): DAX unsupported by block device.',
    ],
    [
      'what nobody foresaw',
      ['5,XFS (sdb): Mounting V5 Filesystem u-1', '4,XFS (sdb): log mount/recovery failed: error -117'],
      BAD,
      'the kernel refuses it: XFS (sdb): log mount/recovery failed: error -117',
    ],
  ])('is told: %s', (_, kernel, said, expected) => {
    const why = failure(kernel, said, { ...xfs, blockBytes: 16384 });
    expect(why).toContain(expected);
    expect(why).not.toContain('wrong fs type');
  });

  it('is mount’s own line where the kernel says nothing of this device and this mount', () => {
    expect(failure(['XFS (sdba): Filesystem has duplicate UUID', 'EXT4-fs (sdb1): x'], BAD)).toBe(
      `the kernel refuses it (mount: exit status 32: ${BAD})`,
    );
  });

  it.each([
    ['ahead', 100_030, 100_000],
    ['behind', 99_970, 100_000],
  ])('is found in a log whose clock is %s of the guest’s, after days', (_, logSeconds, uptime) => {
    const at = (seconds: number) => `${(logSeconds + seconds) * 1e6}`;
    const files = temporaryRoot({
      '/dev/kmsg': `3,1,${at(-1)},-;EXT4-fs (sdb): bad geometry: before\n3,2,${at(0)},-;XFS (sdb): now\n`,
      '/proc/uptime': `${uptime}.00 1.00\n`,
    });
    const why = mountFailure(new CommandError(`mount: exit status 32: ${BAD}`, BAD), SDB, xfs, files, 0.5);
    expect(why).toBe('the kernel refuses it: XFS (sdb): now');
  });

  it('is that of mount itself where it did not come so far', () => {
    const error = new CommandError('mount did not end within 300 s and was killed', '');
    expect(mountFailure(error, SDB, xfs, temporaryRoot(), 300)).toBe(error.message);
  });
});

describe('what no kernel mounts', () => {
  const disk = { ...SDB, size: 64 * MIB, sectorBytes: 4096 };
  it.each<[string, Partial<Signature>, boolean, RegExp | undefined]>([
    [
      'blocks smaller than the sectors',
      { blockBytes: 1024 },
      false,
      /units of 1024 bytes, and the disk has sectors of 4096/,
    ],
    [
      'sectors of its own that are smaller',
      { blockBytes: 4096, sectorBytes: 512 },
      false,
      /units of 512 bytes/,
    ],
    ['blocks as large', { blockBytes: 4096 }, false, undefined],
    ['a size of 64 MiB', { fileSystemBytes: 64 * MIB }, false, undefined],
    [
      'an end that is missing',
      { fileSystemBytes: 65 * MIB },
      false,
      /larger than its device \(65 MiB on 64 MiB\)/,
    ],
    [
      'an ISO 9660 whose padding is missing',
      { type: 'iso9660', fileSystemBytes: 65 * MIB },
      false,
      undefined,
    ],
    [
      'a journal on a read-only disk',
      { replayBytes: MIB },
      true,
      /journal is to be replayed, and the disk is read-only/,
    ],
    ['a journal on another', { replayBytes: MIB }, false, undefined],
  ])('%s', (_, content, readOnly, expected) => {
    const why = whyUnmountable({ ...disk, readOnly }, { ...xfs, ...content });
    if (expected === undefined) expect(why).toBeUndefined();
    else expect(why).toMatch(expected);
  });
});
