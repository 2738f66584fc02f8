import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { packArchive, seedLayout } from '../../../../src/metadata/gandi/seed-disk.ts';

const text = (value: string) => new TextEncoder().encode(value);
const MEBIBYTE = 1024 * 1024;

describe('packArchive', () => {
  it('packs all members below gandi/, the configuration last', async () => {
    const bytes = await packArchive(
      {
        config: text('{}'),
        script: text('#!/bin/sh\n'),
        init: text('pass\n'),
        modules: { name: '6.1.0-modules.tar.bz2', content: text('bzip2') },
      },
      new Date(1_700_000_000_000),
    );
    const reader = extract();
    reader.end(bytes);
    const members: unknown[] = [];
    for await (const entry of reader) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry as AsyncIterable<Uint8Array>) {
        chunks.push(chunk);
      }
      const { name, mode, type, mtime, uid, gid } = entry.header;
      members.push([name, type, mode, uid, gid, mtime?.getTime(), Buffer.concat(chunks).toString()]);
    }
    const time = 1_700_000_000_000;
    expect(members).toEqual([
      ['gandi/', 'directory', 0o700, 0, 0, time, ''],
      ['gandi/script', 'file', 0o700, 0, 0, time, '#!/bin/sh\n'],
      ['gandi/init', 'file', 0o700, 0, 0, time, 'pass\n'],
      ['gandi/6.1.0-modules.tar.bz2', 'file', 0o600, 0, 0, time, 'bzip2'],
      ['gandi/config', 'file', 0o600, 0, 0, time, '{}'],
    ]);
  });

  it('gives the same bytes for the same content', async () => {
    const first = await packArchive({ config: text('{}') });
    expect(await packArchive({ config: text('{}') })).toEqual(first);
    expect(first.length).toBe(512 + 1024 + 1024);
  });

  it('packs nothing that a guest would refuse', async () => {
    const modules = { name: '../6.1.0-modules.tar.gz', content: text('x') };
    await expect(packArchive({ config: text('{}'), modules })).rejects.toThrow('is no modules archive');
    await expect(packArchive({ config: new Uint8Array(MEBIBYTE + 1) })).rejects.toThrow(
      'gandi/config cannot be packed: it has 1048577 bytes, and a guest takes at most 1048576 bytes',
    );
  });
});

describe('seedLayout', () => {
  const sfdiskScript =
    'label: gpt\nstart=1MiB, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F, name="gandiswap"\n';

  it('puts the archive at its place', () => {
    expect(seedLayout('raw', 64 * MEBIBYTE, 10_240)).toEqual({ archiveOffset: 524_288 });
    expect(seedLayout('xen', 64 * MEBIBYTE, 10_240)).toEqual({ archiveOffset: 524_288, sfdiskScript });
    expect(seedLayout('gpt', 64 * MEBIBYTE, 10_240)).toEqual({ archiveOffset: 1_572_864, sfdiskScript });
  });

  it('refuses a disk that is too small', () => {
    expect(seedLayout('raw', 524_288 + 10_240, 10_240)).toEqual({ archiveOffset: 524_288 });
    expect(() => seedLayout('raw', 524_288 + 10_239, 10_240)).toThrow(
      'a seed disk of 534527 bytes is too small: layout raw needs 534528 bytes',
    );
    expect(() => seedLayout('gpt', 2 * MEBIBYTE, 10_240)).toThrow('is too small');
    expect(() => seedLayout('xen', MEBIBYTE, 10_240)).toThrow('is too small');
  });
});
