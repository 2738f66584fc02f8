import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Commands } from '../commands/commands.ts';
import type { Files } from '../files/files.ts';
import { replaceFile, writeFully } from '../files/write.ts';
import { findPayload, isWholeElfKernel, type KernelPayload } from '../formats/kernel-image.ts';

/** There is room for a kernel's 60 MB where there may be none in memory or in /boot. */
const WORK_DIRECTORY = '/var/tmp';
const UNPACK_SECONDS = 120;

function unpackCommand(format: KernelPayload['format'], from: string, to: string): [string, ...string[]] {
  return format === 'zstd' ? ['zstd', '-d', '-q', '-f', from, '-o', to] : ['lz4', '-d', '-q', '-f', from, to];
}

async function unpack(image: Buffer, payload: KernelPayload, commands: Commands): Promise<Buffer> {
  const directory = mkdtempSync(`${WORK_DIRECTORY}/gandi-kernel-`);
  try {
    const packed = `${directory}/packed`;
    const unpacked = `${directory}/unpacked`;
    writeFileSync(packed, image.subarray(payload.offset, payload.offset + payload.length), { mode: 0o600 });
    const { failure } = await commands.run(unpackCommand(payload.format, packed, unpacked), {
      timeoutSeconds: UNPACK_SECONDS,
    });
    if (failure !== undefined) throw new Error(failure);
    return readFileSync(unpacked);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Replaces a kernel that is compressed by LZ4 or zstd by what is in it, for boot loaders that cannot unpack it. The
 * mode and owner stay.
 * @param path of the image in the guest
 * @returns false if it is not such a kernel: nothing was changed
 * @throws Error if it cannot be unpacked, or if what comes out is not a whole kernel: nothing was changed
 */
export async function decompressKernel(files: Files, commands: Commands, path: string): Promise<boolean> {
  const status = files.status(path);
  if (status?.kind !== 'file') throw new Error(`${path} is no file`);
  const image = readFileSync(files.locate(path));
  const payload = findPayload(image);
  if (payload === undefined) return false;
  const kernel = await unpack(image, payload, commands);
  if (kernel.length !== payload.contentBytes || !isWholeElfKernel(kernel)) {
    throw new Error(
      `${path}: what ${payload.format} made of it is not a whole ELF kernel; it stays as it is`,
    );
  }
  const owner = { uid: status.uid, gid: status.gid };
  replaceFile(files, { path, mode: status.mode, owner }, (descriptor) => writeFully(descriptor, kernel));
  return true;
}
