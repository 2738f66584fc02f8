import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ext4Command } from '../../src/host/golden/debian-tree.ts';
import { cachedFolder, cacheKey } from './cache.ts';
import { blankDisk } from './disk.ts';
import { type PartitionTable, partitionedDisk } from './partition-table.ts';
import { withProgress } from './progress.ts';
import { protofile } from './protofile.ts';
import { type BootFiles, quickBoot } from './quick-boot.ts';
import type { RootFileSystem } from './rootfs.ts';
import { layerTree, treeHash } from './tree.ts';

/** A file of a guest: its text, with mode 0644 if none is given. */
export type GuestFile = string | { readonly text: string; readonly mode: number };

export interface ImageOptions {
  readonly rootfs: RootFileSystem;
  /** Trees laid over the root file system in this order, such as what `make install DESTDIR=…` made. */
  readonly overlays?: readonly string[];
  /** More files, by their absolute path in the guest. */
  readonly files?: Readonly<Record<string, GuestFile>>;
  /** Files that the root file system has and the image is not to have, by their absolute path. */
  readonly without?: readonly string[];
  readonly fileSystem?: 'ext4' | 'xfs' | 'btrfs';
  readonly fileSystemMebibytes?: number;
  /** Lines of /etc/fstab beside that of the root file system. */
  readonly moreFileSystems?: readonly string[];
  /** Files get the labels that the SELinux policy of the root file system has for them. */
  readonly securityLabels?: boolean;
  /** Root is the last partition; without it the whole disk is the root file system. */
  readonly partitionTable?: PartitionTable;
}

/** A bootable disk, used as the read-only base of the guests' disks, with its kernel and initial RAM disk beside it. */
export interface Image extends BootFiles {
  /** A raw disk. Its root file system has the label `root`. */
  readonly file: string;
  /** What boots it in less time. */
  readonly quick: BootFiles;
}

const equipment = fileURLToPath(new URL('equipment', import.meta.url));

/** Part of the key: to be changed when this file's way to make an image changes. */
const recipe = '1';

/** A disk image with the guest's root file system, from the cache or made without mounting anything (10 s). */
export async function rootImage(options: ImageOptions): Promise<Image> {
  const { rootfs, overlays = [], files = {}, fileSystem = 'ext4', fileSystemMebibytes = 1536 } = options;
  const { moreFileSystems = [], securityLabels = false, without = [] } = options;
  const layers = await Promise.all([equipment, ...overlays].map(treeHash));
  const size = String(fileSystemMebibytes);
  const labels = String(securityLabels);
  const parts = [
    rootfs.key,
    ...layers,
    JSON.stringify(files),
    fileSystem,
    size,
    labels,
    ...moreFileSystems,
    ...without,
  ];
  const key = cacheKey(recipe, ...parts);
  const root = await cachedFolder(`image-${key}`, async (folder) => {
    await withProgress(`make an ${fileSystem} root file system image`, async () => {
      const table = [fstab(fileSystem), ...moreFileSystems.map((line) => `${line}\n`)].join('');
      const tree = await imageTree({ ...options, files: { ...files, '/etc/fstab': table } }, folder);
      await Promise.all(without.map((path) => rm(join(tree, path))));
      if (securityLabels) await labelTree(tree);
      await makeFileSystem(fileSystem, tree, join(folder, 'root.img.partial'), fileSystemMebibytes);
      await rename(join(folder, 'root.img.partial'), join(folder, 'root.img'));
      await rm(tree, { recursive: true });
    });
  });
  const { kernel, initrd } = rootfs;
  const boot = { kernel, initrd, quick: await quickBoot(rootfs) };
  const file = join(root, 'root.img');
  if (!options.partitionTable) return { file, ...boot };

  const table = options.partitionTable;
  const disk = await cachedFolder(`image-${cacheKey(recipe, key, JSON.stringify(table))}`, async (folder) => {
    await withProgress(`make a ${table.type} disk image`, () =>
      partitionedDisk(join(folder, 'disk.img'), table, { file, mebibytes: fileSystemMebibytes }),
    );
  });
  return { file: join(disk, 'disk.img'), ...boot };
}

/**
 * The tree of an image: the root file system, what the tests' guests have beside it, the overlays and the files.
 * @param folder on the file system of the cache, which its files are hard links to
 * @returns its path below that folder; the caller removes it
 */
export async function imageTree(
  { rootfs, overlays = [], files = {} }: Pick<ImageOptions, 'rootfs' | 'overlays' | 'files'>,
  folder: string,
): Promise<string> {
  const own = await writeFiles(join(folder, 'files'), files);
  const tree = join(folder, 'tree');
  await layerTree(rootfs.tree, [equipment, ...overlays, own], tree);
  await rm(own, { recursive: true });
  return tree;
}

function fstab(fileSystem: string): string {
  const options = fileSystem === 'ext4' ? 'errors=remount-ro' : 'defaults';
  return `LABEL=root / ${fileSystem} ${options} 0 ${fileSystem === 'ext4' ? 1 : 0}\n`;
}

async function writeFiles(folder: string, files: Readonly<Record<string, GuestFile>>): Promise<string> {
  await mkdir(folder);
  for (const [path, file] of Object.entries(files)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    await chmod(join(folder, path), mode);
  }
  return folder;
}

/** By the policy's own program, which wants /proc; it does not matter whether this machine's kernel knows SELinux. */
async function labelTree(tree: string): Promise<void> {
  const contexts = '/etc/selinux/default/contexts/files/file_contexts';
  const script = 'mount -t proc proc "$1/proc" && exec chroot "$1" setfiles -F "$2" /';
  await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', tree, contexts]);
}

async function makeFileSystem(type: string, tree: string, file: string, mebibytes: number): Promise<void> {
  if (type === 'ext4') {
    const [program, ...args] = ext4Command(tree, file, mebibytes * 2 ** 20);
    await execa(program, args);
    return;
  }
  await blankDisk(file, mebibytes);
  if (type === 'btrfs') {
    await execa('mkfs.btrfs', ['-q', '-L', 'root', '--rootdir', tree, file]);
  } else {
    const prototype = `${file}.proto`;
    await writeFile(prototype, await protofile(tree));
    await execa('mkfs.xfs', ['-q', '-L', 'root', '-p', prototype, file]);
    await rm(prototype);
  }
}
