import { copyFile, open, truncate, writeFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Bytes of a MiB, the unit in which all sizes of disks are given here. */
export const mebibyte = 1024 * 1024;

/** A disk as a file on the host. The test that makes it owns it; guests may come and go. */
export interface DiskFile {
  readonly file: string;
  readonly format: 'raw' | 'qcow2';
}

export type DataFileSystem = 'ext4' | 'xfs' | 'btrfs' | 'vfat';

/** An empty disk, all zeros, as a sparse file. */
export async function blankDisk(file: string, mebibytes: number): Promise<DiskFile> {
  await writeFile(file, '');
  await truncate(file, mebibytes * mebibyte);
  return { file, format: 'raw' };
}

/** A disk without partition table that holds one empty file system over its whole size. */
export async function dataDisk(
  file: string,
  options: { mebibytes: number; fileSystem?: DataFileSystem; label?: string },
): Promise<DiskFile> {
  const { mebibytes, fileSystem = 'ext4', label } = options;
  const disk = await blankDisk(file, mebibytes);
  const labelOption = fileSystem === 'vfat' ? '-n' : '-L';
  const quiet = fileSystem === 'vfat' ? [] : ['-q'];
  await execa(`mkfs.${fileSystem}`, [...quiet, ...(label ? [labelOption, label] : []), file]);
  return disk;
}

/** A disk with the given bytes at the given byte offsets and zeros elsewhere. */
export async function rawDisk(
  file: string,
  mebibytes: number,
  content: readonly { offset: number; bytes: Uint8Array }[],
): Promise<DiskFile> {
  const disk = await blankDisk(file, mebibytes);
  const handle = await open(file, 'r+');
  try {
    for (const { offset, bytes } of content) await handle.write(bytes, 0, bytes.length, offset);
  } finally {
    await handle.close();
  }
  return disk;
}

/**
 * A writable disk over an image that stays as it is; only what differs takes room.
 *
 * @param mebibytes - the disk's size when it is to be larger than the image.
 */
export async function overlayDisk(
  image: { readonly file: string },
  file: string,
  mebibytes?: number,
): Promise<DiskFile> {
  const size = mebibytes === undefined ? [] : [`${mebibytes}M`];
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.file, '-F', 'raw', file, ...size]);
  return { file, format: 'qcow2' };
}

/** A copy of a disk as it is now, for example to boot the same state twice. */
export async function copyDisk(disk: DiskFile, file: string): Promise<DiskFile> {
  await copyFile(disk.file, file);
  return { file, format: disk.format };
}

/** The disk's content as a raw file, to be looked at from outside (`sfdisk --json`, `debugfs`, `blkid --probe`). */
export async function exportDisk(disk: DiskFile, file: string): Promise<string> {
  await execa('qemu-img', ['convert', '--force-share', '-f', disk.format, '-O', 'raw', disk.file, file]);
  return file;
}
