import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../../../../../src/machine/formats/byte-source.ts';
import { MIB, makeImage, memoryDevice, run } from '../../../images.ts';

export type Files = Readonly<Record<string, string>>;

/** Does something with a directory that holds these files, and removes it. */
export function withFiles<T>(files: Files, use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'gandi-guest-files-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    return use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The bytes of an image that genisoimage makes of files. */
export function isoImage(files: Files, ...options: string[]): Buffer {
  return withFiles(files, (directory) => {
    const path = makeImage(0);
    run('genisoimage', ['-quiet', '-o', path, ...options, directory]);
    return readFileSync(path);
  });
}

/** Options of mkfs.vfat for each kind, and the size of an image that has it. */
export const FAT_KINDS = {
  FAT12: { bytes: MIB, options: ['-F', '12'] },
  FAT16: { bytes: 3 * MIB, options: ['-F', '16', '-s', '1'] },
  FAT32: { bytes: 36 * MIB, options: ['-F', '32', '-s', '1'] },
} as const;

/** The bytes of an image that mkfs.vfat makes, with files that mcopy copies. */
export function fatImage(kind: keyof typeof FAT_KINDS, files: Files, ...options: string[]): Buffer {
  const { bytes, options: own } = FAT_KINDS[kind];
  const path = makeImage(bytes);
  run('mkfs.vfat', [...own, ...options, path]);
  withFiles(files, (directory) => {
    const tops = [...new Set(Object.keys(files).map((name) => name.split('/')[0] ?? ''))];
    run('mcopy', ['-s', '-i', path, ...tops.map((top) => join(directory, top)), '::/']);
  });
  return readFileSync(path);
}

/** The bytes of an archive that GNU cpio makes of files, or of what is named, in that order. */
export function cpioArchive(
  format: 'odc' | 'bin' | 'newc' | 'crc',
  files: Files,
  names: readonly string[] = Object.keys(files),
): Buffer {
  return withFiles(files, (directory) => {
    const path = makeImage(0);
    run('cpio', ['--quiet', '-o', '-H', format, '-D', directory, '-O', path], `${names.join('\n')}\n`);
    return readFileSync(path);
  });
}

/** A source over these bytes that counts reads and read bytes. */
export function countingSource(
  bytes: Uint8Array,
): ByteSource & { count(): { reads: number; bytes: number } } {
  const device = memoryDevice(bytes.length, { 0: bytes });
  const available = ([offset, length]: [number, number]) =>
    Math.max(0, Math.min(length, bytes.length - offset));
  return Object.assign(device, {
    count: () => ({
      reads: device.reads.length,
      bytes: device.reads.reduce((sum, range) => sum + available(range), 0),
    }),
  });
}
