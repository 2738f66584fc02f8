import type { Argv } from '../commands/commands.ts';

/** What makes a Debian guest that boots and can be logged in to, beside the packages with priority `required`. */
export const GUEST_PACKAGES = [
  'adduser',
  'dbus',
  'e2fsprogs',
  'ifupdown',
  'iproute2',
  'isc-dhcp-client',
  'kmod',
  'libpam-systemd',
  'linux-image-cloud-amd64',
  'netbase',
  'openssh-server',
  'passwd',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
  'udev',
] as const;

export const DEBIAN_MIRROR = 'http://deb.debian.org/debian';

/** Modules with which a kernel that is booted directly finds a virtual machine's disk, and an ext4 root on it. */
export const DISK_MODULES = ['virtio_pci', 'virtio_scsi', 'virtio_blk', 'sd_mod', 'ext4'] as const;

/**
 * In a mount namespace of its own, so that a build that is killed leaves nothing mounted in the tree; in a process
 * namespace, so that none of its children outlives it: setpriv(1), unshare(1).
 */
export const APART = [
  'setpriv',
  '--pdeathsig',
  'KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
] as const;

/**
 * A script of sh(1) for mmdebstrap, with the tree as `$1`, to be run before the kernel is installed: the initial RAM disk
 * has these modules alone, so that it has a third of its size, and each boot is a second shorter. None of them is loaded
 * before it is asked for: btrfs, for one, looks for the fastest of its algorithms then, which takes an emulated guest three
 * seconds (initramfs-tools(7), MODULES=list and hook scripts).
 * @param modules names, to which no shell gives a meaning
 */
const initialModulesHook = (modules: readonly string[]): string => `settings=$1/etc/initramfs-tools
mkdir -p "$settings/conf.d" "$settings/hooks"
echo MODULES=list > "$settings/conf.d/modules"
cat > "$settings/hooks/guest-modules" << 'end'
#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules ${modules.join(' ')}
end
chmod 755 "$settings/hooks/guest-modules"`;

/** A tree to be made of a distribution's packages. */
export interface DebianTree {
  /** Such as `bookworm`. */
  suite: string;
  /** All beside those with priority `required`. */
  packages: readonly string[];
  /** Lines of sources.list(5), or a mirror's URL. */
  sources: readonly string[];
  /** Of the initial RAM disk. */
  modules: readonly string[];
}

/** The command that makes such a tree in a directory that is empty or not there. It must be run as root. */
export function debianTreeCommand(
  { suite, packages, sources, modules }: DebianTree,
  directory: string,
): Argv {
  const wanted = [...new Set(packages)].sort();
  return [
    ...APART,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'mmdebstrap',
    '--quiet',
    '--mode=root',
    '--variant=minbase',
    // Directories such as /lib are links into /usr, as the installer makes them.
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    `--include=usr-is-merged,${wanted.join(',')}`,
    `--essential-hook=${initialModulesHook(modules)}`,
    suite,
    directory,
    ...sources,
  ];
}

/** The command that makes a file with an ext4 file system, labelled `root`, of a tree, without mounting anything. */
export const ext4Command = (tree: string, file: string, bytes: number): Argv => [
  'mke2fs',
  '-q',
  '-t',
  'ext4',
  '-F',
  '-L',
  'root',
  '-d',
  tree,
  file,
  `${Math.floor(bytes / 1024)}k`,
];

/**
 * The kernel, or its initial RAM disk, of a tree.
 * @param boot names in /boot
 * @param prefix such as `vmlinuz-`
 * @throws Error in one line if there is none, or more than one, of which nobody can tell which is to boot
 */
export function onlyBootFile(boot: readonly string[], prefix: string): string {
  const names = boot.filter((name) => name.startsWith(prefix));
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw new Error(
      `the image has ${names.length} files /boot/${prefix}*, expected one: add or remove a kernel package`,
    );
  return name;
}
