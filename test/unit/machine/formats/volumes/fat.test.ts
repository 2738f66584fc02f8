import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFat } from '../../../../../src/machine/formats/volumes/fat.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';
import { memoryDevice } from '../../../images.ts';
import { changedBytes } from '../../../metadata/gandi/changed-bytes.ts';
import { countingSource, FAT_KINDS, fatImage } from './volumes.ts';

type Kind = keyof typeof FAT_KINDS;
const KINDS = Object.keys(FAT_KINDS) as Kind[];

/** Of several clusters of each kind. */
const SCRIPT = `#!/bin/sh\n${'echo here\n'.repeat(3000)}`;
const FILES = {
  'meta-data': 'instance-id: iid-1\n',
  'user-data': SCRIPT,
  'network-config': '',
  'openstack/latest/meta_data.json': '{"uuid": "1"}',
};

const images = new Map<Kind, Buffer>();
const made = (kind: Kind) => {
  const image = images.get(kind) ?? fatImage(kind, FILES, '-n', 'CIDATA');
  images.set(kind, image);
  return image;
};
const open = (image: Buffer) => {
  const volume = openFat(memoryDevice(image.length, { 0: image }));
  if (volume === undefined) throw new Error('no FAT');
  return volume;
};
const read = (image: Buffer, path: string, most = 100_000) => {
  const content = open(image).read(path, most);
  return content instanceof Uint8Array ? Buffer.from(content).toString() : content;
};
const faultOf = (image: Buffer, path = 'user-data') => {
  const content = open(image).read(path, 100_000);
  if (content === undefined || content instanceof Uint8Array) return content;
  return `${content.fault.found}, expected ${content.fault.expected}`;
};

/** Fields of the boot sector, as the tests need them. */
function partsOf(image: Buffer) {
  const reserved = image.readUInt16LE(14);
  const table = image.readUInt16LE(22) || image.readUInt32LE(36);
  return { tableAt: reserved * 512, rootAt: (reserved + 2 * table) * 512 };
}

/** Where the entry of a short name is. */
const entryOf = (image: Buffer, name: string) => image.indexOf(name, partsOf(image).rootAt, 'latin1');

const changed = (image: Buffer, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(image);
  change(copy);
  return copy;
};

describe.each(KINDS)('what mkfs.vfat and mcopy make: %s', (kind) => {
  test('files with long names, of any length, and below directories', () => {
    const image = made(kind);
    const entries = open(image).list();
    expect(open(image).labels).toEqual(['CIDATA']);
    expect('fault' in entries ? entries : entries.map(({ name }) => name).sort()).toEqual([
      'meta-data',
      'network-config',
      'openstack',
      'user-data',
    ]);
    expect(read(image, 'user-data')).toBe(SCRIPT);
    expect(read(image, 'USER-DATA')).toBe(SCRIPT);
    expect(read(image, 'network-config')).toBe('');
    expect(read(image, 'openstack/latest/meta_data.json')).toBe('{"uuid": "1"}');
    expect(read(image, 'openstack/latest')).toBeUndefined();
    expect(read(image, 'vendor-data')).toBeUndefined();
  });

  test('many files, so that the top directory has several clusters', () => {
    const files = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`a-long-file-name-${index}`, `${index}`]),
    );
    const image = fatImage(kind, files);
    expect(read(image, 'a-long-file-name-99')).toBe('99');
  });

  test('a label of the directory that is not that of the boot sector', () => {
    const image = changed(made(kind), (copy) =>
      copy.write('cidata     ', kind === 'FAT32' ? 71 : 43, 'latin1'),
    );
    expect(open(image).labels).toEqual(['CIDATA', 'cidata']);
    // Deleted from the directory: the boot sector's stays.
    const alone = changed(image, (copy) => copy.writeUInt8(0xe5, entryOf(copy, 'CIDATA     ')));
    expect(open(alone).labels).toEqual(['cidata']);
    const none = changed(alone, (copy) => copy.write('NO NAME    ', kind === 'FAT32' ? 71 : 43, 'latin1'));
    expect(open(none).labels).toEqual([]);
  });

  test('a chain that goes round, that leaves the volume, and that ends too soon', () => {
    const image = made(kind);
    const cluster = image.readUInt16LE(entryOf(image, 'USER-D') + 26);
    const { tableAt } = partsOf(image);
    const point = (to: number) =>
      changed(image, (copy) => {
        if (kind === 'FAT32') copy.writeUInt32LE(to, tableAt + 4 * cluster);
        else if (kind === 'FAT16') copy.writeUInt16LE(to & 0xffff, tableAt + 2 * cluster);
        else {
          const at = tableAt + cluster + (cluster >> 1);
          const word = copy.readUInt16LE(at);
          const odd = cluster % 2 === 1;
          copy.writeUInt16LE(odd ? (word & 0xf) | ((to & 0xfff) << 4) : (word & 0xf000) | (to & 0xfff), at);
        }
      });
    // As long as the file says that it is, and no longer.
    expect(open(point(cluster)).read('user-data', 100_000)).toHaveLength(SCRIPT.length);
    expect(faultOf(point(0xffffffff & (kind === 'FAT32' ? 0x0fffffff : 0xffff)))).toMatch(
      /^1 clusters of a file, expected \d+ clusters$/,
    );
    expect(faultOf(point(0))).toMatch(/^cluster 0 in a chain, expected clusters 2 to \d+$/);
    expect(faultOf(point(kind === 'FAT32' ? 0x00ffffff : kind === 'FAT16' ? 0xfff0 : 0xff0))).toContain(
      'in a chain',
    );
  });

  test('a directory in a circle of clusters', () => {
    const image = made(kind);
    const entry = entryOf(image, 'OPENST');
    const cluster = image.readUInt16LE(entry + 26);
    const { tableAt, rootAt } = partsOf(image);
    const circle = changed(image, (copy) => {
      // No end mark in it, and the table says that it follows itself.
      const dataAt = kind === 'FAT32' ? rootAt : rootAt + copy.readUInt16LE(17) * 32;
      const clusterBytes = (copy[13] ?? 0) * 512;
      copy.fill('A', dataAt + (cluster - 2) * clusterBytes, dataAt + (cluster - 1) * clusterBytes);
      if (kind === 'FAT32') copy.writeUInt32LE(cluster, tableAt + 4 * cluster);
      else if (kind === 'FAT16') copy.writeUInt16LE(cluster, tableAt + 2 * cluster);
      else {
        const at = tableAt + cluster + (cluster >> 1);
        const word = copy.readUInt16LE(at);
        copy.writeUInt16LE(cluster % 2 === 1 ? (word & 0xf) | (cluster << 4) : (word & 0xf000) | cluster, at);
      }
    });
    expect(faultOf(circle, 'openstack/latest/meta_data.json')).toBe(
      'a longer directory, or clusters in a circle, expected at most 262144 bytes',
    );
  });

  test('a directory that is its own child', () => {
    const image = made(kind);
    const itself = changed(image, (copy) => {
      const entry = entryOf(copy, 'OPENST');
      const latest = copy.indexOf('LATEST  ', entry, 'latin1');
      copy.writeUInt16LE(copy.readUInt16LE(entry + 26), latest + 26);
    });
    const source = countingSource(itself);
    expect(openFat(source)?.read(`openstack/${'latest/'.repeat(50)}x`, 100)).toBeUndefined();
    expect(source.count().reads).toBeLessThan(200);
  });

  test('a file longer than is taken, or than the volume is', () => {
    const image = made(kind);
    expect(open(image).read('user-data', 10)).toMatchObject({ fault: { expected: 'at most 10 bytes' } });
    const huge = changed(image, (copy) => copy.writeUInt32LE(0xffffffff, entryOf(copy, 'USER-D') + 28));
    expect(faultOf(huge)).toBe('4294967295 bytes, expected at most 100000 bytes');
    expect(faultOf(image.subarray(0, partsOf(image).rootAt + 100))).toMatch(/reaches behind the end/);
  });

  test('changed bytes give files or faults, and bounded reads', () => {
    const { rootAt } = partsOf(made(kind));
    const image = made(kind).subarray(0, rootAt + 100 * 1024);
    const property = fc.property(
      changedBytes(Buffer.from(image.subarray(0, 512)), 3),
      changedBytes(Buffer.from(image.subarray(512, 4096)), 50),
      changedBytes(Buffer.from(image.subarray(rootAt, rootAt + 1024)), 20),
      fc.boolean(),
      (boot, table, root, withBoot) => {
        const copy = Buffer.from(image);
        if (withBoot) boot.copy(copy);
        table.copy(copy, 512);
        root.copy(copy, rootAt);
        const source = countingSource(copy);
        const volume = openFat(source);
        volume?.list();
        volume?.read('user-data', 100_000);
        volume?.read('openstack/latest/meta_data.json', 1000);
        expect(source.count().reads).toBeLessThan(20_000);
      },
    );
    fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
});

test('a long name that is left of another file is not that of the next', () => {
  // As a system without long names renames a file.
  const image = changed(made('FAT12'), (copy) =>
    copy.write('OTHER   TXT', entryOf(copy, 'USER-D'), 'latin1'),
  );
  expect(read(image, 'user-data')).toBeUndefined();
  expect(read(image, 'other.txt')).toBe(SCRIPT);
});

test('names that are short and in lower case, and what is no FAT', () => {
  const image = fatImage('FAT12', { 'a.txt': 'x' });
  expect(read(image, 'a.txt')).toBe('x');
  expect(openFat(memoryDevice(1_000_000))).toBeUndefined();
  expect(openFat(memoryDevice(100))).toBeUndefined();
});
