import { closeSync, existsSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { packArchive } from '../../../src/metadata/gandi/seed-disk.ts';
import { archive, CONFIG, DIRECTORY, header, member } from '../metadata/gandi/tar-blocks.ts';
import { fileWith, freshPath, freshRoot, gandi } from './program.ts';

const MEBIBYTE = 1024 * 1024;
const encode = (text: string) => new TextEncoder().encode(text);
let good: Buffer;

beforeAll(async () => {
  good = Buffer.from(
    await packArchive({
      config: encode('{"vm_hostname":"web1"}'),
      script: encode(`#!/bin/sh\n${'#'.repeat(2000)}\n`),
    }),
  );
});

const bootstrap = (root: string, seed: string) => gandi('gandi-bootstrap', '--root', root, '--seed', seed);

/** A disk as the host makes it: the archive at byte 524288. */
const onDisk = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(524_288), bytes, Buffer.alloc(MEBIBYTE)]);

describe('a good archive', { timeout: 60_000 }, () => {
  it.each(['as a file', 'on a disk'])('%s is stored privately and applied', (where) => {
    const root = freshRoot();
    const seed = fileWith(where === 'on a disk' ? onDisk(good) : good);
    const { exitCode, stderr } = bootstrap(root, seed);
    expect(exitCode, stderr).toBe(0);
    expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('web1\n');
    expect(readdirSync(`${root}/gandi`)).toEqual(['config', 'script']);
    expect(gandi('gandi-guest', 'validate', seed)).toMatchObject({ exitCode: 0, stderr: '' });
    const again = bootstrap(root, seed);
    expect(again.exitCode).toBe(0);
    expect(again.stderr).not.toContain('identity');
  });
});

describe('an archive that is not to be trusted', { timeout: 60_000 }, () => {
  const cases: [string, Buffer, string][] = [
    ['..', archive(DIRECTORY, CONFIG, member({ name: 'gandi/../../etc/hostname' }, 'x')), 'etc/hostname'],
    ['an absolute path', archive(DIRECTORY, CONFIG, member({ name: '/etc/hostname' }, 'x')), '/etc/hostname'],
    ['a path outside', archive(DIRECTORY, CONFIG, member({ name: 'etc/hostname' }, 'x')), 'etc/hostname'],
    [
      'a symbolic link',
      archive(DIRECTORY, CONFIG, member({ name: 'gandi/x', type: '2', link: '/etc' })),
      'symbolic link',
    ],
    [
      'a hard link',
      archive(DIRECTORY, CONFIG, member({ name: 'gandi/x', type: '1', link: '/etc/passwd' })),
      'hard link',
    ],
    ['a device', archive(DIRECTORY, CONFIG, member({ name: 'gandi/x', type: '4' })), 'block device'],
    [
      'a setuid bit',
      archive(DIRECTORY, CONFIG, member({ name: 'gandi/x', mode: '0004755\0' }, 'x')),
      'gandi/x',
    ],
    ['a second member of one name', archive(DIRECTORY, CONFIG, CONFIG), 'second member'],
    [
      'a bad checksum',
      archive(DIRECTORY, CONFIG, header({ name: 'gandi/x', checksum: '000000\0 ' })),
      'checksum',
    ],
    [
      'a negative size',
      archive(DIRECTORY, CONFIG, header({ name: 'gandi/x', size: Buffer.alloc(12, 0xff) })),
      'size',
    ],
    [
      'a size beyond the device',
      archive(DIRECTORY, CONFIG, header({ name: 'gandi/x', size: '77777777777\0' })),
      '8589934591',
    ],
    ['no configuration', archive(DIRECTORY, member({ name: 'gandi/script' }, '#!/bin/sh\n')), 'gandi/config'],
  ];

  it.each(cases)(
    'because of %s is refused whole, and what an earlier one asked for stays',
    (_, bytes, named) => {
      const root = freshRoot();
      expect(bootstrap(root, fileWith(good)).exitCode).toBe(0);
      const seed = fileWith(bytes);
      const { exitCode, stderr } = bootstrap(root, seed);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^gandi-bootstrap: problem: archive: .*found .*, expected /m);
      expect(stderr).toContain(named);
      expect(readFileSync(seed).equals(bytes)).toBe(true);
      expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('web1\n');
      expect(readdirSync(`${root}/gandi`)).toEqual(['config', 'script']);
      expect(gandi('gandi-guest', 'validate', seed)).toMatchObject({ exitCode: 1 });
    },
  );

  it('is refused wherever it was cut off', () => {
    // Each run costs a start of the program: every fourth block here, every block in the tests of its parts.
    for (let length = 512; length < good.length - 512; length += 2048) {
      const root = freshRoot();
      const disk = fileWith(onDisk(good.subarray(0, length)));
      expect(bootstrap(root, disk).exitCode, `after ${length} bytes`).toBe(1);
      expect(readFileSync(`${root}/etc/hostname`, 'utf8')).toBe('old\n');
      expect(existsSync(`${root}/gandi`)).toBe(false);
    }
  });

  it('is refused with little memory if a member has 10 GB of nothing', () => {
    const path = freshPath('sparse');
    const size = 10 * 1024 * MEBIBYTE;
    const before = Buffer.concat([
      DIRECTORY,
      CONFIG,
      header({ name: 'gandi/script', size: `${size.toString(8)}\0` }),
    ]);
    const descriptor = openSync(path, 'w');
    writeSync(descriptor, before);
    closeSync(descriptor);
    truncateSync(path, before.length + size + 1024);
    const root = freshRoot();
    const { exitCode, stderr, peakMemory } = bootstrap(root, path);
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toContain('gandi/script');
    expect(existsSync(`${root}/gandi`)).toBe(false);
    expect(peakMemory).toBeLessThan(80 * MEBIBYTE);
  });
});

describe('no archive', { timeout: 60_000 }, () => {
  it.each([
    ['an empty disk', Buffer.alloc(2 * MEBIBYTE)],
    ['somebody’s archive', archive(member({ name: 'backup/notes' }, 'mine'))],
    ['an archive at another offset', Buffer.concat([Buffer.alloc(4096), CONFIG, Buffer.alloc(MEBIBYTE)])],
  ])('on %s is an error of the person who named it', (_, bytes) => {
    const root = freshRoot();
    const { exitCode, stderr } = bootstrap(root, fileWith(bytes));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^gandi-bootstrap: .* holds no archive of a host/);
    expect(readdirSync(root)).toEqual(['etc']);
  });

  it('and none kept is status 3', () => {
    expect(gandi('gandi-bootstrap', '--root', freshRoot())).toMatchObject({ exitCode: 3 });
  });
});
