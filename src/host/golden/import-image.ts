import type { HostContext } from '../context/context.ts';
import type { BuiltFiles } from './publish.ts';

const INFO_SECONDS = 60;
const CONVERT_SECONDS = 24 * 3600;

/** What qemu-img(1) says of an image. @returns undefined if it says nothing usable */
export function parseImageInfo(
  text: string,
): { format: string; capacity: number; backing?: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const {
      format,
      'virtual-size': capacity,
      'backing-filename': backing,
    } = (value ?? {}) as Record<string, unknown>;
    if (typeof format !== 'string' || typeof capacity !== 'number') return undefined;
    return { format, capacity, ...(typeof backing === 'string' ? { backing } : {}) };
  } catch {
    return undefined;
  }
}

/**
 * A disk of an image file, which boots by itself. An image that is an overlay is refused: what it names could be any file of
 * this host.
 * @throws Error in one line
 */
export async function importImage(
  { effects, virsh }: HostContext,
  file: string,
  work: string,
): Promise<BuiltFiles> {
  const result = await virsh.commands.run(['qemu-img', 'info', '--output=json', '--', file], {
    timeoutSeconds: INFO_SECONDS,
  });
  if (result.failure !== undefined) throw new Error(`${file} is no disk image: ${result.failure}`);
  const info = parseImageInfo(result.stdout);
  if (info === undefined) throw new Error(`${file} is no disk image that qemu-img knows`);
  if (info.backing !== undefined)
    throw new Error(
      `${file} is an overlay of ${info.backing}: make a whole image of it with qemu-img convert`,
    );
  const disk = `${work}/disk.qcow2`;
  await effects.apply({
    kind: 'command',
    argv: ['qemu-img', 'convert', '-f', info.format, '-O', 'qcow2', '--', file, disk],
    timeoutSeconds: CONVERT_SECONDS,
  });
  return { disk, capacity: info.capacity };
}
