import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ARCHIVE_OFFSET, readArchive } from '../../../../src/metadata/gandi/archive.ts';
import { packArchive } from '../../../../src/metadata/gandi/seed-disk.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { memorySource } from '../memory-source.ts';
import { problemsOf } from './archive-problems.ts';
import { changedBytes } from './changed-bytes.ts';
import { archive, CONFIG, DIRECTORY, header, member, paxRecord } from './tar-blocks.ts';

const text = (value: string) => new TextEncoder().encode(value);

describe('archives as programs write them', () => {
  it.each(['gnu.tar', 'ustar.tar', 'python-pax.tar'])('%s is taken', (name) => {
    const bytes = readFileSync(`test/fixtures/archives/${name}`);
    const disk = Buffer.concat([Buffer.alloc(ARCHIVE_OFFSET), bytes]);
    const result = readArchive(memorySource(disk), ARCHIVE_OFFSET);
    if (result.state !== 'present') {
      throw new Error(JSON.stringify(result));
    }
    expect(result.archive.device).toBe('/dev/memory');
    expect(result.archive.members.map((stored) => stored.name).sort()).toEqual(['config', 'script']);
    expect(Buffer.from(result.config)).toEqual(readFileSync('test/fixtures/gandi/complete/config'));
    const script = result.archive.members.find((stored) => stored.name === 'script');
    const start = script?.offset ?? 0;
    expect(disk.subarray(start, start + (script?.length ?? 0)).toString()).toBe('#!/bin/sh\necho "$@"\n');
    expect(
      disk.subarray(result.archive.offset + result.archive.length - 1024).every((byte) => byte === 0),
    ).toBe(true);
  });

  it('takes a long name from a GNU header, and a size from a pax header', () => {
    const release = `6.1.0-${'x'.repeat(50)}`;
    const name = `gandi/${release}-modules.tar.gz`;
    const bytes = archive(
      member({ name: '././@LongLink', type: 'L', magic: 'ustar  \0' }, `${name}\0`),
      member({ name: name.slice(0, 100), magic: 'ustar  \0' }, 'gzip bytes'),
      member({ name: '././@PaxHeader', type: 'x' }, paxRecord('size', '22') + paxRecord('mtime', '1.5')),
      member({ name: 'gandi/config', size: '00000000000\0' }, '{"vm_hostname":"web1"}'),
    );
    const result = readArchive(memorySource(bytes), 0);
    expect(result).toMatchObject({ state: 'present', archive: { offset: 0, length: bytes.length } });
    expect(result.state === 'present' && result.archive.members).toEqual([
      { name: `${release}-modules.tar.gz`, offset: 1536, length: 10 },
      { name: 'config', offset: 3584, length: 22 },
    ]);
  });

  it('reads no more of a modules archive of 900 MB than its last block', () => {
    const size = 900 * 1000 * 1000;
    const modules = header({ name: 'gandi/6.1.0-modules.tar.gz', size: `0${size.toString(8)}\0` });
    const start = Buffer.concat([DIRECTORY, CONFIG, modules]);
    const end = start.length + Math.ceil(size / 512) * 512;
    const whole = { path: '/dev/sdb', size: end + 1024, bytesRead: 0 };
    const result = readArchive(
      {
        ...whole,
        read(offset, length) {
          whole.bytesRead += length;
          const block = Buffer.alloc(length, offset >= start.length && offset < end ? 0x55 : 0);
          if (offset < start.length) {
            start.copy(block, 0, offset, offset + length);
          }
          return block;
        },
      },
      0,
    );
    expect(result).toMatchObject({ state: 'present', archive: { length: end + 1024 } });
    expect(whole.bytesRead).toBeLessThan(8192);
  });
});

describe('no archive', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['less than a block', text('gandi/config')],
    ['zeros', new Uint8Array(4096)],
    ['text', Buffer.alloc(4096, 'some file of an admin\n')],
    ['an archive of someone else', archive(member({ name: 'backup/etc/passwd' }, 'root'))],
    ['an archive whose names only begin alike', archive(member({ name: 'gandidate/list' }, 'x'))],
  ])('%s', (_, bytes) => {
    expect(readArchive(memorySource(bytes), 0)).toEqual({ state: 'absent' });
  });

  it('is found at its offset only', () => {
    const disk = Buffer.concat([Buffer.alloc(ARCHIVE_OFFSET), archive(DIRECTORY, CONFIG)]);
    expect(readArchive(memorySource(disk), ARCHIVE_OFFSET).state).toBe('present');
    expect(readArchive(memorySource(disk), ARCHIVE_OFFSET + 4096).state).toBe('absent');
    expect(readArchive(memorySource(disk), 0).state).toBe('absent');
  });
});

describe('damage', () => {
  it('finds any changed byte of a header', () => {
    const bytes = archive(DIRECTORY, CONFIG);
    for (let at = 0; at < 1024; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8((damaged.readUInt8(at) + 1) % 256, at);
      // The checksum's own closing blanks say nothing.
      if (at % 512 !== 154 && at % 512 !== 155) {
        expect(readArchive(memorySource(damaged), 0).state, `byte ${at}`).not.toBe('present');
      }
    }
  });

  it('tells a bad checksum from no archive', () => {
    const bytes = archive(header({ name: 'gandi/', type: '5', checksum: '0000000\0' }), CONFIG);
    expect(problemsOf(bytes)).toEqual([
      'archive: byte 0: a header whose checksum does not fit; a header as it was written',
    ]);
  });

  it('refuses an archive cut off at any block, on a shorter device or with zeros behind the cut', async () => {
    const bytes = await packArchive({
      config: readFileSync('test/fixtures/gandi/complete/config'),
      script: text(`#!/bin/sh\n${'echo line\n'.repeat(200)}`),
      init: text('import os\n'),
      modules: { name: '6.1.0-13-cloud-amd64-modules.tar.gz', content: Buffer.alloc(1700, 0x5a) },
    });
    expect(readArchive(memorySource(bytes), 0).state).toBe('present');
    for (let cut = 0; cut < bytes.length; cut += 512) {
      const shorter = bytes.subarray(0, cut);
      expect(readArchive(memorySource(shorter), 0).state, `cut at ${cut}`).not.toBe('present');
      if (cut <= bytes.length - 1536) {
        const zeros = readArchive(memorySource(shorter, bytes.length + 8192), 0);
        expect(zeros.state, `zeros from ${cut}`).toBe(cut === 0 ? 'absent' : 'broken');
      }
    }
  });
});

describe('any input', () => {
  /** What must hold whatever the bytes are. */
  function check(bytes: Uint8Array): void {
    const result = readArchive(memorySource(bytes), 0);
    if (result.state === 'broken') {
      expect(result.problems.length).toBeGreaterThan(0);
      expect(result.problems.map(({ found, path }) => found + path).join('')).not.toMatch(/\p{Cc}/u);
    }
    if (result.state === 'present') {
      const { members, length } = result.archive;
      expect(length).toBeLessThanOrEqual(bytes.length);
      expect(new Set(members.map(({ name }) => name)).size).toBe(members.length);
      for (const { name, offset, length: size } of members) {
        expect(name).toMatch(/^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/);
        expect(offset).toBeGreaterThanOrEqual(512);
        expect(offset + size).toBeLessThanOrEqual(length - 1024);
      }
    }
  }

  test('arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), check), { numRuns: PROPERTY_RUNS });
  });

  test('archives of arbitrary members', () => {
    const anyName = fc.oneof(
      fc.stringMatching(/^gandi\/[a-z0-9.+_-]{1,8}$/),
      fc.constantFrom('gandi/config', 'gandi/', '../x', '/x', 'gandi/../x', 'gandi//x', './gandi/config'),
      fc.string({ maxLength: 20 }),
    );
    const anyType = fc.oneof(
      { weight: 4, arbitrary: fc.constant('0') },
      fc.constantFrom(...'1234567xgLKSVD\0'),
    );
    const anyMember = fc
      .tuple(anyName, anyType, fc.string({ maxLength: 1100 }), fc.constantFrom('0000600\0', '0004755\0'))
      .map(([name, type, content, mode]) => member({ name, type, mode }, content));
    const anyArchive = fc.array(anyMember, { maxLength: 8 }).map((members) => archive(CONFIG, ...members));
    fc.assert(fc.property(anyArchive, check), { numRuns: PROPERTY_RUNS });
  });

  test('good archives with bytes changed', () => {
    const good = readFileSync('test/fixtures/archives/python-pax.tar');
    fc.assert(fc.property(changedBytes(good, 6), check), { numRuns: PROPERTY_RUNS });
  });
});
