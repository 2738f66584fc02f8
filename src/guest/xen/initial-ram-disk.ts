import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { KernelConfiguration } from './kernel.ts';
import type { XenFinding } from './xen-finding.ts';

/** Without it root is not found; dashes and underscores are alike in names of modules. */
const DISK_DRIVER = 'xen-blkfront';
const NAMES_DISK_DRIVER = /^[^#]*\bxen[-_]blkfront\b/m;

const TOOLS = '/etc/initramfs-tools';
const TOOLS_MODULES = `${TOOLS}/modules`;
const DRACUT_DIRECTORIES = ['/usr/lib/dracut/dracut.conf.d', '/etc/dracut.conf.d'];
const DRACUT_FILE = '/etc/dracut.conf.d/90-gandi-xen.conf';
const BUILD_SECONDS = 600;

/** The files with a suffix in directories, as one text each, in the order in which they are read. */
const textsOf = (files: FileView, directories: readonly string[], suffix: string) =>
  directories.flatMap((directory) =>
    files
      .list(directory)
      .filter((name) => name.endsWith(suffix))
      .map((name) => files.readText(`${directory}/${name}`) ?? ''),
  );

const lastValue = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].at(-1)?.[1];

const build = (...argv: [string, ...string[]]): Change => ({
  kind: 'run-command',
  argv,
  timeoutSeconds: BUILD_SECONDS,
  why: 'build the initial RAM disks anew',
});

function finding(
  files: FileView,
  subject: string,
  content: string,
  command: [string, ...string[]],
): XenFinding[] {
  return [
    {
      level: 'problem',
      subject,
      text: `the initial RAM disk holds only drivers of this machine, not Xen's (${DISK_DRIVER})`,
      remedy: `name ${DISK_DRIVER} there and run ${command.join(' ')}`,
      fix: [
        ...ensureFile(files, { path: subject, content, mode: 0o644, backup: 'dated' }),
        build(...command),
      ],
    },
  ];
}

/** initramfs.conf(5): MODULES=most, the default, has all drivers of disks. */
function initramfsToolsFindings(files: FileView): XenFinding[] {
  const texts = [files.readText(`${TOOLS}/initramfs.conf`) ?? '', ...textsOf(files, [`${TOOLS}/conf.d`], '')];
  const modules = lastValue(texts.join('\n'), /^MODULES=["']?(\w+)/gm) ?? 'most';
  const named = files.readText(TOOLS_MODULES) ?? '';
  if (modules === 'most' || NAMES_DISK_DRIVER.test(named)) return [];
  const before = named === '' || named.endsWith('\n') ? named : `${named}\n`;
  return finding(files, TOOLS_MODULES, `${before}${DISK_DRIVER}\n`, ['update-initramfs', '-u', '-k', 'all']);
}

/** dracut.conf(5): with `hostonly` the drivers of the machine that it runs on. */
function dracutFindings(files: FileView): XenFinding[] {
  const main = files.readText('/etc/dracut.conf') ?? '';
  const text = [main, ...textsOf(files, DRACUT_DIRECTORIES, '.conf')].join('\n');
  const hostOnly = lastValue(text, /^\s*hostonly=["']?(\w+)/gm) ?? 'no';
  if (hostOnly === 'no' || NAMES_DISK_DRIVER.test(text)) return [];
  const content = `# Written by gandi-guest doctor --xen --fix.\nadd_drivers+=" ${DISK_DRIVER} xen-netfront "\n`;
  return finding(files, DRACUT_FILE, content, ['dracut', '--force', '--regenerate-all']);
}

/** Whether the kernel finds root under Xen where the driver is a module. */
export function initialRamDiskFindings(
  files: FileView,
  configuration: KernelConfiguration | undefined,
): XenFinding[] {
  if (!/^CONFIG_XEN_BLKDEV_FRONTEND=m$/m.test(configuration?.text ?? '')) return [];
  if (files.status('/usr/sbin/update-initramfs') !== undefined) return initramfsToolsFindings(files);
  const hasDracut = ['/usr/bin/dracut', '/usr/sbin/dracut'].some((path) => files.status(path) !== undefined);
  return hasDracut ? dracutFindings(files) : [];
}
