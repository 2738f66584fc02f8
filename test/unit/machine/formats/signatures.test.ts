import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import { identify, describe as inWords } from '../../../../src/machine/formats/signatures.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { archiveHeader, MIB, makeImage, memoryDevice, run, text, writeAt } from '../../images.ts';

const UUID = '6f0f1ac2-8a0f-4a62-9d0b-0c8f6d6e0a11';

function signaturesOf(path: string) {
  const device = openDevice(path);
  try {
    return identify(device);
  } finally {
    device.close();
  }
}

/** Few iterations: nobody's secret is kept. */
const luks = (type: string) => [
  ...['luksFormat', '--batch-mode', '--type', type, '--uuid', UUID],
  ...['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000', 'FILE', '-'],
];

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
        isUntouched: true,
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

  // 11 of these inodes are in use.
  test.each([
    ['without lost+found', [], ['rmdir lost+found'], true],
    ['with one inode more in use', [], ['set_super_value free_inodes_count 16372'], false],
    [
      // As e2fsprogs 1.47 makes it.
      'with one inode more in use, for orphans',
      [],
      ['set_super_value free_inodes_count 16372', 'set_super_value feature_compat 0x103c'],
      true,
    ],
    ['filled by mke2fs', ['-d', import.meta.dirname], [], false],
    ['filled by debugfs', [], ['mkdir data'], false],
    ['that was mounted', [], ['set_super_value mtime 20260101'], false],
  ])('ext4 %s', (_, parameters, commands, isUntouched) => {
    const path = makeImage(64 * MIB);
    run('mke2fs', ['-q', '-F', '-t', 'ext4', '-N', '16384', ...parameters, path]);
    for (const command of commands) run('debugfs', ['-w', '-R', command, path]);
    expect(signaturesOf(path)).toMatchObject([{ isUntouched }]);
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

  test('ext4 that guards itself against being mounted twice', () => {
    const guarded = (...more: string[]) => {
      const path = makeImage(64 * MIB);
      run('mke2fs', ['-q', '-F', '-t', 'ext4', '-O', 'mmp', ...more, path]);
      return path;
    };
    expect(signaturesOf(guarded())).toMatchObject([{ type: 'ext4', guardSeconds: 5 }]);
    const path = guarded('-O', 'mmp,^metadata_csum', '-E', 'mmp_update_interval=300');
    expect(signaturesOf(path)).toMatchObject([{ guardSeconds: 300 }]);
    // What stands in the block alone counts for the kernel as well.
    writeAt(path, 1024 + 358, Uint8Array.of(0, 0));
    expect(signaturesOf(path)).toMatchObject([{ guardSeconds: 300 }]);
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

  test.each<[string, string, string[], Partial<Signature>]>([
    ['SquashFS', 'mksquashfs', ['test/unit/images.ts', 'FILE', '-quiet', '-noappend'], { type: 'squashfs' }],
    ['EROFS', 'mkfs.erofs', ['-U', UUID, 'FILE', 'test/unit'], { type: 'erofs', uuid: UUID }],
    [
      'F2FS',
      'mkfs.f2fs',
      ['-q', '-l', 'data', 'FILE'],
      { type: 'f2fs', label: 'data', fileSystemBytes: 256 * MIB },
    ],
    [
      'exFAT',
      'mkfs.exfat',
      ['-L', 'data', 'FILE'],
      { type: 'exfat', label: 'data', fileSystemBytes: 256 * MIB },
    ],
    ['NTFS', 'mkntfs', ['-q', '-F', '-f', '-p', '0', '-H', '0', '-S', '0', 'FILE'], { type: 'ntfs' }],
    ['JFS', 'jfs_mkfs', ['-q', '-L', 'data', 'FILE'], { type: 'jfs', label: 'data' }],
    ['ReiserFS', 'mkfs.reiserfs', ['-q', '-f', '-l', 'data', 'FILE'], { type: 'reiserfs', label: 'data' }],
    [
      'NILFS2',
      'mkfs.nilfs2',
      ['-q', '-L', 'data', 'FILE'],
      { type: 'nilfs2', label: 'data', fileSystemBytes: 256 * MIB },
    ],
    ['UDF', 'mkudffs', ['FILE'], { type: 'udf' }],
    ['UDF in larger blocks', 'mkudffs', ['-b', '4096', 'FILE'], { type: 'udf' }],
    ['LUKS1', 'cryptsetup', luks('luks1'), { type: 'crypto_LUKS', title: 'LUKS1 encryption', uuid: UUID }],
    [
      'LUKS2',
      'cryptsetup',
      [...luks('luks2'), '--label', 'vault'],
      { type: 'crypto_LUKS', label: 'vault', uuid: UUID },
    ],
    [
      'DRBD 8',
      'drbdmeta',
      ['--force', '0', 'v08', 'FILE', 'internal', 'create-md'],
      { type: 'drbd', usage: 'raid' },
    ],
    ['DRBD 9', 'drbdmeta', ['--force', '0', 'v09', 'FILE', 'internal', 'create-md', '1'], { type: 'drbd' }],
  ])('%s', (_, tool, parameters, expected) => {
    const path = makeImage(256 * MIB);
    run(
      tool,
      parameters.map((one) => (one === 'FILE' ? path : one)),
      'secret',
    );
    expect(signaturesOf(path)).toMatchObject([expected]);
    expect(signaturesOf(path)[0]).not.toHaveProperty('flaw');
  });

  test('LUKS2 by its second header', () => {
    const path = makeImage(64 * MIB);
    run(
      'cryptsetup',
      luks('luks2').map((one) => (one === 'FILE' ? path : one)),
      'secret',
    );
    writeAt(path, 0, new Uint8Array(4096));
    expect(signaturesOf(path)).toMatchObject([{ type: 'crypto_LUKS', uuid: UUID }]);
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
    expect(signaturesOf(path)).toEqual([
      { type: 'gpt', usage: 'table', title: 'GPT partition table', sectorBytes: 512 },
    ]);
  });
});

const littleEndian = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const SIZE = 64 * MIB + 5 * 512;

test('an archive of another name, or at another place, is none', () => {
  expect(identify(memoryDevice(SIZE, { 524288: archiveHeader('backup/gandi') }))).toEqual([]);
  expect(identify(memoryDevice(SIZE, { 524800: archiveHeader() }))).toEqual([]);
});

test('all signatures are returned where there are several', () => {
  const path = makeImage(128 * MIB);
  run('mkfs.btrfs', ['-q', '-L', 'old', path]);
  writeAt(path, 4086, text('SWAPSPACE2'));
  writeAt(path, 1024, littleEndian(1));
  const found = signaturesOf(path);
  expect(found.map(({ type }) => type)).toEqual(['swap', 'btrfs']);
  expect(inWords(found)).toBe('swap area and btrfs file system "old"');
});

test('few reads are made, and nothing is read twice', () => {
  const device = memoryDevice(2 ** 40);
  expect(identify(device)).toEqual([]);
  expect(device.reads).toHaveLength(5);
  expect(device.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(96 * 1024);
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
