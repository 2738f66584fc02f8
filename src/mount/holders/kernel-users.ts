import type { FileView } from '../../machine/files/files.ts';
import { type Mount, parseSwaps, unescapeField } from '../../machine/formats/text/mounts.ts';

type View = Pick<FileView, 'readText' | 'list'>;

const BLOCK_DEVICES = '/sys/class/block';

/**
 * Directories that the kernel's NFS server gives out: its own list (nfsd, fs/nfsd/nfsctl.c), and the cache that is there
 * where that is not mounted (net/sunrpc/cache.c; the path is the second field, the client the first).
 */
const EXPORTS = [
  { file: '/proc/fs/nfsd/exports', path: (line: string) => line.split(/[ \t]/)[0] },
  { file: '/proc/net/rpc/nfsd.export/content', path: (line: string) => line.split(/[ \t]/)[1] },
];

/** Loop devices and what is behind each (Documentation/ABI/testing/sysfs-block-loop). */
function loopDevices(files: View): { name: string; backing: string }[] {
  return files
    .list(BLOCK_DEVICES)
    .filter((name) => /^loop\d+$/.test(name))
    .flatMap((name) => {
      const backing = files.readText(`${BLOCK_DEVICES}/${name}/loop/backing_file`)?.replace(/\n$/, '');
      return backing === undefined ? [] : [{ name, backing }];
    });
}

function exportedPaths(files: View): string[] {
  const paths = EXPORTS.flatMap(({ file, path }) => {
    const lines = (files.readText(file) ?? '')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    return lines.map((line) => unescapeField(path(line) ?? ''));
  });
  return [...new Set(paths)];
}

/**
 * What of the kernel's own keeps a mounted file system in use, which no process shows: swap files and loop devices on it,
 * and its directories that the NFS server gives out. Each with what ends it, for people.
 */
export function kernelUsers(files: View, mountPoint: string): string[] {
  const isOnIt = (path: string) => path === mountPoint || path.startsWith(`${mountPoint}/`);
  const swaps = parseSwaps(files.readText('/proc/swaps') ?? '').filter(({ path }) => isOnIt(path));
  return [
    ...swaps.map(({ path }) => `the swap file ${path} (swapoff ${path})`),
    ...loopDevices(files)
      .filter(({ backing }) => isOnIt(backing))
      .map(({ name, backing }) => `the loop device /dev/${name} on ${backing} (losetup -d /dev/${name})`),
    ...exportedPaths(files)
      .filter(isOnIt)
      .map((path) => `the NFS server, which exports ${path} (exportfs)`),
  ];
}

/** Options of an overlay that name directories, several with colons between them (Documentation/filesystems/overlayfs.rst). */
const LAYERS = /^(?:lowerdir\+?|datadir\+|upperdir|workdir)=(.*)$/;

/**
 * Overlays whose files are on a disk, as container engines make them. They keep its file system without a mount of it that
 * anybody sees, nor one that has to go before.
 * @param mountPoint where the disk is or was mounted
 */
export function overlaysOn(mountPoint: string, mounts: readonly Mount[]): string[] {
  const isOnIt = (path: string) => path === mountPoint || path.startsWith(`${mountPoint}/`);
  return mounts.flatMap(({ type, mountPoint: place, superOptions }) => {
    if (type !== 'overlay') return [];
    const layers = superOptions.flatMap((option) => LAYERS.exec(option)?.[1]?.split(':') ?? []);
    const layer = layers.map(unescapeField).find(isOnIt);
    return layer === undefined
      ? []
      : [`the overlay at ${place}, which has files in ${layer} (umount ${place})`];
  });
}

/** Loop devices that are made of a device itself. */
export function loopsOn(files: View, node: string): string[] {
  return loopDevices(files)
    .filter(({ backing }) => backing === node)
    .map(({ name }) => `the loop device /dev/${name} (losetup -d /dev/${name})`);
}
