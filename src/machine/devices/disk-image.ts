import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Commands } from '../commands/commands.ts';

/** What is to be on a new disk image. */
export interface DiskImage {
  path: string;
  bytes: number;
  /** Input of sfdisk(8); absent: a disk without partition table. */
  partitionScript?: string;
  content: Uint8Array;
  /** Where the content goes, in bytes. */
  offset: number;
}

/**
 * The whole content of a file that a user named.
 * @throws the system's error, with the path
 */
export function readWhole(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    // The system says it of a descriptor without its path, such as of a directory.
    if (error instanceof Error && 'code' in error) Object.assign(error, { path });
    throw error;
  }
}

/**
 * Makes a sparse disk image with a partition table and some content. A file that exists is not overwritten.
 * @throws Error if the file exists or cannot be written, or if sfdisk fails
 */
export async function makeDiskImage(image: DiskImage, commands: Commands): Promise<void> {
  const { O_CREAT, O_EXCL, O_RDWR } = constants;
  const descriptor = openSync(image.path, O_RDWR | O_CREAT | O_EXCL, 0o600);
  try {
    ftruncateSync(descriptor, image.bytes);
    if (image.partitionScript !== undefined) {
      const { failure } = await commands.run(['sfdisk', '--quiet', `/proc/${process.pid}/fd/${descriptor}`], {
        input: image.partitionScript,
        timeoutSeconds: 30,
      });
      if (failure !== undefined) throw new Error(`${image.path}: ${failure}`);
    }
    for (let done = 0; done < image.content.length; ) {
      done += writeSync(descriptor, image.content, done, image.content.length - done, image.offset + done);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
