import { decompressKernel } from '../machine/changes/decompress-kernel.ts';
import { systemCommands } from '../machine/commands/commands.ts';
import { Files } from '../machine/files/files.ts';
import { print } from '../machine/runtime/output.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { EXIT } from '../terminal/exit-status.ts';

/** `PV`, `HVM` or `PVH` (Documentation/ABI/stable/sysfs-hypervisor-xen). */
const XEN_GUEST_TYPE = '/sys/hypervisor/guest_type';

/**
 * Unpacks a kernel in place where its boot loader cannot: under Xen PV, or where CONFIG_DECOMPRESS_KERNEL is on.
 * @param path of the image
 * @returns exit status
 * @throws Error if the kernel could not be unpacked; it is then as it was
 */
export async function decompress(path: string): Promise<number> {
  const files = new Files();
  const wanted = readSettings(files).switches.CONFIG_DECOMPRESS_KERNEL;
  if (!wanted && files.readText(XEN_GUEST_TYPE)?.trim() !== 'PV') return EXIT.ok;
  const done = await decompressKernel(files, systemCommands, path);
  print(`${path}: ${done ? 'unpacked for the Xen boot loader' : 'nothing to unpack'}\n`);
  return EXIT.ok;
}
