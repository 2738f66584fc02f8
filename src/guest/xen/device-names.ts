import type { FileView } from '../../machine/files/files.ts';

/** Names that disks have under KVM; under Xen they are xvdN. */
export const KVM_NAME = /^\/dev\/(sd|vd|hd)[a-z]+\d*$/;

/**
 * Links of udev to the running system's devices.
 * @param directory such as `/dev/disk/by-uuid`
 * @returns names of links by device node, such as `/dev/sda1`; those that hold characters which udev wrote as `\xNN`
 *   are left out
 */
function linksTo(files: FileView, directory: string): Map<string, string> {
  return new Map(
    files.list(directory).flatMap((name): [string, string][] => {
      const target = files.linkTarget(`${directory}/${name}`);
      return target === undefined || name.includes('\\') ? [] : [[`/dev/${target.split('/').at(-1)}`, name]];
    }),
  );
}

export const uuids = (files: FileView) => linksTo(files, '/dev/disk/by-uuid');

export const labels = (files: FileView) => linksTo(files, '/dev/disk/by-label');
