import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';

/** Modules that the emulated machine's disks need, and those of file systems that are not in the kernel itself. */
const modules = {
  disks: ['virtio_pci', 'virtio_scsi', 'virtio_blk', 'sd_mod'],
  xfs: ['xfs'],
  btrfs: ['btrfs'],
};

/**
 * Generators (systemd.generator(7)) that find nothing to do in a guest of the tests; each is one more process before
 * the boot can begin. Those of /etc/fstab, of consoles, of init scripts and of netplan stay.
 */
const maskedGenerators = [
  'systemd-cryptsetup-generator',
  'systemd-debug-generator',
  'systemd-hibernate-resume-generator',
  'systemd-integritysetup-generator',
  'systemd-rc-local-generator',
  'systemd-run-generator',
  'systemd-ssh-generator',
  'systemd-system-update-generator',
  'systemd-tpm2-generator',
  'systemd-veritysetup-generator',
];

/** Units for interfaces of the kernel that neither the toolkit nor a test uses, and for a record of boots. */
const maskedUnits = [
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'modprobe@.service',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-binfmt.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-update-utmp.service',
];

/** Two thirds of the devices that the kernel announces to udev in each boot, which nothing here has a rule for. */
const silentSubsystems = ['acpi', 'event_source', 'mem', 'pci_express', 'tty', 'vc', 'wakeup', 'workqueue'];

const trigger = 'ExecStart=-udevadm trigger --type';

/** What systemd-udev-trigger.service announces instead: all others, and the terminal that a getty waits for. */
const fewerDevices = `[Service]
ExecStart=
${trigger}=subsystems --action=add
${trigger}=devices --action=add ${silentSubsystems.map((name) => `--subsystem-nomatch=${name}`).join(' ')}
${trigger}=devices --action=add --subsystem-match=tty --sysname-match=ttyS0
`;

/** As Debian's does it: the root file system by its label, and /run, which is handed on, already mounted. */
const init = `#!/bin/sh
mount -n -t devtmpfs -o nosuid,mode=0755 udev /dev
mount -n -t sysfs -o nodev,noexec,nosuid sysfs /sys
mount -n -t proc -o nodev,noexec,nosuid proc /proc
mount -n -t tmpfs -o nodev,noexec,nosuid,size=10%,mode=0755 tmpfs /run
cpio -i < /run.cpio
load() { while read module; do insmod /modules/$module; done < /modules/$1; }
load disks
until root=$(blkid -c /dev/null -l -t LABEL=root -o device) && [ -n "$root" ]; do sleep 0.05; done
type=$(blkid -p -s TYPE -o value $root)
[ ! -e /modules/$type ] || load $type
mount -n -t $type -o rw $root /root
for each in dev sys proc run; do mount -n -o move /$each /root/$each; done
exec run-init /root /sbin/init "$@" < /root/dev/console > /root/dev/console 2>&1
`;

/** Programs of klibc, which start at once; blkid(8) is not among them. */
const klibcPrograms = ['cpio', 'insmod', 'mount', 'run-init', 'sh', 'sleep'];

const libraries = 'usr/lib/x86_64-linux-gnu';
const loader = 'ld-linux-x86-64.so.2';

/** Changes whenever what is made here does. */
export const recipe = JSON.stringify([
  '2',
  modules,
  maskedGenerators,
  maskedUnits,
  fewerDevices,
  init,
  klibcPrograms,
]);

/**
 * Makes an initial RAM disk that has no udev, which Debian's starts to load the modules of a few disks, and is not
 * packed: both cost seconds under emulation. It masks, in /run, what a guest of the tests starts in vain.
 *
 * @param rootTree - the guest's root file system, which all of it comes from.
 * @param parts - an empty folder to put it together in.
 */
export async function makeInitialRamDisk(rootTree: string, parts: string, file: string): Promise<void> {
  const tree = join(parts, 'tree');
  for (const name of ['dev', 'proc', 'root', 'run', 'sys'])
    await mkdir(join(tree, name), { recursive: true });
  await put(join(tree, 'init'), init);
  await chmod(join(tree, 'init'), 0o755);
  const klibc = (await readdir(join(rootTree, 'usr/lib'))).filter((name) => /^klibc-.*\.so$/.test(name));
  const files = new Map([
    ...klibcPrograms.map((name) => [`usr/lib/klibc/bin/${name}`, `bin/${name}`] as const),
    ...klibc.map((name) => [`usr/lib/${name}`, `usr/lib/${name}`] as const),
    ['usr/sbin/blkid', 'bin/blkid'],
    [`${libraries}/${loader}`, `usr/lib64/${loader}`],
    ...['libblkid.so.1', 'libc.so.6'].map(
      (name) => [`${libraries}/${name}`, `${libraries}/${name}`] as const,
    ),
  ]);
  for (const [from, to] of files) {
    await mkdir(dirname(join(tree, to)), { recursive: true });
    await copyFile(join(rootTree, from), join(tree, to));
  }
  for (const name of ['lib', 'lib64']) await symlink(`usr/${name}`, join(tree, name));
  for (const [name, wanted] of Object.entries(modules)) {
    const loaded = await copyModules(rootTree, wanted, join(tree, 'modules'));
    await put(join(tree, 'modules', name), loaded.map((module) => `${module}\n`).join(''));
  }
  const masks = join(parts, 'run');
  for (const name of maskedGenerators) await mask(join(masks, 'run/systemd/system-generators', name));
  for (const name of maskedUnits) await mask(join(masks, 'run/systemd/system', name));
  await put(join(masks, 'run/systemd/system/systemd-udev-trigger.service.d/quick.conf'), fewerDevices);
  await pack(rootTree, masks, join(tree, 'run.cpio'));
  await pack(rootTree, tree, file);
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function mask(link: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  await symlink('/dev/null', link);
}

/** Copies modules and those that they need, unpacked, and returns their files in the order to be loaded in. */
async function copyModules(rootTree: string, wanted: readonly string[], target: string): Promise<string[]> {
  await mkdir(target, { recursive: true });
  const releases = join(rootTree, 'usr/lib/modules');
  const release = join(releases, (await readdir(releases))[0] ?? '');
  // "MODULE: WHAT IT NEEDS", of which each needs those behind it (modules.dep(5)).
  const lines = (await readFile(join(release, 'modules.dep'), 'utf8')).split('\n');
  const loaded: string[] = [];
  for (const name of wanted) {
    const line = lines.find((each) => new RegExp(`/${name}\\.ko(\\.xz)?:`).test(each));
    // Without a line it is in the kernel itself.
    for (const path of line?.replace(':', '').trim().split(' ').reverse() ?? []) {
      const module = basename(path, '.xz');
      if (loaded.includes(module)) continue;
      loaded.push(module);
      if (path.endsWith('.xz'))
        await execa('xz', ['-dc', join(release, path)], { stdout: { file: join(target, module) } });
      else await copyFile(join(release, path), join(target, module));
    }
  }
  return loaded;
}

/** Packs a tree as the kernel unpacks it, by the cpio(1) of the root file system. */
async function pack(rootTree: string, tree: string, file: string): Promise<void> {
  const names = (await readdir(tree, { recursive: true })).sort();
  const from = join(rootTree, libraries);
  const cpio = ['--library-path', from, join(rootTree, 'usr/bin/cpio')];
  const options = ['--quiet', '--create', '--format=newc', '--owner=+0:+0', `--file=${file}`];
  await execa(join(from, loader), [...cpio, ...options], { cwd: tree, input: `${names.join('\n')}\n` });
}
