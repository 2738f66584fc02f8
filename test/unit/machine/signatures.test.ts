import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDevice } from '../../../src/machine/device-reader.ts';
import { identify, describe as inWords } from '../../../src/machine/signatures.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import { archiveHeader, MIB, makeImage, memoryDevice, run, text, writeAt } from '../images.ts';

const UUID = '6f0f1ac2-8a0f-4a62-9d0b-0c8f6d6e0a11';

function signaturesOf(path: string) {
  const device = openDevice(path);
  try {
    return identify(device);
  } finally {
    device.close();
  }
}

function made(bytes: number, tool: string, ...parameters: string[]) {
  const path = makeImage(bytes);
  run(tool, [...parameters, path]);
  return signaturesOf(path);
}

describe('what the tools make', () => {
  test('swap', () => {
    const swap = { pageBytes: 4096, lastPage: 2047, badPages: [], uuid: UUID, label: 'swap' };
    expect(made(8 * MIB, 'mkswap', '-L', 'swap', '-U', UUID)).toEqual([
      { type: 'swap', usage: 'swap', title: 'swap area', label: 'swap', uuid: UUID, swap },
    ]);
  });

  const GIB = 1024 * MIB;
  // 1024 times the size is reserved by mke2fs(8), and one block of descriptors, of 32 or 64 bytes, is in use.
  const ofOld = [(2 ** 32 - 1) * 4096, 64 * GIB, 16 * GIB];
  test.each([
    ['ext2', ofOld],
    ['ext3', ofOld],
    ['ext4', [64 * GIB, 8 * GIB]],
  ])('%s', (type, growthLimits) => {
    const parameters = ['-q', '-F', '-t', type, '-b', '4096', '-L', 'my data', '-U', UUID];
    expect(made(64 * MIB, 'mke2fs', ...parameters)).toEqual([
      {
        type,
        usage: 'filesystem',
        title: `${type} file system`,
        label: 'my data',
        uuid: UUID,
        blockBytes: 4096,
        fileSystemBytes: 64 * MIB,
        clean: true,
        everMounted: false,
        features: expect.objectContaining({ incompatible: expect.any(Number) }),
        growthLimits,
        // mke2fs(8) turns both off.
        checks: { mostMounts: -1, intervalSeconds: 0 },
      },
    ]);
  });

  test.each([
    ['without room for more descriptors', ['-t', 'ext4', '-O', '^resize_inode'], [8 * GIB]],
    ['whose descriptors lie in their groups', ['-t', 'ext4', '-O', 'meta_bg,^resize_inode'], []],
    ['of the first revision', ['-t', 'ext2', '-r', '0', '-O', 'none'], [(2 ** 32 - 1) * 4096, 16 * GIB]],
  ])('ext %s', (_, parameters, growthLimits) => {
    expect(made(64 * MIB, 'mke2fs', '-q', '-F', '-b', '4096', ...parameters)).toMatchObject([
      { growthLimits },
    ]);
  });

  test('ext4 that is smaller than its device, and was not unmounted', () => {
    const path = makeImage(64 * MIB);
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '1024', path, '20M']);
    writeAt(path, 1024 + 58, Uint8Array.of(0, 0));
    run('debugfs', ['-w', '-R', 'set_super_value mtime 20260101', path]);
    expect(signaturesOf(path)).toMatchObject([
      { type: 'ext4', fileSystemBytes: 20 * MIB, clean: false, everMounted: true },
    ]);
  });

  test('ext4 whose journal is to be replayed is not clean', () => {
    const path = makeImage(64 * MIB);
    run('mke2fs', ['-q', '-F', '-t', 'ext4', path]);
    run('debugfs', ['-w', '-R', 'feature needs_recovery', path]);
    expect(signaturesOf(path)).toMatchObject([{ type: 'ext4', clean: false }]);
  });

  test('XFS', () => {
    const [xfs, ...more] = made(400 * MIB, 'mkfs.xfs', '-q', '-L', 'data', '-m', `uuid=${UUID}`);
    expect(more).toEqual([]);
    expect(xfs).toMatchObject({
      type: 'xfs',
      label: 'data',
      uuid: UUID,
      fileSystemBytes: 400 * MIB,
      blockBytes: 4096,
    });
    expect(xfs?.logBytes).toBeGreaterThan(MIB);
  });

  test('btrfs', () => {
    expect(made(200 * MIB, 'mkfs.btrfs', '-q', '-L', 'data', '-U', UUID)).toMatchObject([
      { type: 'btrfs', label: 'data', uuid: UUID, fileSystemBytes: 200 * MIB, blockBytes: 4096, devices: 1 },
    ]);
  });

  test.each([
    ['12', 4],
    ['16', 32],
    ['32', 64],
  ])('FAT%s', (bits, mebibytes) => {
    expect(made(mebibytes * MIB, 'mkfs.vfat', '-F', bits, '-n', 'BOOT', '-i', '1a2b3c4d')).toEqual([
      {
        type: 'vfat',
        usage: 'filesystem',
        title: 'FAT file system',
        label: 'BOOT',
        uuid: '1A2B-3C4D',
        blockBytes: 512,
        fileSystemBytes: mebibytes * MIB,
      },
    ]);
  });

  test('FAT without a label has none', () => {
    expect(made(8 * MIB, 'mkfs.vfat')[0]?.label).toBeUndefined();
  });

  test('ISO 9660', () => {
    const path = makeImage(MIB);
    run('genisoimage', ['-quiet', '-V', 'cidata', '-o', path, 'package.json']);
    expect(signaturesOf(path)).toMatchObject([{ type: 'iso9660', label: 'cidata', blockBytes: 2048 }]);
  });

  test.each(['gpt', 'dos'])('%s partition table', (type) => {
    const path = makeImage(16 * MIB);
    run('sfdisk', ['--quiet', path], `label: ${type}\nstart=2048, size=2048\n`);
    expect(signaturesOf(path).map((found) => found.type)).toEqual([type]);
  });

  test('a GPT of which only the backup is left', () => {
    const path = makeImage(16 * MIB);
    run('sfdisk', ['--quiet', path], 'label: gpt\nstart=2048, size=2048\n');
    writeAt(path, 0, new Uint8Array(MIB));
    expect(signaturesOf(path)).toEqual([{ type: 'gpt', usage: 'table', title: 'GPT partition table' }]);
  });
});

const littleEndian = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const SIZE = 64 * MIB + 5 * 512;
const MD = littleEndian(0xa92b4efc);

function md(place: number) {
  return { [place]: MD, [place + 16]: bytesOf(UUID.replaceAll('-', '')), [place + 32]: text('host:0') };
}

describe('what is written by hand, from its specification', () => {
  const LUKS2 = { 0: text('LUKS\xba\xbe\x00\x02'), 24: text('vault'), 168: text(UUID) };
  const LVM_UUID = 'YSStxUlxXo4q9mIhSCOIPFhIKKNnmBzc';
  const ZFS_LIST = text(
    '\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x24\x00\x00\x00\x20\x00\x00\x00\x07version',
  );
  test.each([
    ['LUKS1', { 0: text('LUKS\xba\xbe\x00\x01'), 168: text(UUID) }, { type: 'crypto_LUKS', uuid: UUID }],
    ['LUKS2', LUKS2, { type: 'crypto_LUKS', label: 'vault', uuid: UUID }],
    ['LUKS2 by its second header', { 16384: text('SKUL\xba\xbe\x00\x02') }, { type: 'crypto_LUKS' }],
    [
      'LVM2',
      { 512: text('LABELONE'), 536: text('LVM2 001'), 544: text(LVM_UUID) },
      { type: 'LVM2_member', uuid: 'YSStxU-lxXo-4q9m-IhSC-OIPF-hIKK-NnmBzc' },
    ],
    [
      'MD 1.1',
      md(0),
      { type: 'linux_raid_member', uuid: UUID, label: 'host:0', title: 'RAID member (md 1.1)' },
    ],
    ['MD 1.2', md(4096), { type: 'linux_raid_member', uuid: UUID, title: 'RAID member (md 1.2)' }],
    ['MD 1.0', md(64 * MIB - 8192), { type: 'linux_raid_member', uuid: UUID, title: 'RAID member (md 1.0)' }],
    ['MD 0.90', { [64 * MIB - 65536]: MD }, { type: 'linux_raid_member', title: 'RAID member (md 0.90)' }],
    ['ZFS', { 16384: ZFS_LIST }, { type: 'zfs_member' }],
    ['ZFS by its last label', { [64 * MIB - 262144 + 16384]: ZFS_LIST }, { type: 'zfs_member' }],
    ['SquashFS', { 0: text('hsqs'), 40: littleEndian(4096) }, { type: 'squashfs', fileSystemBytes: 4096 }],
    [
      'F2FS',
      {
        1024: littleEndian(0xf2f52010),
        1040: littleEndian(12),
        1060: littleEndian(100),
        1148: text('d\0a\0'),
      },
      { type: 'f2fs', label: 'da', fileSystemBytes: 409600 },
    ],
    ['bcache', { 4120: bytesOf('c68573f64e1a45ca8265f57f48ba6d81') }, { type: 'bcache' }],
    ['bcachefs', { 4120: bytesOf('c68573f666ce90a9d96a60cf803df7ef') }, { type: 'bcachefs' }],
    [
      'exFAT',
      {
        3: text('EXFAT   '),
        72: littleEndian(131072),
        88: littleEndian(256),
        96: littleEndian(4),
        100: littleEndian(0x1a2b3c4d),
        108: Uint8Array.of(9, 3),
        [(256 + 2 * 8) * 512 + 32]: text('\x83\x04d\0a\0t\0a\0'),
      },
      { type: 'exfat', label: 'data', uuid: '1A2B-3C4D', fileSystemBytes: 64 * MIB },
    ],
    [
      'NTFS',
      {
        3: text('NTFS    '),
        11: Uint8Array.of(0, 2),
        40: littleEndian(1000),
        72: bytesOf('0123456789abcdef'),
      },
      { type: 'ntfs', uuid: 'EFCDAB8967452301', fileSystemBytes: 512000 },
    ],
    ['ReiserFS', { 65588: text('ReIsEr2Fs') }, { type: 'reiserfs' }],
    ['JFS', { 32768: text('JFS1') }, { type: 'jfs' }],
    ['EROFS', { 1024: littleEndian(0xe0f5e1e2) }, { type: 'erofs' }],
    ['NILFS2', { 1030: text('44') }, { type: 'nilfs2' }],
    ['BitLocker', { 3: text('-FVE-FS-') }, { type: 'BitLocker' }],
    ['a suspended system', { 4086: text('S1SUSPEND\0') }, { type: 'swsuspend' }],
    ['the archive', { 524288: archiveHeader() }, { type: 'archive' }],
  ])('%s', (_, content, expected) => {
    expect(identify(memoryDevice(SIZE, content))).toMatchObject([expected]);
  });
});

test('an archive of another name, or at another place, is none', () => {
  expect(identify(memoryDevice(SIZE, { 524288: archiveHeader('backup/gandi') }))).toEqual([]);
  expect(identify(memoryDevice(SIZE, { 524800: archiveHeader() }))).toEqual([]);
});

test('all signatures are returned where there are several', () => {
  const path = makeImage(128 * MIB);
  run('mkfs.btrfs', ['-q', '-L', 'old', path]);
  writeAt(path, 4086, text('SWAPSPACE2'));
  writeAt(path, 1024, littleEndian(1));
  writeAt(path, 524288, archiveHeader());
  const found = signaturesOf(path);
  expect(found.map(({ type }) => type)).toEqual(['swap', 'btrfs', 'archive']);
  expect(inWords(found)).toBe('swap area and btrfs file system "old" and archive of the host');
});

test('few reads are made, and nothing is read twice', () => {
  const device = memoryDevice(2 ** 40);
  expect(identify(device)).toEqual([]);
  expect(device.reads).toHaveLength(4);
  expect(device.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(256 * 1024);
});

test('a disk of any size is looked at without reading outside', () => {
  for (const size of [0, 1, 511, 512, 4096, 65536, 131072, 262144, 524288, 524800]) {
    expect(identify(memoryDevice(size))).toEqual([]);
  }
});

test('no bytes make it throw', () => {
  const magics: [number, Uint8Array][] = [
    [1080, Uint8Array.of(0x53, 0xef)],
    [0, text('XFSB')],
    [65600, text('_BHRfS_M')],
    [4086, text('SWAPSPACE2')],
    [3, text('EXFAT   ')],
    [510, Uint8Array.of(0x55, 0xaa)],
    [512, text('EFI PART')],
    [1024, littleEndian(0xf2f52010)],
  ];
  const noise = fc.uint8Array({ minLength: 256, maxLength: 256 });
  fc.assert(
    fc.property(noise, fc.constantFrom(...magics), fc.nat(2 * MIB), (bytes, [offset, magic], size) => {
      const content = new Uint8Array(70 * 1024).map((_, index) => bytes[index % 256] ?? 0);
      content.set(magic, offset);
      for (const { title } of identify(memoryDevice(size, { 0: content }))) expect(title).not.toBe('');
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
