import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decompressKernel } from '../../../../src/machine/changes/decompress-kernel.ts';
import type { Commands } from '../../../../src/machine/commands/commands.ts';
import { bzImage, elfKernel } from '../../kernel-images.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const IMAGE = '/boot/vmlinuz-6.1';

/** Stands for zstd(1) and lz4(1): whatever is packed, this comes out. */
function unpacker(content: Buffer, failure?: string): { commands: Commands; argvs: string[][] } {
  const argvs: string[][] = [];
  const run: Commands['run'] = async (argv) => {
    argvs.push([...argv]);
    writeFileSync(argv.at(-1) ?? '', content);
    const result = { argv, stdout: '', stderr: '' };
    return failure === undefined ? result : { ...result, failure };
  };
  return { commands: { run }, argvs };
}

function guestWith(image: Buffer) {
  const files = temporaryRoot({ [IMAGE]: '' });
  const path = files.locate(IMAGE);
  writeFileSync(path, image);
  chmodSync(path, 0o600);
  return { files, path };
}

describe('decompressKernel', () => {
  it('puts the kernel in the place of its image, with the mode that it had', async () => {
    const { files, path } = guestWith(bzImage('zstd', elfKernel().length));
    const { commands, argvs } = unpacker(elfKernel());
    expect(await decompressKernel(files, commands, IMAGE)).toBe(true);
    expect(readFileSync(path)).toEqual(elfKernel());
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(argvs.map(([program]) => program)).toEqual(['zstd']);
    expect(await decompressKernel(files, commands, IMAGE)).toBe(false);
  });

  it.each([
    ['what comes out is cut off', elfKernel().subarray(0, -1), undefined, 'not a whole ELF kernel'],
    [
      'it has another size than the image says',
      Buffer.concat([elfKernel(), Buffer.alloc(1)]),
      undefined,
      'not a whole',
    ],
    ['the unpacker fails', elfKernel(), 'lz4 is not installed', 'lz4 is not installed'],
  ])('leaves the image as it is where %s', async (_, content, failure, message) => {
    const image = bzImage('lz4', elfKernel().length);
    const { files, path } = guestWith(image);
    const { commands } = unpacker(content, failure);
    await expect(decompressKernel(files, commands, IMAGE)).rejects.toThrow(message);
    expect(readFileSync(path)).toEqual(image);
  });

  it('says that there is no such image', async () => {
    const { commands } = unpacker(elfKernel());
    await expect(decompressKernel(temporaryRoot(), commands, IMAGE)).rejects.toThrow('is no file');
  });
});
