import type { Change } from '../../machine/changes/change.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { GROW_SECONDS, growCommand, LEAST_FILE_SYSTEM_GAIN } from '../../storage/grow-file-system.ts';
import { isPristine, type MountedRoot } from '../mounts/root-directory.ts';

/** A journal is replayed while mounting. */
const MOUNT_SECONDS = 300;

const MIB = 1024 * 1024;

/** File systems that keep no owners: who may write is said at each mount (mount(8)). */
const WITHOUT_OWNERS = new Set(['vfat', 'exfat']);

/**
 * What is said at each mount, whatever the superblock says: a disk whose `errors=panic` is obeyed (tune2fs(8)) ends the
 * guest at its first error, again at each boot, and one without barriers loses what was synced. Each is an option of the
 * kernel's own driver (Documentation/filesystems/ext2.rst, and its admin-guide for ext4 and jfs; fs/fat/inode.c,
 * fs/exfat/super.c and fs/nilfs2/super.c), which ext2's lacks for barriers.
 */
const SAFE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  ext2: ['errors=remount-ro'],
  ext3: ['errors=remount-ro', 'barrier=1'],
  ext4: ['errors=remount-ro', 'barrier=1'],
  vfat: ['errors=remount-ro'],
  exfat: ['errors=remount-ro'],
  jfs: ['errors=remount-ro'],
  nilfs2: ['errors=remount-ro'],
};

/** Options that speak of the same thing under other names: who gave one means it. */
const OTHER_NAMES: Readonly<Record<string, string>> = { nobarrier: 'barrier' };

const optionName = (option: string): string => {
  const [name = ''] = option.split('=');
  return OTHER_NAMES[name] ?? name;
};

/** The number of CONFIG_DISK_GROUP; undefined if there is no group of that name in /etc/group (group(5)). */
export function groupNumber(group: string, groupFile: string | undefined): number | undefined {
  if (/^\d+$/.test(group)) return Number(group);
  const line = (groupFile ?? '').split('\n').find((one) => one.startsWith(`${group}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}

/**
 * The options that a file system is mounted with: those of the settings, and what they do not speak of of ours.
 * @param parameters CONFIG_MOUNT_PARAMS
 * @param group number of CONFIG_DISK_GROUP
 * @param files for the programs that mount(8) calls for a type, such as that of exfat-fuse: they know options of their own
 */
export function mountOptions(
  parameters: string,
  { type }: Pick<Signature, 'type'>,
  readOnly: boolean,
  group: number | undefined,
  files: Pick<FileView, 'status'>,
): string {
  const asked = parameters.split(',');
  const names = new Set(asked.map(optionName));
  const options = readOnly ? ['ro', ...asked.filter((option) => option !== 'rw' && option !== 'ro')] : asked;
  const access = [...(group === undefined ? [] : [`gid=${group}`]), 'umask=0002'];
  const hasHelper = ['/sbin', '/usr/sbin'].some(
    (directory) => files.status(`${directory}/mount.${type}`) !== undefined,
  );
  const safe = hasHelper ? [] : (SAFE_OPTIONS[type] ?? []);
  const ours = [...safe, ...(WITHOUT_OWNERS.has(type) ? access : [])];
  return [...options, ...ours.filter((option) => !names.has(optionName(option)))].join(',');
}

/**
 * Makes the directory and mounts the file system there. The type is named: nothing is to guess it again.
 * @param moreOptions what this one needs beside what the settings say
 */
export function planMount(
  device: BlockDevice,
  content: Signature,
  mountPoint: string,
  settings: Pick<Settings, 'mountParameters' | 'diskGroup'>,
  files: Pick<FileView, 'status' | 'readText'>,
  moreOptions: readonly string[] = [],
): Change[] {
  const group = groupNumber(settings.diskGroup, files.readText('/etc/group'));
  const parameters = [settings.mountParameters, ...moreOptions].join(',');
  const options = mountOptions(parameters, content, device.readOnly, group, files);
  // Each mount makes it where it is missing.
  const make: Change = { kind: 'make-directory', path: mountPoint, mode: 0o755, unsynced: true };
  return [
    ...(files.status(mountPoint) === undefined ? [make] : []),
    {
      kind: 'run-command',
      argv: ['mount', '-t', content.type, '-o', options, '--', device.node, mountPoint],
      timeoutSeconds: MOUNT_SECONDS,
      worksOn: device.name,
      thisBootOnly: true,
      why: content.label === undefined ? 'no label' : `label ${content.label}`,
    },
  ];
}

/**
 * Lets the group write to a file system that was just made.
 * @param isNew whether nobody used it before, so that its modes are nobody's wish
 */
export function planFirstMount(
  content: Signature,
  mountPoint: string,
  root: MountedRoot,
  isNew: boolean,
  group: number | undefined,
): Change[] {
  if (!isNew || group === undefined || WITHOUT_OWNERS.has(content.type) || !isPristine(root)) return [];
  return [{ kind: 'make-directory', path: mountPoint, mode: 0o775, owner: { uid: 0, gid: group } }];
}

/** Grows a mounted file system that has a whole disk for itself to the size of that disk. */
export function planGrow(
  device: BlockDevice,
  type: string,
  mountPoint: string,
  fileSystemBytes: number | undefined,
): Change[] {
  const argv = growCommand(type, device.node, mountPoint);
  if (argv === undefined || device.partition !== undefined || device.readOnly) return [];
  const gain = device.size - (fileSystemBytes ?? device.size);
  if (gain < LEAST_FILE_SYSTEM_GAIN) return [];
  const why = `grow the file system by ${Math.floor(gain / MIB)} MiB`;
  return [{ kind: 'run-command', argv, timeoutSeconds: GROW_SECONDS, worksOn: device.name, why }];
}
