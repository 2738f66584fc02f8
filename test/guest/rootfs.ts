import { chmod, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cachedFolder, cacheKey } from './cache.ts';
import { withProgress } from './progress.ts';

export type Suite = 'bookworm' | 'trixie';

/** A Debian guest's unpacked root file system; kernel and initial RAM disk are files within it. */
export interface RootFileSystem {
  readonly key: string;
  readonly tree: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** What a Debian cloud guest usually has, besides the packages with priority `required` (`--variant=minbase`). */
const packages = [
  'adduser',
  'autofs',
  'btrfs-progs',
  'cron',
  'dbus',
  'dosfstools',
  'e2fsprogs',
  'ethtool',
  'fdisk',
  'ifupdown',
  'iproute2',
  'iputils-ping',
  'isc-dhcp-client',
  'kmod',
  'libatomic1',
  'libpam-systemd',
  'linux-image-cloud-amd64',
  'logrotate',
  'netbase',
  'openssh-server',
  'passwd',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
  'udev',
  'xfsprogs',
];

/** Where Debian packages come from. */
export const mirror = process.env.GANDI_GUEST_MIRROR ?? 'http://deb.debian.org/debian';

/** Part of the key: to be changed when the recipe below changes. */
const recipe = '5';

/**
 * The root file system of a freshly installed Debian guest, from the cache or built by mmdebstrap (35 s, 400 MB).
 *
 * @param extraPackages - packages beside the usual ones, such as `cloud-init`.
 * @throws when not run as root, or when mmdebstrap fails; the message holds the end of its output.
 */
export async function rootFileSystem(
  suite: Suite = 'bookworm',
  extraPackages: readonly string[] = [],
): Promise<RootFileSystem> {
  const wanted = [...new Set([...packages, ...extraPackages])].sort();
  const key = cacheKey(recipe, suite, ...wanted);
  const tree = await cachedFolder(`rootfs-${suite}-${key}`, async (folder) => {
    await withProgress(`build a Debian ${suite} root file system`, async () => {
      await bootstrap(suite, wanted, folder);
      await makeGeneric(folder);
    });
  });
  return { key, tree, kernel: await onlyFile(tree, 'vmlinuz-'), initrd: await onlyFile(tree, 'initrd.img-') };
}

/**
 * Arguments of setpriv(1). In a mount namespace of its own, so that a build that is killed leaves no /proc mounted in
 * the tree; in a process namespace, so that none of its children outlives it.
 */
const isolated = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child'];

/**
 * What the emulated machine needs, and the file systems that root may have. Nothing of it is loaded before it is asked
 * for: as it is loaded, btrfs looks for the fastest of its algorithms, which takes three seconds under emulation.
 */
const initialModulesHook = `#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules virtio_pci virtio_scsi virtio_blk sd_mod ext4 xfs btrfs
`;

/**
 * Run before the kernel is installed: only these modules are in the initial RAM disk that it makes, a third of its
 * size, a second less in each boot.
 */
const smallInitialRamDisk = `settings=$1/etc/initramfs-tools
mkdir -p "$settings/conf.d" "$settings/hooks"
echo MODULES=list > "$settings/conf.d/modules"
printf %s "$INITIAL_MODULES_HOOK" > "$settings/hooks/guest-modules"
chmod 755 "$settings/hooks/guest-modules"`;

async function bootstrap(suite: Suite, wanted: readonly string[], folder: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('mmdebstrap needs root: run the guest tests as root');
  const options = [
    '--quiet',
    '--mode=root',
    '--variant=minbase',
    // Directories such as /lib are links into /usr, as the installer makes them.
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    `--include=usr-is-merged,${wanted.join(',')}`,
    `--essential-hook=${smallInitialRamDisk}`,
  ];
  const result = await execa('setpriv', [...isolated, 'mmdebstrap', ...options, suite, folder, mirror], {
    all: true,
    reject: false,
    stdin: 'ignore',
    env: { DEBIAN_FRONTEND: 'noninteractive', INITIAL_MODULES_HOOK: initialModulesHook },
  });
  if (result.exitCode !== 0)
    throw new Error(`mmdebstrap failed (status ${result.exitCode}): ${result.all.slice(-2_000)}`);
}

/** Removes what belongs to the machine that built the tree, and what only takes room. SSH host keys stay. */
async function makeGeneric(tree: string): Promise<void> {
  await truncate(join(tree, 'etc/machine-id'));
  await rm(join(tree, 'var/lib/dbus/machine-id'), { force: true });
  await writeFile(join(tree, 'etc/hostname'), 'debian\n');
  await writeFile(
    join(tree, 'etc/hosts'),
    '127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n\n::1\tlocalhost ip6-localhost\n',
  );
  await writeFile(join(tree, 'etc/resolv.conf'), '');
  // Copied from this machine, with their modes.
  for (const name of ['hostname', 'resolv.conf']) await chmod(join(tree, 'etc', name), 0o644);
  for (const folder of ['var/lib/apt/lists', 'var/cache/apt', 'var/log/apt']) {
    for (const name of await readdir(join(tree, folder))) {
      await rm(join(tree, folder, name), { recursive: true });
    }
  }
}

async function onlyFile(tree: string, prefix: string): Promise<string> {
  const names = (await readdir(join(tree, 'boot'))).filter((name) => name.startsWith(prefix));
  const [name] = names;
  if (!name || names.length !== 1)
    throw new Error(`${tree}/boot: expected one ${prefix}*, found ${names.length}`);
  return join(tree, 'boot', name);
}
