import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import type { Finding } from './finding.ts';

/** A finding of the move to Xen, with the changes that would set it right where that can be done safely. */
export interface XenFinding extends Finding {
  fix?: Change[];
}

const GRUB_DEFAULT = '/etc/default/grub';
const GRUB_CONFIGURATIONS = ['/boot/grub/grub.cfg', '/boot/grub2/grub.cfg', '/boot/grub/menu.lst'];
const XEN_CONSOLE = 'console=hvc0';
const GRUB_SECONDS = 120;

/** Options of the kernel without which it has no disk or network under Xen. */
const KERNEL_OPTIONS = ['CONFIG_XEN', 'CONFIG_XEN_BLKDEV_FRONTEND', 'CONFIG_XEN_NETDEV_FRONTEND'];

/** Names that disks have under KVM; under Xen they are xvdN. */
const KVM_NAME = /^\/dev\/(sd|vd|hd)[a-z]+\d*$/;

function kernelFindings(files: FileView, kernelRelease: string): XenFinding[] {
  const names = files.list('/boot');
  if (!names.some((name) => /^vmlinu[xz]/.test(name))) {
    const text = 'no kernel is installed: the host boots the guest with its own';
    const remedy = 'install one (Debian: apt-get install linux-image-amd64)';
    return [{ level: 'problem', subject: 'kernel', text, remedy }];
  }
  const configurations = names.filter((name) => name.startsWith('config-'));
  const own = `config-${kernelRelease}`;
  const name = configurations.includes(own) ? own : configurations.at(-1);
  if (name === undefined) {
    const text = 'what the kernel supports is not known, for there is no /boot/config-*';
    return [{ level: 'warning', subject: 'kernel', text, remedy: "see the distribution's notes on Xen" }];
  }
  const text = files.readText(`/boot/${name}`) ?? '';
  const missing = KERNEL_OPTIONS.filter((option) => !new RegExp(`^${option}=[ym]$`, 'm').test(text));
  if (missing.length === 0) return [];
  return [
    {
      level: 'problem',
      subject: `/boot/${name}`,
      text: `the kernel lacks ${missing.join(', ')}`,
      remedy: 'install a kernel that supports Xen (Debian: apt-get install linux-image-amd64)',
    },
  ];
}

/** The command that writes GRUB's configuration from /etc/default/grub; undefined where there is none. */
function grubCommand(files: FileView): [string, ...string[]] | undefined {
  if (files.status('/usr/sbin/update-grub') !== undefined) return ['update-grub'];
  if (files.status('/usr/sbin/grub2-mkconfig') !== undefined)
    return ['grub2-mkconfig', '-o', '/boot/grub2/grub.cfg'];
  if (files.status('/usr/bin/grub-mkconfig') !== undefined)
    return ['grub-mkconfig', '-o', '/boot/grub/grub.cfg'];
  return undefined;
}

function loaderFindings(files: FileView): XenFinding[] {
  if (GRUB_CONFIGURATIONS.some((path) => files.status(path) !== undefined)) return [];
  const installed = grubCommand(files);
  const remedy =
    installed === undefined ? 'install GRUB (Debian: apt-get install grub-pc)' : installed.join(' ');
  const text = 'the boot loader has no configuration that Xen could start the guest by';
  return [{ level: 'problem', subject: 'boot loader', text, remedy }];
}

/** /etc/default/grub with Xen's console added to the kernel's arguments. */
export function addXenConsole(text: string): string {
  const line = /^(GRUB_CMDLINE_LINUX=)(["']?)(.*?)\2[ \t]*$/m;
  if (!line.test(text)) return `${text.replace(/\n?$/, '\n')}GRUB_CMDLINE_LINUX="${XEN_CONSOLE}"\n`;
  return text.replace(line, (_, name: string, quote: string, value: string) => {
    const mark = quote || '"';
    return `${name}${mark}${`${value} ${XEN_CONSOLE}`.trim()}${mark}`;
  });
}

function consoleFindings(files: FileView): XenFinding[] {
  const text = files.readText(GRUB_DEFAULT);
  const command = grubCommand(files);
  if (text === undefined || command === undefined) return [];
  if (text.split('\n').some((line) => !line.trim().startsWith('#') && line.includes(XEN_CONSOLE))) return [];
  return [
    {
      level: 'warning',
      subject: GRUB_DEFAULT,
      text: `the kernel does not use Xen's console`,
      remedy: `add ${XEN_CONSOLE} to GRUB_CMDLINE_LINUX and run ${command[0]}`,
      fix: [
        {
          kind: 'write-file',
          path: GRUB_DEFAULT,
          content: addXenConsole(text),
          mode: 0o644,
          backup: 'dated',
        },
        {
          kind: 'run-command',
          argv: command,
          timeoutSeconds: GRUB_SECONDS,
          why: "write GRUB's configuration",
        },
      ],
    },
  ];
}

function rootFindings(files: FileView): XenFinding[] {
  const paths = [...GRUB_CONFIGURATIONS, GRUB_DEFAULT];
  return paths.flatMap((path): XenFinding[] => {
    const [, device = ''] = /\broot=(\/dev\/\S+)/.exec(files.readText(path) ?? '') ?? [];
    if (!KVM_NAME.test(device)) return [];
    const text = `the kernel is told to find root at ${device}, which has another name under Xen`;
    const remedy = `give root=UUID=… (GRUB_DISABLE_LINUX_UUID must not be true in ${GRUB_DEFAULT})`;
    return [{ level: 'problem', subject: path, text, remedy }];
  });
}

/** UUIDs of the running system's file systems by device node, such as `/dev/sda1`. */
function uuids(files: FileView): Map<string, string> {
  const directory = '/dev/disk/by-uuid';
  return new Map(
    files.list(directory).flatMap((uuid): [string, string][] => {
      const target = files.linkTarget(`${directory}/${uuid}`);
      return target === undefined ? [] : [[`/dev/${target.split('/').at(-1)}`, uuid]];
    }),
  );
}

function fstabFindings(files: FileView): XenFinding[] {
  const text = files.readText('/etc/fstab');
  if (text === undefined) return [];
  const known = uuids(files);
  const lines = text.split('\n');
  const bare = lines
    .map((line) => line.trim().split(/\s+/)[0] ?? '')
    .filter((device) => KVM_NAME.test(device));
  if (bare.length === 0) return [];
  const content = lines
    .map((line) =>
      line.replace(/\S+/, (device) => (known.has(device) ? `UUID=${known.get(device)}` : device)),
    )
    .join('\n');
  const fixable = bare.every((device) => known.has(device));
  return [
    {
      level: 'problem',
      subject: '/etc/fstab',
      text: `${bare.join(', ')} ${bare.length > 1 ? 'have other names' : 'has another name'} under Xen`,
      remedy: 'name file systems by UUID=, as blkid tells it',
      ...(fixable
        ? { fix: [{ kind: 'write-file', path: '/etc/fstab', content, mode: 0o644, backup: 'dated' }] }
        : {}),
    },
  ];
}

/**
 * What keeps a guest of KVM from booting on Xen: kernel, boot loader, console, root, fstab.
 * @param kernelRelease of the running kernel
 */
export function xenFindings(files: FileView, kernelRelease: string): XenFinding[] {
  return [
    ...kernelFindings(files, kernelRelease),
    ...loaderFindings(files),
    ...consoleFindings(files),
    ...rootFindings(files),
    ...fstabFindings(files),
  ];
}
