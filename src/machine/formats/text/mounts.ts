import { posix } from 'node:path';

/** A line of /proc/self/mountinfo. */
export interface Mount {
  id: number;
  /** Of the mount that it is on. */
  parent: number;
  /** Device number as `major:minor`; major 0 is anonymous and belongs to no block device. */
  deviceNumber: string;
  /** What of the file system is mounted, such as `/` or `/@rootfs`. */
  root: string;
  mountPoint: string;
  /** Of this mount, such as `["rw", "noatime"]`. */
  options: string[];
  /** Such as `ext4`. */
  type: string;
  /** Such as `/dev/sda2` or `tmpfs`; whatever mount(2) was given. */
  source: string;
  /** Of the file system, such as `["rw", "errors=remount-ro"]`. */
  superOptions: string[];
}

/** A line of /proc/swaps. */
export interface ActiveSwap {
  path: string;
  kind: 'partition' | 'file';
}

/**
 * Reads /proc/self/mountinfo (proc(5), Documentation/filesystems/proc.rst section 3.5). Later lines are mounted over
 * earlier ones at the same place. Lines of another form are left out.
 */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => parseMount(line) ?? []);
}

/**
 * Reads of it those mounts alone that decide where a path leads: at the path, and at the directories on the way to it.
 * Where there are very many, reading all of them for each of them would be most of what is to be done.
 * @param path absolute, without links
 */
export function parseMountsTowards(text: string, path: string): Mount[] {
  const places = new Set(['/']);
  for (let place = path; place !== '/'; place = posix.dirname(place)) places.add(escapeField(place));
  const lines = text.split('\n').filter((line) => places.has(line.split(' ', 5)[4] ?? ''));
  return lines.flatMap((line) => parseMount(line) ?? []);
}

function parseMount(line: string): Mount | undefined {
  // Optional fields end at the first lone hyphen. Spaces inside a field are escaped; behind it the source can be one.
  const hyphen = line.indexOf(' - ');
  const [id, parent, deviceNumber, root, mountPoint, options] = line.slice(0, hyphen).split(' ');
  const [type, source, superOptions] = hyphen < 0 ? [] : line.slice(hyphen + 3).split(' ');
  if (!id || !deviceNumber || !root || !mountPoint || !options || !type) return undefined;
  return {
    id: Number(id),
    parent: Number(parent),
    deviceNumber,
    root: unescapeField(root),
    mountPoint: unescapeField(mountPoint),
    options: options.split(','),
    type,
    source: unescapeField(source ?? ''),
    superOptions: superOptions ? superOptions.split(',') : [],
  };
}

/**
 * Whether a mount is what its path leads to: nothing is mounted over it, nor over a directory on the way to it.
 * @param mounts all mounts
 */
export function isVisible(mount: Mount, mounts: readonly Mount[]): boolean {
  const isHidden = mounts.some(
    ({ id, parent, mountPoint }) =>
      id !== mount.id &&
      ((parent === mount.id && mountPoint === mount.mountPoint) ||
        (parent === mount.parent && mount.mountPoint.startsWith(`${mountPoint}/`))),
  );
  if (isHidden) return false;
  const below = mounts.find(({ id }) => id === mount.parent && id !== mount.id);
  // Of the parent only what is on the way matters: something over its own root hides what was mounted on it before.
  return below === undefined || isVisible(below, mounts);
}

/**
 * Whether a mount shows all that mounting its device there would, and not a directory of it. On btrfs that is a
 * subvolume: the default one, which need not be the root of the file system (btrfs-subvolume(8), `set-default`), or one
 * that was asked for.
 */
export function isWhole({ type, root, superOptions }: Mount): boolean {
  return root === '/' || (type === 'btrfs' && superOptions.includes(`subvol=${root}`));
}

/** Reads /proc/swaps (proc(5)), which begins with a line of headings. */
export function parseSwaps(text: string): ActiveSwap[] {
  const swaps: ActiveSwap[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [path, kind] = line.split(/[ \t]+/);
    if (path && (kind === 'partition' || kind === 'file')) swaps.push({ path: unescapeField(path), kind });
  }
  return swaps;
}

/** As the kernel writes a field. */
function escapeField(field: string): string {
  return field.replace(/[ \t\n\\#]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** The kernel writes space, tab, newline, backslash and `#` as three octal digits (fs/seq_file.c, mangle_path). */
export function unescapeField(field: string): string {
  // Hardly any field has one, and to look for the pattern in all of them is most of reading them.
  if (!field.includes('\\')) return field;
  return field.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
