import type { FileView } from '../machine/files/files.ts';
import { loaderFindings } from './xen/boot-loader.ts';
import { consoleFindings } from './xen/console.ts';
import { fstabFindings } from './xen/fstab.ts';
import { initialRamDiskFindings } from './xen/initial-ram-disk.ts';
import { kernelConfiguration, kernelFindings } from './xen/kernel.ts';
import { rootFindings } from './xen/root.ts';
import type { XenFinding } from './xen/xen-finding.ts';

/**
 * What keeps a guest of KVM from booting on Xen: kernel, initial RAM disk, boot loader, console, root, fstab.
 * @param kernelRelease of the running kernel
 */
export function xenFindings(files: FileView, kernelRelease: string): XenFinding[] {
  const configuration = kernelConfiguration(files, kernelRelease);
  return [
    ...kernelFindings(files, configuration),
    ...initialRamDiskFindings(files, configuration),
    ...loaderFindings(files),
    ...consoleFindings(files),
    ...rootFindings(files),
    ...fstabFindings(files),
  ];
}
