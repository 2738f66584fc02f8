import { beforeAll, describe, expect, test } from 'vitest';
import { withDevice } from '../../../../src/machine/files/device-reader.ts';
import { identify } from '../../../../src/machine/formats/signatures.ts';
import { LARGE_EXT4_BYTES, makeLargeExt4 } from '../../../foreign-content.ts';
import { archiveHeader, blkid, MIB, makeImage, run, text, writeAt } from '../../images.ts';

const found = (path: string) => withDevice(path, identify);
const typesOf = (path: string) => found(path).map(({ type }) => type);

function made(bytes: number, tool: string, ...parameters: string[]): string {
  const path = makeImage(bytes);
  run(tool, [...parameters, path]);
  return path;
}

describe('constants without what belongs to them', () => {
  let ext4: string;
  beforeAll(() => {
    ext4 = made(64 * MIB, 'mke2fs', '-q', '-F', '-t', 'ext4', '-b', '4096');
  });

  // Blocks of 4 KiB: 8 and 16 are in a file, in a directory, or in what the file system needs itself.
  test.each<[string, number, Uint8Array]>([
    ['CD001', 32768, text('\x01CD001\x01\x00')],
    ['JFS1', 32768, text('JFS1\x02\0\0\0')],
    ['UDF’s NSR02', 32768, text('\x00NSR02\x01')],
    ['ReiserFS’s name', 65588, text('ReIsEr2Fs')],
    ['btrfs’s name', 65600, text('_BHRfS_M')],
    ['a second LUKS header', 16384, text('SKUL\xba\xbe\x00\x02')],
    ['MD’s number', 4096, Uint8Array.of(0xfc, 0x4e, 0x2b, 0xa9)],
    ['SquashFS’s name', 0, text('hsqs')],
    ['XFS’s name', 0, text('XFSB')],
    ['an LVM label', 512, text(`LABELONE${'\0'.repeat(16)}LVM2 001`)],
  ])('%s in an ext4 is nothing', (_, offset, bytes) => {
    const path = makeImage(64 * MIB);
    run('cp', ['--sparse=always', ext4, path]);
    writeAt(path, offset, bytes);
    expect(typesOf(path)).toEqual(['ext4']);
  });

  test('an ext4 of 3341 GiB has the number of NILFS2 in its own', () => {
    const path = makeImage(0);
    makeLargeExt4(path);
    expect(run('od', ['-An', '-tx1', '-j1030', '-N2', path]).trim()).toBe('34 34');
    expect(found(path)).toMatchObject([{ type: 'ext4', fileSystemBytes: LARGE_EXT4_BYTES }]);
  });

  test('two bytes of ext4’s number alone are nothing', () => {
    const path = makeImage(MIB);
    writeAt(path, 1080, Uint8Array.of(0x53, 0xef));
    expect(found(path)).toEqual([]);
  });

  test('an archive in a file of a file system is nobody’s word', () => {
    const path = made(64 * MIB, 'mkfs.vfat');
    writeAt(path, 524288, archiveHeader());
    expect(typesOf(path)).toEqual(['vfat']);
  });
});

describe('headers that fail their checks', () => {
  test.each<[string, string, number, string[]]>([
    ['ext4', 'mke2fs', 1024 + 120, ['-q', '-F', '-t', 'ext4']],
    ['xfs', 'mkfs.xfs', 108, ['-q']],
    ['btrfs', 'mkfs.btrfs', 65536 + 299, ['-q']],
    ['exfat', 'mkfs.exfat', 100, []],
    ['f2fs', 'mkfs.f2fs', 1024 + 124, ['-q', '-O', 'extra_attr,sb_checksum']],
  ])('a damaged %s is known, and told', (type, tool, offset, parameters) => {
    const path = made(400 * MIB, tool, ...parameters);
    expect(found(path)[0]).not.toHaveProperty('flaw');
    writeAt(path, offset, text('x'));
    expect(found(path)).toMatchObject([{ type, flaw: 'the checksum of its superblock is wrong' }]);
  });

  test('are left-overs where there is something sound', () => {
    const path = made(400 * MIB, 'mkfs.xfs', '-q');
    writeAt(path, 108, text('x'));
    run('mke2fs', ['-q', '-F', '-t', 'ext3', `${path}.new`, '300M']);
    run('dd', [`if=${path}.new`, `of=${path}`, 'bs=1k', 'skip=1', 'seek=1', 'conv=notrunc', 'status=none']);
    expect(typesOf(path)).toEqual(['ext3']);
  });

  test('a superblock of MD that was copied to another place is none', () => {
    const path = makeImage(64 * MIB);
    writeAt(path, 4096, Uint8Array.of(0xfc, 0x4e, 0x2b, 0xa9, 1));
    writeAt(path, 4096 + 128, Uint8Array.of(0));
    expect(found(path)).toEqual([]);
  });
});

test.each(['v08', 'v09'])(
  'an ext4 inside a device of DRBD (%s) is not what the device holds alone',
  (version) => {
    const path = makeImage(256 * MIB);
    run('mke2fs', ['-q', '-F', '-t', 'ext4', path, '200M']);
    const peers = version === 'v09' ? ['1'] : [];
    run('drbdmeta', ['--force', '0', version, path, 'internal', 'create-md', ...peers], 'yes\nyes\n');
    expect(typesOf(path).sort()).toEqual(['drbd', 'ext4']);
    expect(blkid(path)).toMatchObject({ TYPE: 'drbd', USAGE: 'raid' });
  },
);

describe('FAT’s label', () => {
  test.each([
    ['12', 43],
    ['16', 43],
    ['32', 71],
  ])('of FAT%s is the one in its root directory', (bits, bootLabelAt) => {
    const path = made(
      64 * MIB,
      'mkfs.vfat',
      '-F',
      bits,
      ...(bits === '12' ? ['-s', '64'] : []),
      '-n',
      'ROOT',
    );
    writeAt(path, Number(bootLabelAt), text('BOOT SECTOR'));
    expect(found(path)).toMatchObject([{ type: 'vfat', label: 'ROOT' }]);
    expect(blkid(path).LABEL).toBe('ROOT');
  });

  test('is none where only the boot sector has one', () => {
    const path = made(64 * MIB, 'mkfs.vfat');
    writeAt(path, 43, text('BOOT SECTOR'));
    expect(found(path)[0]?.label).toBeUndefined();
    expect(blkid(path).LABEL).toBeUndefined();
  });

  test('of FAT32 may stand in a later cluster, behind long names and what was deleted', () => {
    const path = made(64 * MIB, 'mkfs.vfat', '-F', '32', '-s', '1');
    const [reserved, tableSectors] = withDevice(path, ({ read }) => {
      const view = new DataView(read(0, 512).slice().buffer);
      return [view.getUint16(14, true), view.getUint32(36, true)] as const;
    });
    const entry = (name: string, attributes: number) =>
      text(name.padEnd(11) + String.fromCharCode(attributes)).slice(0, 12);
    const cluster = (number: number) => (reserved + 2 * tableSectors + number - 2) * 512;
    const other = [entry('\xe5LD', 0x08), entry('Along name', 0x0f), entry('DIR', 0x10)];
    for (let index = 0; index < 16; index++)
      writeAt(path, cluster(2) + 32 * index, other[index % 3] ?? text(''));
    writeAt(path, reserved * 512 + 8, Uint8Array.of(9, 0, 0, 0));
    writeAt(path, reserved * 512 + 36, Uint8Array.of(0xff, 0xff, 0xff, 0x0f));
    writeAt(path, cluster(9), entry('LATE', 0x08));
    expect(found(path)[0]?.label).toBe('LATE');
    expect(blkid(path).LABEL).toBe('LATE');
  });
});

test.each<[string, string, string[]]>([
  ['ext2', 'mke2fs', ['-q', '-F', '-t', 'ext2', '-L', 'data']],
  ['ext4', 'mke2fs', ['-q', '-F', '-t', 'ext4', '-L', 'data']],
  ['an ext journal', 'mke2fs', ['-q', '-F', '-O', 'journal_dev', '-L', 'data']],
  ['XFS', 'mkfs.xfs', ['-q', '-L', 'data']],
  ['XFS without checksums', 'mkfs.xfs', ['-q', '-m', 'crc=0', '-L', 'data']],
  ['btrfs', 'mkfs.btrfs', ['-q', '-L', 'data']],
  ['btrfs with another checksum', 'mkfs.btrfs', ['-q', '--csum', 'sha256', '-L', 'data']],
  ['FAT', 'mkfs.vfat', ['-n', 'DATA']],
  ['exFAT', 'mkfs.exfat', ['-L', 'data']],
  ['F2FS', 'mkfs.f2fs', ['-q', '-l', 'data']],
  ['JFS', 'jfs_mkfs', ['-q', '-L', 'data']],
  ['ReiserFS', 'mkfs.reiserfs', ['-q', '-f', '-l', 'data']],
  ['NILFS2', 'mkfs.nilfs2', ['-q', '-L', 'data']],
  ['swap', 'mkswap', ['-L', 'data']],
  ['bcache', 'make-bcache', ['-B']],
])('of %s libblkid says the same', (_, tool, parameters) => {
  const path = made(400 * MIB, tool, ...parameters);
  const [signature, ...more] = found(path);
  const { TYPE, LABEL, UUID } = blkid(path);
  expect(more).toEqual([]);
  expect({ TYPE: signature?.type, LABEL: signature?.label, UUID: signature?.uuid }).toEqual({
    TYPE,
    LABEL,
    UUID,
  });
  expect(signature).not.toHaveProperty('flaw');
});
