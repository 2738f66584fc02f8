import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpioFormat, readCpio, readCpioMember } from '../../../../../src/machine/formats/volumes/cpio.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';
import { memoryDevice } from '../../../images.ts';
import { changedBytes } from '../../../metadata/gandi/changed-bytes.ts';
import { countingSource, cpioArchive } from './volumes.ts';

const FILES = { nodename: 'web1\n', 'firstboot.sh': '#!/bin/sh\nexit 0', authorized_keys: '' };

const source = (bytes: Uint8Array) => memoryDevice(bytes.length, { 0: bytes });

/** The other byte order: each word of a header swapped, as a big-endian machine writes it. Names and contents stay. */
function swapped(archive: Buffer): Buffer {
  const copy = Buffer.from(archive);
  const members = readCpio(source(archive), 100);
  const trailer = archive.lastIndexOf('TRAILER!!!') - 26;
  for (const at of [...(members?.members.map(({ headerAt }) => headerAt) ?? []), trailer]) {
    copy.subarray(at, at + 26).swap16();
  }
  return copy;
}

const ARCHIVES = {
  odc: cpioArchive('odc', FILES),
  'binary little-endian': cpioArchive('bin', FILES),
  'binary big-endian': swapped(cpioArchive('bin', FILES)),
  newc: cpioArchive('newc', FILES),
  crc: cpioArchive('crc', FILES),
} as const;

const KINDS = Object.keys(ARCHIVES) as (keyof typeof ARCHIVES)[];

const faultOf = (bytes: Uint8Array, most = 100) => {
  const fault = readCpio(source(bytes), most)?.fault;
  return fault && `${fault.found}, expected ${fault.expected}`;
};

describe.each(KINDS)('what GNU cpio makes: %s', (kind) => {
  const archive = ARCHIVES[kind];

  test('its members, their types and contents', () => {
    const device = source(archive);
    const read = readCpio(device, 10);
    expect(read).toMatchObject({ format: kind, members: [{ links: 1 }, { links: 1 }, { links: 1 }] });
    expect(read?.fault).toBeUndefined();
    expect(read?.end).toBeLessThanOrEqual(archive.length);
    const contents = read?.members.map((member) => {
      const content = readCpioMember(device, member, 100);
      return [member.name, member.mode & 0o170000, Buffer.from(content as Uint8Array).toString()];
    });
    expect(contents).toEqual(Object.entries(FILES).map(([name, text]) => [name, 0o100000, text]));
  });

  test('cut off, it has a fault', () => {
    for (let length = 8; length < (readCpio(source(archive), 10)?.end ?? 0) - 4; length += 7) {
      const read = readCpio(source(archive.subarray(0, length)), 10);
      expect(read?.fault?.found).toMatch(/behind the end|a member of/);
      expect(read?.end).toBeUndefined();
    }
  });

  test('too many members, a longer file than is taken', () => {
    expect(faultOf(archive, 2)).toBe('more members, expected at most 2 members');
    const device = source(archive);
    const [first] = readCpio(device, 10)?.members ?? [];
    expect(first && readCpioMember(device, first, 4)).toMatchObject({
      fault: { found: '5 bytes', expected: 'at most 4 bytes' },
    });
  });

  test('changed bytes give members or a fault, and bounded reads', () => {
    const property = fc.property(changedBytes(archive.subarray(0, 400), 20), (bytes) => {
      const device = countingSource(bytes);
      const read = readCpio(device, 10);
      for (const member of read?.members ?? []) readCpioMember(device, member, 1000);
      expect(device.count().bytes).toBeLessThan(20_000);
    });
    fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
});

test('an archive whose contents are not what their sums say', () => {
  const changed = Buffer.from(ARCHIVES.crc);
  changed[changed.indexOf('web1')] = 0x58;
  const device = source(changed);
  const [first] = readCpio(device, 10)?.members ?? [];
  expect(first && readCpioMember(device, first, 100)).toMatchObject({
    fault: { found: 'bytes with the sum 346', expected: 'bytes with the sum 377, as the header says' },
  });
});

test('headers of another format, digits that are none, names without end', () => {
  const changed = (kind: keyof typeof ARCHIVES, at: number, text: string) => {
    const copy = Buffer.from(ARCHIVES[kind]);
    copy.write(text, at, 'latin1');
    return copy;
  };
  const second = ARCHIVES.newc.indexOf('070701', 6);
  expect(faultOf(changed('newc', second, '070702'))).toBe(
    'no header, expected a header of a member, as of newc',
  );
  expect(faultOf(changed('newc', 14, '0x12'))).toBe('other bytes, expected 8 hexadecimal digits');
  expect(faultOf(changed('odc', 18, '8'))).toBe('other bytes, expected 6 octal digits');
  expect(faultOf(changed('newc', 94, '00000000'))).toMatch(/^a name of 0 bytes/);
  expect(faultOf(changed('newc', 94, 'ffffffff'))).toMatch(/^a name of 4294967295 bytes/);
  expect(faultOf(changed('newc', 94, '00000008'))).toMatch(/^a zero byte elsewhere|^a zero|one zero/);
  expect(faultOf(changed('newc', 54, 'ffffffff'))).toMatch(/^a member of 4294967295 bytes/);
});

test('what is no archive', () => {
  expect(readCpio(memoryDevice(1_000_000), 10)).toBeUndefined();
  expect(readCpio(memoryDevice(0), 10)).toBeUndefined();
  expect(cpioFormat(Buffer.from('07070'))).toBeUndefined();
});
