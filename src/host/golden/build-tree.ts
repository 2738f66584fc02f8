import type { Argv } from '../commands/commands.ts';
import type { HostContext } from '../context/context.ts';
import {
  APART,
  DEBIAN_MIRROR,
  DISK_MODULES,
  debianTreeCommand,
  ext4Command,
  GUEST_PACKAGES,
  onlyBootFile,
} from './debian-tree.ts';
import type { Recipe } from './recipe.ts';

/** What an image of ours has beside what a guest needs: for sources that are reached by https. */
const OWN_PACKAGES = ['ca-certificates'];

const BUILD_SECONDS = 3600;
const COPY_SECONDS = 1800;

/** The command that makes a Debian tree of nothing. */
export function bootstrapCommand(
  { packages, remove, sources }: Pick<Recipe, 'packages' | 'remove' | 'sources'>,
  suite: string,
  tree: string,
): Argv {
  const wanted = [...GUEST_PACKAGES, ...OWN_PACKAGES, ...packages].filter((name) => !remove.includes(name));
  const from = sources.length > 0 ? sources : [DEBIAN_MIRROR];
  return debianTreeCommand({ suite, packages: wanted, sources: from, modules: DISK_MODULES }, tree);
}

/** The commands that put the toolkit into a tree. @param toolkit a directory as `make install DESTDIR=` makes it, or a .deb file */
export function toolkitCommands(toolkit: string, tree: string): Argv[] {
  if (!toolkit.endsWith('.deb')) return [['cp', '-a', `${toolkit.replace(/\/+$/, '')}/.`, `${tree}/`]];
  const inside = '/gandi-guest.deb';
  return [
    ['cp', toolkit, `${tree}${inside}`],
    [...APART, 'chroot', tree, 'dpkg', '--install', inside],
    ['rm', `${tree}${inside}`],
  ];
}

/**
 * What an image must not carry from its builder, also where the toolkit is not in it: machine ID, host keys, random seed,
 * package lists. The first boot of each guest makes its own. The last two make it one that any guest can start with.
 * @param isSealed by the toolkit, whose record of that stays
 */
export function sealCommands(tree: string, isSealed = false): Argv[] {
  const remove = [
    'var/lib/dbus/machine-id',
    'var/lib/systemd/random-seed',
    'etc/resolv.conf',
    ...(isSealed ? [] : ['var/lib/gandi', 'var/log/gandi.log']),
  ].map((path) => `${tree}/${path}`);
  return [
    ['truncate', '--size=0', `${tree}/etc/machine-id`],
    ['rm', '-rf', '--', ...remove],
    ['find', `${tree}/etc/ssh`, '-maxdepth', '1', '-name', 'ssh_host_*', '-delete'],
    ['find', `${tree}/var/lib/apt/lists`, `${tree}/var/cache/apt`, '-mindepth', '1', '-delete'],
    ['sh', '-c', 'printf "localhost\\n" > "$1/etc/hostname"', 'sh', tree],
    // As the guest finds it, whatever the disk is called.
    ['sh', '-c', 'printf "LABEL=root / ext4 errors=remount-ro 0 1\\n" > "$1/etc/fstab"', 'sh', tree],
  ];
}

/**
 * The commands that seal a tree by the toolkit that is in it: what tells one guest from another goes, and what must not be in
 * an image; docs/images.md says what. It runs on this host, and touches nothing outside of the tree.
 * @param work directory for the name by which the executable knows what it is
 */
export function sealByToolkit(tree: string, work: string): Argv[] {
  const program = `${work}/gandi-guest`;
  return [
    ['ln', '-sfn', `${tree}/usr/lib/gandi/gandi`, program],
    [program, 'seal', '--root', tree, '--all-users'],
    ['rm', program],
  ];
}

/** The commands that make a disk of a tree, without mounting anything. @param bytes as a guest sees it */
export const diskCommands = (tree: string, raw: string, disk: string, bytes: number): Argv[] => [
  ext4Command(tree, raw, bytes),
  ['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, disk],
  ['rm', raw],
];

/** A tree made by a recipe, sealed, and its disk. All of it is below `work`, and nothing else is touched. */
export async function buildDisk(
  { effects, system }: HostContext,
  recipe: Recipe,
  work: string,
  bytes: number,
): Promise<{ disk: string; kernel: string; initrd: string }> {
  const { base, script, toolkit } = recipe;
  const tree = `${work}/tree`;
  const run = (argv: Argv, timeoutSeconds = COPY_SECONDS, input?: string) =>
    effects.apply({ kind: 'command', argv, timeoutSeconds, ...(input === undefined ? {} : { input }) });
  if (base.kind === 'nothing') await run(bootstrapCommand(recipe, base.suite, tree), BUILD_SECONDS);
  else if (base.kind === 'tree') {
    await run(['cp', '-a', '--reflink=auto', base.name, tree]);
    const { packages, remove } = recipe;
    const apt = (...words: string[]): Argv => [...APART, 'chroot', tree, 'apt-get', '--yes', ...words];
    if (packages.length + remove.length > 0) await run(apt('update'));
    if (packages.length > 0) await run(apt('install', '--no-install-recommends', ...packages), BUILD_SECONDS);
    if (remove.length > 0) await run(apt('purge', ...remove));
  }
  if (toolkit !== undefined) for (const argv of toolkitCommands(toolkit, tree)) await run(argv);
  if (script !== undefined) await run([...APART, 'chroot', tree, 'sh', '-s'], BUILD_SECONDS, script);
  if (toolkit !== undefined) for (const argv of sealByToolkit(tree, work)) await run(argv);
  for (const argv of sealCommands(tree, toolkit !== undefined)) await run(argv);
  const disk = `${work}/disk.qcow2`;
  for (const argv of diskCommands(tree, `${work}/disk.raw`, disk, bytes)) await run(argv);
  const boot = effects.dryRun ? [] : system.files.list(`${tree}/boot`);
  const only = (prefix: string) => {
    if (effects.dryRun) return `${tree}/boot/${prefix}VERSION`;
    return `${tree}/boot/${onlyBootFile(boot, prefix)}`;
  };
  return { disk, kernel: only('vmlinuz-'), initrd: only('initrd.img-') };
}
