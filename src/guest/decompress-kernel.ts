import { decompressKernel } from '../machine/changes/decompress-kernel.ts';
import { readSettings } from '../machine/settings/settings.ts';
import type { System } from '../plan/system.ts';
import { EXIT } from '../terminal/exit-status.ts';

/** `PV`, `HVM` or `PVH` (Documentation/ABI/stable/sysfs-hypervisor-xen). */
const XEN_GUEST_TYPE = '/sys/hypervisor/guest_type';

/**
 * Unpacks a kernel in place where its boot loader cannot: under Xen PV, or where CONFIG_DECOMPRESS_KERNEL is on.
 * @param path of the image
 * @returns exit status
 * @throws Error if the kernel could not be unpacked; it is then as it was
 */
export async function decompress(path: string, { open, commands, output }: System): Promise<number> {
  const { files } = open();
  const wanted = readSettings(files).switches.CONFIG_DECOMPRESS_KERNEL;
  if (!wanted && files.readText(XEN_GUEST_TYPE)?.trim() !== 'PV') return EXIT.ok;
  const done = await decompressKernel(files, commands, path);
  output.print(`${path}: ${done ? 'unpacked for the Xen boot loader' : 'nothing to unpack'}\n`);
  return EXIT.ok;
}
