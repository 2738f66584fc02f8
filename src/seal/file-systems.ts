import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { expandGlob } from '../machine/files/glob.ts';
import { type Mount, parseMountInfo } from '../machine/formats/text/mounts.ts';
import type { Plan } from '../plan/step.ts';
import type { SealView } from './part.ts';

const MOUNTS = '/proc/self/mountinfo';
const BY_UUID = '/dev/disk/by-uuid';
/** A part of what the units have that seal, for much else may be slow on a large disk. */
const TRIM_SECONDS = 90;
const UUID_SECONDS = 120;

/** Those that an image of the system is made of; data disks are the admin's, and stay as they are. */
const SYSTEM_PLACES = [
  '/',
  '/boot',
  '/boot/efi',
  '/efi',
  '/usr',
  '/var',
  '/var/cache',
  '/var/lib',
  '/var/log',
  // Beside /var/log where a system is hardened.
  '/var/log/audit',
  '/var/log/journal',
  '/var/spool',
  '/home',
  '/opt',
  '/tmp',
  '/var/tmp',
];

/** On disks of the guest's own that can be filled. */
const ON_DISK = /^(ext[234]|xfs|btrfs|f2fs|vfat)$/;

/** In memory, or on another machine; each other type may be on the system's own disk. */
const ELSEWHERE = /^(tmpfs|ramfs|autofs|nfs4?|cifs|smb3|9p|virtiofs|ceph|afs|lustre|ocfs2|gfs2|fuse(\..*)?)$/;

/**
 * Where something is mounted that is no part of an image: what is on no disk of the system's, such as memory or another machine's
 * files, and what is on one but at no place of the system's, such as a data disk.
 * @param mountInfo of the process that seals (proc(5))
 * @param root where the image is unpacked; `/` for the running guest
 * @returns paths in the image
 */
export function foreignMounts(mountInfo: string, root: string): string[] {
  const prefix = root === '/' ? '' : root;
  return parseMountInfo(mountInfo).flatMap(({ mountPoint, type }) => {
    if (!mountPoint.startsWith(`${prefix}/`)) return [];
    const path = mountPoint.slice(prefix.length);
    return SYSTEM_PLACES.includes(path) && !ELSEWHERE.test(type) ? [] : [path];
  });
}

/**
 * The type of what is mounted at a place, where it is on no disk that can be filled: zeros for one in memory would take all of the
 * memory there is. Undefined where it can be filled, or nothing is mounted there.
 * @param mountInfo as proc(5) has it
 */
export const unfillableType = (mountInfo: string, place: string): string | undefined => {
  const type = parseMountInfo(mountInfo).findLast(({ mountPoint }) => mountPoint === place)?.type;
  return type === undefined || ON_DISK.test(type) ? undefined : type;
};

/** Where the system's file systems are mounted that can be written to. */
function systemMounts(files: FileView): Mount[] {
  const mounts = parseMountInfo(files.readText(MOUNTS) ?? '');
  return mounts.filter(({ mountPoint, type }) => SYSTEM_PLACES.includes(mountPoint) && ON_DISK.test(type));
}

/** Once for each file system: a bind mount of it is not filled a second time. */
function eachOnce(mounts: readonly Mount[]): Mount[] {
  return [...new Map(mounts.toReversed().map((mount) => [mount.source, mount])).values()].reverse();
}

/** Overwrites free space where that was asked for, and has the host take back what is free. */
export function planFreeSpace({ files, live, choices }: SealView): Plan {
  if (!live) return { changes: choices.zero ? [{ kind: 'zero-free-space', path: '/' }] : [] };
  const zeros = choices.zero
    ? eachOnce(systemMounts(files)).map(
        ({ mountPoint }): Change => ({ kind: 'zero-free-space', path: mountPoint }),
      )
    : [];
  const trim: Change = {
    kind: 'run-command',
    argv: ['fstrim', '-av'],
    timeoutSeconds: TRIM_SECONDS,
    // A disk that takes no discards is as good.
    optional: true,
    thisBootOnly: true,
    why: 'let the host drop what is free',
  };
  // A host that drops nothing keeps the zeros; one that does has no use for them.
  return { changes: [...zeros, trim] };
}

/** Where a UUID may be named by which the guest boots. */
const NAMING = [
  '/etc/fstab',
  '/etc/crypttab',
  '/etc/default/grub',
  '/etc/initramfs-tools/conf.d/*',
  '/etc/kernel/cmdline',
  '/boot/grub/grub.cfg',
  '/boot/grub2/grub.cfg',
  '/boot/efi/EFI/*/grub.cfg',
  '/boot/loader/entries/*',
  '/boot/extlinux/extlinux.conf',
  '/proc/cmdline',
];

const namingFile = (files: FileView, uuid: string): string | undefined =>
  NAMING.flatMap((pattern) => expandGlob(files, pattern)).find((path) =>
    (files.readText(path) ?? '').toLowerCase().includes(uuid.toLowerCase()),
  );

/** The UUID that udev found on a device; undefined where it has none. */
const uuidOf = (files: FileView, node: string): string | undefined =>
  files
    .list(BY_UUID)
    .find((name) => files.linkTarget(`${BY_UUID}/${name}`)?.split('/').at(-1) === node.split('/').at(-1));

/**
 * Gives ext4's file systems other UUIDs where nothing names the old ones; others cannot be given one while they are mounted
 * (tune2fs(8), xfs_admin(8), btrfstune(8)).
 */
export function planUuids({ files, live, choices }: SealView): Plan {
  if (!choices.fsUuids || !live) return { changes: [] };
  const plan: Plan & { notes: NonNullable<Plan['notes']> } = { changes: [], notes: [] };
  for (const { mountPoint, type, source } of eachOnce(systemMounts(files))) {
    const uuid = uuidOf(files, source);
    const naming = uuid === undefined ? undefined : namingFile(files, uuid);
    const reason =
      type === 'ext4' ? naming && `${naming} names it` : `${type} takes none while it is mounted`;
    if (uuid === undefined) continue;
    if (reason !== undefined)
      plan.notes.push({
        level: 'warning',
        text: `the file system at ${mountPoint} keeps its UUID: ${reason}`,
      });
    else
      plan.changes.push({
        kind: 'run-command',
        argv: ['tune2fs', '-U', 'random', source],
        timeoutSeconds: UUID_SECONDS,
        optional: true,
        why: 'no clone is to have the UUID of another',
      });
  }
  return plan;
}
