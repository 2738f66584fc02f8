import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openIso9660 } from '../../../../../src/machine/formats/volumes/iso9660.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';
import { memoryDevice } from '../../../images.ts';
import { changedBytes } from '../../../metadata/gandi/changed-bytes.ts';
import { countingSource, isoImage } from './volumes.ts';

const LONG = `${'long-name-'.repeat(20)}.txt`;
const FILES = {
  'meta-data': 'instance-id: iid-1\n',
  'user-data': '#!/bin/sh\necho 1\n',
  'network-config': '',
  'openstack/latest/meta_data.json': '{"uuid": "1"}',
};
/** Bytes of a seed that are read at most: six directories and files of 2 KiB each, 32 descriptors. */
const MOST_BYTES = 256 * 1024;

const open = (image: Buffer) => {
  const volume = openIso9660(memoryDevice(image.length, { 0: image }));
  if (volume === undefined) throw new Error('no ISO 9660 image');
  return volume;
};
const read = (image: Buffer, path: string, most = 1000) => {
  const content = open(image).read(path, most);
  return content instanceof Uint8Array ? Buffer.from(content).toString() : content;
};
const namesOf = (image: Buffer) => {
  const entries = open(image).list();
  return 'fault' in entries ? entries : entries.map(({ name }) => name).sort();
};

const rootOf = (image: Buffer) => image.readUInt32LE(32_768 + 156 + 2) * 2048;

/** Where the record of the top directory that holds a name begins. */
const recordOf = (image: Buffer, name: string) => image.indexOf(name, rootOf(image), 'latin1') - 33;

const rockRidge = isoImage(FILES, '-volid', 'cidata', '-rational-rock');
const joliet = isoImage(FILES, '-volid', 'CIDATA', '-joliet');
const plain = isoImage(
  FILES,
  '-volid',
  'cidata',
  '-allow-lowercase',
  '-l',
  '-relaxed-filenames',
  '-allow-multidot',
);

describe('what genisoimage makes', () => {
  test.each([
    ['with Rock Ridge', rockRidge, ['cidata']],
    ['with Joliet alone', joliet, ['CIDATA']],
    ['with plain names in lower case', plain, ['cidata']],
    ['with both', isoImage(FILES, '-volid', 'cidata', '-joliet', '-rational-rock'), ['cidata']],
  ])('%s', (_, image, labels) => {
    expect(open(image).labels).toEqual(labels);
    expect(namesOf(image)).toEqual(['meta-data', 'network-config', 'openstack', 'user-data']);
    expect(read(image, 'user-data')).toBe('#!/bin/sh\necho 1\n');
    expect(read(image, 'network-config')).toBe('');
    expect(read(image, 'openstack/latest/meta_data.json')).toBe('{"uuid": "1"}');
    expect(read(image, 'openstack')).toBeUndefined();
    expect(read(image, 'user-data/x')).toBeUndefined();
    expect(read(image, 'vendor-data')).toBeUndefined();
  });

  test('names in capitals with version and closing dot, compared without case', () => {
    const image = isoImage({ META: 'a', 'x.toml': 'b' }, '-volid', 'cidata');
    expect(namesOf(image)).toEqual(['META', 'X.TOM']);
    expect(read(image, 'meta')).toBe('a');
  });

  test('a name of Rock Ridge that goes on in a continuation, with case', () => {
    const image = isoImage({ [LONG]: 'here', UPPER: '1' }, '-rational-rock', '-volid', 'cidata');
    expect(namesOf(image)).toEqual(['UPPER', LONG]);
    expect(read(image, LONG)).toBe('here');
    expect(read(image, 'upper')).toBeUndefined();
  });

  test('no label, and no image', () => {
    expect(open(isoImage(FILES, '-volid', '')).labels).toEqual([]);
    expect(openIso9660(memoryDevice(1_000_000))).toBeUndefined();
    expect(openIso9660(memoryDevice(100))).toBeUndefined();
  });
});

describe('an image that is not as it says', () => {
  const changed = (image: Buffer, change: (copy: Buffer) => void) => {
    const copy = Buffer.from(image);
    change(copy);
    return copy;
  };
  const faultOf = (image: Buffer, path = 'user-data') => {
    const content = open(image).read(path, 1000);
    if (content === undefined || content instanceof Uint8Array) return content;
    return `${content.fault.found}, expected ${content.fault.expected}`;
  };

  test('a file longer than is taken', () => {
    expect(open(rockRidge).read('user-data', 16)).toMatchObject({
      fault: { found: '17 bytes', expected: 'at most 16 bytes' },
    });
  });

  test('a file behind the end of the image', () => {
    const image = changed(rockRidge, (copy) =>
      copy.writeUInt32LE(0x7fffffff, recordOf(copy, 'USER_DAT') + 2),
    );
    expect(faultOf(image)).toBe(
      `a file that reaches behind the end, expected a file inside of ${image.length} bytes`,
    );
  });

  test('a directory that is huge', () => {
    const image = changed(rockRidge, (copy) => copy.writeUInt32LE(0xffffffff, 32_768 + 156 + 10));
    expect(faultOf(image)).toBe('4294967295 bytes, expected at most 262144 bytes');
    expect(open(image).list()).toMatchObject({ fault: { found: '4294967295 bytes' } });
  });

  test('a record that reaches beyond its sector', () => {
    const name = changed(rockRidge, (copy) => copy.writeUInt8(250, recordOf(copy, 'USER_DAT') + 32));
    const directory = changed(rockRidge, (copy) => copy.writeUInt32LE(100, 32_768 + 156 + 10));
    const fault = 'a record of a directory that is longer than its place, expected a record that fits';
    expect([faultOf(name), faultOf(directory)]).toEqual([fault, fault]);
  });

  test('a continuation that leads to itself', () => {
    const image = isoImage({ [LONG]: 'here' }, '-rational-rock', '-volid', 'cidata');
    const looped = changed(image, (copy) => {
      // The first field of the area is made one that continues there.
      const at = copy.indexOf('CE\x1c\x01', recordOf(copy, 'LONG_NAM'), 'latin1');
      const block = copy.readUInt32LE(at + 4) * 2048;
      for (let place = block; place < block + 2048; place += 28) copy.copy(copy, place, at, at + 28);
      for (const field of [at, ...[0, 28, 56].map((offset) => block + offset)]) {
        copy.writeUInt32LE(block / 2048, field + 4);
        copy.writeUInt32LE(0, field + 12);
        copy.writeUInt32LE(28, field + 20);
      }
    });
    expect(faultOf(looped)).toBe('continuations of a record without end, expected at most 8 of them');
  });

  test('a directory that is its own child', () => {
    const image = changed(plain, (copy) => {
      copy.writeUInt32LE(rootOf(copy) / 2048, recordOf(copy, 'openstack') + 2);
    });
    const path = `${'openstack/'.repeat(100)}user-data`;
    const source = countingSource(image);
    expect(Buffer.from(openIso9660(source)?.read(path, 100) as Uint8Array).toString()).toContain('echo');
    expect(source.count().reads).toBeLessThan(150);
  });

  test('a symbolic link, and a file in pieces', () => {
    const links = changed(rockRidge, (copy) => {
      const at = copy.indexOf('PX', recordOf(copy, 'USER_DAT'), 'latin1');
      copy.writeUInt32LE(0o120777, at + 4);
    });
    const pieces = changed(rockRidge, (copy) => copy.writeUInt8(0x80, recordOf(copy, 'USER_DAT') + 25));
    expect(faultOf(links)).toBe('a link or device, expected a file');
    expect(faultOf(pieces)).toBe('a file in several pieces, expected a file in one piece');
  });

  test('blocks of no size', () => {
    expect(faultOf(changed(plain, (copy) => copy.writeUInt16LE(0, 32_768 + 128)))).toContain(
      'blocks of 0 bytes',
    );
  });
});

test.each([
  ['Rock Ridge', rockRidge],
  ['Joliet', joliet],
  ['plain names', plain],
])('changed bytes of an image with %s give files or faults, and bounded reads', (_, image) => {
  // Boot loaders, padding and content hold nothing that is read.
  const interesting = image.subarray(32_768, 32_768 + 16 * 2048);
  const anyImage = changedBytes(Buffer.from(interesting), 30).map((part) =>
    Buffer.concat([image.subarray(0, 32_768), part, image.subarray(32_768 + part.length)]),
  );
  fc.assert(
    fc.property(anyImage, (changed) => {
      const source = countingSource(changed);
      const volume = openIso9660(source);
      volume?.list();
      volume?.read('user-data', 1000);
      volume?.read('openstack/latest/meta_data.json', 1000);
      expect(source.count().bytes).toBeLessThan(4 * MOST_BYTES);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
