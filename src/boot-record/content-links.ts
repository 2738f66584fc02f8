import { posix } from 'node:path';
import type { FileView } from '../machine/files/files.ts';
import type { Mount } from '../machine/formats/text/mounts.ts';

const BLOCK_CLASS = '/sys/class/block';
const DEVICES_BY_NUMBER = '/sys/dev/block';

/**
 * Where udev links to devices by what libblkid found on them (systemd, rules.d/60-persistent-storage.rules; lvm2,
 * 69-dm-lvm.rules): the surest first, for a file system is made anew more often than a partition table.
 */
const LINK_DIRECTORIES: readonly [directory: string, names: RegExp][] = [
  ['/dev/disk/by-partuuid', /./],
  ['/dev/disk/by-uuid', /./],
  ['/dev/disk/by-id', /^lvm-pv-uuid-/],
];

/** A device, and a link that leads to it as long as the same is on it. */
export interface ContentLink {
  node: string;
  link: string;
}

/** Which other ways there are to see that a disk is another one. */
export interface SeenOtherwise {
  /** Nodes of devices whose content is compared. */
  compared: readonly string[];
  mounts: readonly Mount[];
}

type Links = Pick<FileView, 'list' | 'linkTarget'>;

/** The directory in /sys/devices that a link of the kernel's leads to; undefined if there is no such link. */
function deviceOf(files: Links, directory: string, name: string): string | undefined {
  const target = files.linkTarget(`${directory}/${name}`);
  return target === undefined ? undefined : posix.resolve(directory, target);
}

const classDevice = (files: Links, node: string) =>
  deviceOf(files, BLOCK_CLASS, node.replace('/dev/', '').replaceAll('/', '!'));

/** Those whose content is compared, and that of the root file system: the times of its files would be others. */
function devicesSeenOtherwise(files: Links, { compared, mounts }: SeenOtherwise): string[] {
  const roots = mounts.filter(({ mountPoint }) => mountPoint === '/');
  return [
    ...compared.map((node) => classDevice(files, node)),
    // Of btrfs the number says nothing.
    ...roots.flatMap(({ deviceNumber, source }) => [
      deviceOf(files, DEVICES_BY_NUMBER, deviceNumber),
      classDevice(files, source),
    ]),
  ].flatMap((device) => device ?? []);
}

/**
 * Tells disks by what udev found on them, one link a disk: where the driver says no more of a disk than its size (Xen) or who
 * made it, another in its place would not be seen. No disk is read for that.
 * @param disks that say nothing of themselves, by the directory in /sys/devices that has each as its only entry
 * @returns the links, and the disks that have nothing on them that udev links by
 */
export function contentLinks(
  files: Links,
  disks: Iterable<string>,
  seenOtherwise: SeenOtherwise,
): { known: ContentLink[]; unknown: string[] } {
  const seen = devicesSeenOtherwise(files, seenOtherwise);
  const doubtful = [...disks].filter((place) => !seen.some((device) => device.startsWith(`${place}/`)));
  if (doubtful.length === 0) return { known: [], unknown: [] };
  const links = LINK_DIRECTORIES.flatMap(([directory, names]) =>
    files
      .list(directory)
      .filter((name) => names.test(name))
      .map((name) => {
        const target = files.linkTarget(`${directory}/${name}`) ?? '';
        const node = posix.resolve(directory, target);
        return { node, link: `${directory}/${name}`, device: classDevice(files, node) };
      }),
  );
  const linkOf = (place: string) => links.find(({ device }) => device?.startsWith(`${place}/`));
  const found = doubtful.flatMap((place) => linkOf(place) ?? []);
  return {
    known: found.map(({ node, link }) => ({ node, link })),
    unknown: doubtful.filter((place) => linkOf(place) === undefined),
  };
}
