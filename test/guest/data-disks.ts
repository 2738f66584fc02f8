import { writeFileSync } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { blankDisk, type DataFileSystem, type DiskFile, dataDisk, mebibyte } from './disk.ts';
import type { Guest } from './guest.ts';

/** A data disk of a test, and how it can be recognised in the guest. */
export interface KnownDisk extends DiskFile {
  readonly uuid: string;
}

/** The UUID of a file system in a file. */
export async function uuidOf(file: string): Promise<string> {
  return (await execa('blkid', ['-p', '-s', 'UUID', '-o', 'value', file])).stdout;
}

/** A disk with one file system, which fills it unless the disk is said to be larger. */
export async function knownDisk(
  folder: string,
  name: string,
  options: { mebibytes: number; fileSystem?: DataFileSystem; label?: string; diskMebibytes?: number },
): Promise<KnownDisk> {
  const disk = await dataDisk(join(folder, `${name}.img`), options);
  if (options.diskMebibytes !== undefined) await truncate(disk.file, options.diskMebibytes * mebibyte);
  return { ...disk, uuid: await uuidOf(disk.file) };
}

/** A disk whose partitions hold the given file systems, 32 MiB each. */
export async function partitionedDataDisk(
  folder: string,
  name: string,
  partitions: readonly { fileSystem: DataFileSystem; label: string }[],
): Promise<DiskFile> {
  const disk = await blankDisk(join(folder, `${name}.img`), 2 + 32 * partitions.length);
  const lines = partitions.map((_, index) => `start=${1 + 32 * index}MiB, size=32MiB`);
  await execa('sfdisk', ['--quiet', disk.file], { input: ['label: gpt', ...lines, ''].join('\n') });
  for (const [index, partition] of partitions.entries()) {
    const part = await dataDisk(join(folder, `${name}-${index}.part`), { mebibytes: 32, ...partition });
    const place = ['bs=1M', `seek=${1 + 32 * index}`, 'conv=notrunc,sparse', 'status=none'];
    await execa('dd', [`if=${part.file}`, `of=${disk.file}`, ...place]);
  }
  return disk;
}

/** Overwrites bytes of a disk. */
export async function spoil(disk: DiskFile, offset: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(disk.file, 'r+');
  try {
    await handle.write(bytes, 0, bytes.length, offset);
  } finally {
    await handle.close();
  }
}

/** An ext4 file system with a file in it, marked as in use when the power was cut, with damage that nobody repairs alone. */
export async function damagedDisk(folder: string, name: string, label: string): Promise<DiskFile> {
  const disk = await dataDisk(join(folder, `${name}.img`), { mebibytes: 32, label });
  const script = join(folder, `${name}.debugfs`);
  writeFileSync(script, 'set_super_value state 0\nset_inode_field <2> mode 0\n');
  await execa('debugfs', ['-w', '-f', script, disk.file]);
  return disk;
}

/** Where file systems are mounted below the disk root, by UUID. */
export async function mountedByUuid(guest: Guest, root = '/srv'): Promise<Map<string, string>> {
  const lines = (await guest.output('findmnt --raw --noheadings --output UUID,TARGET')).split('\n');
  const pairs = lines.map((line) => line.split(' ')).filter(([, target]) => target?.startsWith(`${root}/`));
  return new Map(pairs.map(([uuid = '', target = '']) => [uuid, target]));
}

/** One entry of `gandi-mount list --json` for a device or a label; what is there comes first. */
export async function listedDisk(guest: Guest, name: string): Promise<Record<string, unknown> | undefined> {
  const { disks } = JSON.parse(await guest.output('gandi-mount list --json')) as {
    disks: Record<string, unknown>[];
  };
  return disks.find(({ device, label }) => device === name || label === name);
}

/** Where {@link recordHooks} has them written down. */
export const HOOK_LOG = '/run/hooks.log';

/** Gives the guest hooks for data disks that write down how they are called, for {@link hookCalls}. */
export async function recordHooks(guest: Guest): Promise<void> {
  await guest.output(`mkdir -p /etc/gandi/hooks && for hook in post-disk-attach pre-disk-detach; do
    printf '#!/bin/sh\\necho %s "$@" >> ${HOOK_LOG}\\n' $hook > /etc/gandi/hooks/$hook && chmod 755 /etc/gandi/hooks/$hook
  done`);
}

/** The calls of hooks so far, each the hook's name and its arguments. */
export async function hookCalls(guest: Guest): Promise<string[]> {
  const { stdout } = await guest.run(`cat ${HOOK_LOG}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Waits until something is mounted at a path. */
export async function untilMounted(guest: Guest, path: string): Promise<void> {
  await guest.waitFor(`findmnt -rn ${path}`, 60);
}

/** Waits until all that was asked of gandi-mount is done. */
export async function untilIdle(guest: Guest): Promise<void> {
  await guest.waitFor(
    'udevadm settle && sleep 1 && systemctl show -P ActiveState gandi-disks.service | grep -qx "inactive\\|failed"',
    60,
  );
}

/** The errors of this boot, one in a line, as gandi-mount, systemd and udev tell them. */
export async function errorsInJournal(guest: Guest): Promise<string> {
  return guest.output('journalctl -b -q -p err -o cat -t gandi-mount -t systemd -t systemd-udevd');
}
