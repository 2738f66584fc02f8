import { chmod, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  DEBIAN_MIRROR,
  DISK_MODULES,
  debianTreeCommand,
  GUEST_PACKAGES,
  onlyBootFile,
} from '../../src/host/golden/debian-tree.ts';
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

/** What the tests' guests have beside what a guest needs: other file systems and services that the toolkit works with. */
const packages = [
  ...GUEST_PACKAGES,
  'autofs',
  'btrfs-progs',
  'cron',
  'dosfstools',
  'ethtool',
  'fdisk',
  'iputils-ping',
  'libatomic1',
  'logrotate',
  'xfsprogs',
];

/** Of the file systems that root may have in a test, beside ext4. */
const modules = [...DISK_MODULES, 'xfs', 'btrfs'];

/** Where Debian packages come from. */
export const mirror = process.env.GANDI_GUEST_MIRROR ?? DEBIAN_MIRROR;

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
  const boot = join(tree, 'boot');
  const names = await readdir(boot);
  const file = (prefix: string) => join(boot, onlyBootFile(names, prefix));
  return { key, tree, kernel: file('vmlinuz-'), initrd: file('initrd.img-') };
}

async function bootstrap(suite: Suite, wanted: readonly string[], folder: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('mmdebstrap needs root: run the guest tests as root');
  const wish = { suite, packages: wanted, sources: [mirror], modules };
  const [program, ...args] = debianTreeCommand(wish, folder);
  const result = await execa(program, args, { all: true, reject: false, stdin: 'ignore' });
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
