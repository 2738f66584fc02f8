import type { FileView } from '../../machine/files/files.ts';
import type { XenFinding } from './xen-finding.ts';

/** Options of the kernel without which it has no disk or network under Xen. */
const OPTIONS = ['CONFIG_XEN', 'CONFIG_XEN_BLKDEV_FRONTEND', 'CONFIG_XEN_NETDEV_FRONTEND'];

const INSTALL = 'apt-get install linux-image-amd64';

/** What the build of a kernel was configured with: the running one's, else the newest one's. */
export interface KernelConfiguration {
  path: string;
  text: string;
}

/** @param release of the running kernel */
export function kernelConfiguration(files: FileView, release: string): KernelConfiguration | undefined {
  const names = files.list('/boot').filter((name) => name.startsWith('config-'));
  const own = `config-${release}`;
  const name = names.includes(own) ? own : names.at(-1);
  return name === undefined
    ? undefined
    : { path: `/boot/${name}`, text: files.readText(`/boot/${name}`) ?? '' };
}

function packingFindings({ path, text }: KernelConfiguration): XenFinding[] {
  const [, packer] = /^CONFIG_KERNEL_(LZ4|ZSTD)=y$/m.exec(text) ?? [];
  if (packer === undefined) return [];
  const image = path.replace('config-', 'vmlinuz-');
  return [
    {
      level: 'warning',
      subject: image,
      text: `it is packed by ${packer.toLowerCase()}, which old boot loaders of Xen PV hosts cannot unpack`,
      // Not by --fix: GRUB, which starts the guest as long as it is on KVM, takes no unpacked kernel.
      remedy: `where the host is such a one, gandi-guest decompress-kernel ${image} with CONFIG_DECOMPRESS_KERNEL=1, right before the move`,
    },
  ];
}

/** Whether a kernel is installed that knows Xen's devices, and that Xen's boot loaders can start. */
export function kernelFindings(
  files: FileView,
  configuration: KernelConfiguration | undefined,
): XenFinding[] {
  if (!files.list('/boot').some((name) => /^vmlinu[xz]/.test(name))) {
    const text = 'no kernel is installed: the host boots the guest with its own';
    return [{ level: 'problem', subject: 'kernel', text, remedy: `install one (Debian: ${INSTALL})` }];
  }
  if (configuration === undefined) {
    const text = 'what the kernel supports is not known, for there is no /boot/config-*';
    return [{ level: 'warning', subject: 'kernel', text, remedy: "see the distribution's notes on Xen" }];
  }
  const missing = OPTIONS.filter((option) => !new RegExp(`^${option}=[ym]$`, 'm').test(configuration.text));
  if (missing.length === 0) return packingFindings(configuration);
  return [
    {
      level: 'problem',
      subject: configuration.path,
      text: `the kernel lacks ${missing.join(', ')}`,
      remedy: `install a kernel that supports Xen (Debian: ${INSTALL})`,
    },
  ];
}
