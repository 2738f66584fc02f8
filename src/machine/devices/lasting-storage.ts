import { posix } from 'node:path';
import type { FileView } from '../files/files.ts';
import { type Mount, parseMountInfo } from '../formats/text/mounts.ts';
import { isVirtual } from './block-devices.ts';

type SystemFiles = Pick<FileView, 'readText' | 'linkTarget' | 'list' | 'status'>;

/** File systems whose files are in memory. */
const IN_MEMORY = new Set(['tmpfs', 'ramfs', 'rootfs']);
/** Block devices that are memory. */
const MEMORY_DEVICE = /^z?ram\d+$/;
/** How deep file systems and devices may lie on one another; the kernel stacks no more of them. */
const MOST_LAYERS = 8;

/** The mount that shows a path: of the nearest directory, the last that was mounted there. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(
    ({ mountPoint }) => mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`),
  );
  const nearest = Math.max(...above.map(({ mountPoint }) => mountPoint.length));
  return above.findLast(({ mountPoint }) => mountPoint.length === nearest);
}

/**
 * Tells whether what is stored in a directory is lost at the next reboot: its file system is in memory, or an overlay
 * whose files are (Documentation/filesystems/overlayfs.rst), as that of a live image. Where an overlay keeps its files
 * cannot always be seen, for an initial RAM disk mounts that where nobody sees it afterwards; then they count as lost.
 * @param path absolute, without links
 * @returns why, for people; undefined if what is stored there stays
 */
export function whyLostAtReboot(path: string, files: SystemFiles): string | undefined {
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  return whyLost(path, { files, mounts, passed: [] });
}

interface Look {
  files: SystemFiles;
  mounts: readonly Mount[];
  /** What was found above. */
  passed: readonly Mount[];
}

function whyLost(path: string, { files, mounts, passed }: Look): string | undefined {
  const mount = mountOf(path, mounts);
  if (mount === undefined || passed.includes(mount) || passed.length >= MOST_LAYERS) return unseen(path);
  const look = { files, mounts, passed: [...passed, mount] };
  const { type, mountPoint, superOptions } = mount;
  if (IN_MEMORY.has(type)) return `${mountPoint} is a ${type}`;
  if (type !== 'overlay') return whyDeviceLost(`/sys/dev/block/${mount.deviceNumber}`, look, 0);
  const upper = superOptions.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  // Without one nothing can be written there at all.
  if (upper === undefined) return undefined;
  const why = whyNamedLost(upper, look);
  return why === undefined ? undefined : `${mountPoint} is an overlay, and ${why}`;
}

const unseen = (path: string) => `it cannot be seen where ${path} is`;

/** @param path as it was when something was made of it: what has that path now, if anything, can be something else */
function whyNamedLost(path: string, look: Look): string | undefined {
  return look.files.status(path) === undefined ? unseen(path) : whyLost(path, look);
}

/** @param link to the device's directory; a file system of the network has none */
function whyDeviceLost(link: string, look: Look, depth: number): string | undefined {
  const target = look.files.linkTarget(link);
  if (target === undefined || depth > MOST_LAYERS) return undefined;
  const path = posix.resolve(posix.dirname(link), target);
  if (!isVirtual(path)) return undefined;
  const isPartition = look.files.readText(`${path}/partition`) !== undefined;
  const disk = isPartition ? posix.dirname(path) : path;
  const name = posix.basename(disk);
  if (MEMORY_DEVICE.test(name)) return `/dev/${name} is memory`;
  const image = look.files.readText(`${disk}/loop/backing_file`)?.trim();
  if (image !== undefined) return whyNamedLost(image, look);
  for (const below of look.files.list(`${disk}/slaves`)) {
    const why = whyDeviceLost(`${disk}/slaves/${below}`, look, depth + 1);
    if (why !== undefined) return why;
  }
  return undefined;
}
