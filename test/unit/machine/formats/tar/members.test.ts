import fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { readTar } from '../../../../../src/machine/formats/tar/members.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

interface Packed {
  name: string;
  content: string;
}

async function tarOf(members: readonly Packed[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content } of members) archive.entry({ name, mode: 0o644 }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The bytes in pieces of these lengths, over and over. */
function* inPieces(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

async function read(bytes: Uint8Array, lengths: readonly number[] = [4096]): Promise<Packed[]> {
  const members: Packed[] = [];
  for await (const { header, content } of readTar(inPieces(bytes, lengths))) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    members.push({ name: header.name, content: Buffer.concat(pieces).toString() });
  }
  return members;
}

const memberArbitrary = fc.record({
  // Names of more than 100 characters take an extension header.
  name: fc.stringMatching(/^[a-z0-9]{1,60}(\/[a-z0-9]{1,60}){0,4}$/),
  content: fc.stringMatching(/^[ -~]{0,1500}$/),
});

describe('readTar', () => {
  it('gives every member as it was packed, in whatever pieces the archive comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(memberArbitrary, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
        async (members, lengths) => {
          expect(await read(await tarOf(members), lengths)).toEqual(members);
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('passes over what its reader leaves', async () => {
    const members = [
      { name: 'a', content: 'x'.repeat(2000) },
      { name: 'b', content: 'y' },
    ];
    const names: string[] = [];
    for await (const { header, content } of readTar(inPieces(await tarOf(members), [512]))) {
      names.push(header.name);
      for await (const _ of content) break;
    }
    expect(names).toEqual(['a', 'b']);
  });

  it('gives the archive back where its reader wants no more', async () => {
    let closed = false;
    async function* bytes() {
      try {
        yield await tarOf([{ name: 'a', content: 'x' }]);
        yield Buffer.alloc(1);
      } finally {
        closed = true;
      }
    }
    for await (const _ of readTar(bytes())) break;
    expect(closed).toBe(true);
  });

  it('reads on behind the end, where a checksum of the whole may stand', async () => {
    let ended = false;
    async function* bytes() {
      yield await tarOf([{ name: 'a', content: 'x' }]);
      ended = true;
    }
    for await (const _ of readTar(bytes()));
    expect(ended).toBe(true);
  });

  it('takes a directory that is said to have a size for one without content', async () => {
    const archive = pack();
    archive.entry({ name: 'directory', type: 'directory', mode: 0o755 });
    archive.entry({ name: 'file', mode: 0o644 }, 'x');
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    const tar = Buffer.concat(chunks);
    // The size field, and the checksum over the header (POSIX pax, ustar).
    tar.write('00000001000\0', 124);
    tar.fill(' ', 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(await read(tar)).toEqual([
      { name: 'directory', content: '' },
      { name: 'file', content: 'x' },
    ]);
  });

  it('refuses an archive that ends inside a member or a header', async () => {
    const whole = await tarOf([{ name: 'a', content: 'x'.repeat(1000) }]);
    for (const length of [1, 511, 513, 1511, 1535])
      await expect(read(whole.subarray(0, length))).rejects.toThrow('the archive ends inside a member');
  });

  it('ends with an error or members, whatever the bytes are', async () => {
    const whole = await tarOf([
      { name: 'a'.repeat(150), content: 'x'.repeat(600) },
      { name: 'b', content: 'y' },
    ]);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          for (const { content } of await read(bytes)) expect(content.length).toBeLessThan(bytes.length);
        } catch (error) {
          expect((error as Error).message).toMatch(/archive/);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
