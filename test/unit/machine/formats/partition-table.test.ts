import { readFileSync, truncateSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import { isExtended } from '../../../../src/machine/formats/partition-table/mbr.ts';
import { readPartitionTable } from '../../../../src/machine/formats/partition-table.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { MIB, makeImage, memoryDevice, run, text, writeAt } from '../../images.ts';

const LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const EFI = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const ROOT_GUID = '6E7B6F0C-1B1A-4D3C-9D3E-00000000000A';
const DISK_GUID = '6E7B6F0C-1B1A-4D3C-9D3E-00000000000D';

function tableOf(path: string) {
  const device = openDevice(path);
  try {
    return readPartitionTable(device.read, device.size, 512);
  } finally {
    device.close();
  }
}

function gptImage(): string {
  const path = makeImage(64 * MIB);
  const script = [
    'label: gpt',
    `label-id: ${DISK_GUID}`,
    `start=2048, size=8192, type=${EFI}`,
    `start=10240, size=20480, type=${LINUX}, uuid=${ROOT_GUID}, name="gandiröot"`,
  ];
  run('sfdisk', ['--quiet', path], `${script.join('\n')}\n`);
  return path;
}

describe('GPT', () => {
  test('is read as sfdisk writes it', () => {
    expect(tableOf(gptImage())).toMatchObject({
      table: 'gpt',
      sectorBytes: 512,
      diskId: DISK_GUID,
      usableEnd: 64 * MIB - 33 * 512,
      partitions: [
        { number: 1, start: MIB, length: 4 * MIB, type: EFI, label: '' },
        { number: 2, start: 5 * MIB, length: 10 * MIB, type: LINUX, label: 'gandiröot', guid: ROOT_GUID },
      ],
    });
  });

  test('is read from memory that is shared, and left as it is', () => {
    const bytes = readFileSync(gptImage());
    const before = Buffer.from(bytes);
    const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
    expect(readPartitionTable(read, bytes.length, 512)?.partitions).toHaveLength(2);
    expect(bytes.equals(before)).toBe(true);
  });

  test('on a disk enlarged since, the end is that of the disk', () => {
    const path = gptImage();
    truncateSync(path, 128 * MIB);
    expect(tableOf(path)?.usableEnd).toBe(128 * MIB - 33 * 512);
  });

  test('a lower limit of its own is kept while the disk has its size', () => {
    const path = makeImage(64 * MIB);
    run('sfdisk', ['--quiet', path], 'label: gpt\nlast-lba: 100000\nstart=2048, size=2048\n');
    expect(tableOf(path)?.usableEnd).toBe(100001 * 512);
  });

  test.each([
    ['header', 512 + 40],
    ['entries', 1024 + 60],
  ])('a changed byte of the %s is noticed, and the protective MBR is not taken for a table', (_, offset) => {
    const path = gptImage();
    writeAt(path, offset, Uint8Array.of(0xa5));
    expect(tableOf(path)).toBeUndefined();
  });

  test('a disk that lost its end has no usable table', () => {
    const path = gptImage();
    truncateSync(path, 14 * MIB);
    expect(tableOf(path)).toBeUndefined();
  });
});

describe('MBR', () => {
  function mbrImage(): string {
    const path = makeImage(64 * MIB);
    const script = [
      'label: dos',
      'label-id: 0x0badcafe',
      'start=2048,size=20480,type=83,bootable',
      'start=22528,size=61440,type=5',
      'start=24576,size=10240,type=83',
      'start=36864,size=10240,type=82',
    ];
    run('sfdisk', ['--quiet', path], `${script.join('\n')}\n`);
    return path;
  }

  test('is read with its logical partitions', () => {
    const table = tableOf(mbrImage());
    expect(table).toEqual({
      table: 'mbr',
      sectorBytes: 512,
      diskId: '0BADCAFE',
      usableEnd: 64 * MIB,
      partitions: [
        { number: 1, start: 2048 * 512, length: 20480 * 512, type: '83', label: '', guid: '' },
        { number: 2, start: 22528 * 512, length: 61440 * 512, type: '05', label: '', guid: '' },
        { number: 5, start: 24576 * 512, length: 10240 * 512, type: '83', label: '', guid: '' },
        { number: 6, start: 36864 * 512, length: 10240 * 512, type: '82', label: '', guid: '' },
      ],
    });
    expect(table?.partitions.map(isExtended)).toEqual([false, true, false, false]);
  });

  test('reaches no further than 32 bits of sectors', () => {
    const record = new Uint8Array(512);
    record.set([0x55, 0xaa], 510);
    const device = memoryDevice(3 * 2 ** 40, { 0: record });
    expect(readPartitionTable(device.read, device.size, 512)?.usableEnd).toBe(2 ** 41);
  });

  test('a chain of logical partitions that is broken or runs in a circle makes no table', () => {
    const broken = mbrImage();
    writeAt(broken, 22528 * 512 + 510, Uint8Array.of(0, 0));
    expect(tableOf(broken)).toBeUndefined();
    const circle = mbrImage();
    const toItself = new Uint8Array(16);
    toItself[4] = 5;
    toItself[12] = 1;
    writeAt(circle, 22528 * 512 + 462, toItself);
    expect(tableOf(circle)).toBeUndefined();
  });

  test('partitions that overlap make no table', () => {
    const path = mbrImage();
    writeAt(path, 446 + 12, Uint8Array.of(0, 0, 1));
    expect(tableOf(path)).toBeUndefined();
  });

  test('the boot sector of a FAT file system is none', () => {
    const path = makeImage(8 * MIB);
    run('mkfs.vfat', [path]);
    expect(tableOf(path)).toBeUndefined();
  });
});

test('a blank disk and an empty one have no table', () => {
  for (const size of [0, 512, MIB]) {
    const device = memoryDevice(size);
    expect(readPartitionTable(device.read, size, 512)).toBeUndefined();
  }
});

test('no bytes make it throw or read without bound', () => {
  const sectors = fc.uint8Array({ minLength: 1536, maxLength: 1536 });
  fc.assert(
    fc.property(sectors, fc.boolean(), (bytes, gpt) => {
      bytes.set([0x55, 0xaa], 510);
      for (const at of [446, 462, 478, 494]) bytes[at] = 0;
      if (gpt) bytes.set(text('EFI PART'), 512);
      const device = memoryDevice(2 ** 40, { 0: bytes });
      readPartitionTable(device.read, device.size, 512);
      expect(device.reads.length).toBeLessThan(1000);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
