import type { HostContext } from '../context/context.ts';
import { inspectImage } from './inspect-image.ts';
import type { BuiltFiles } from './publish.ts';

const CONVERT_SECONDS = 24 * 3600;

/**
 * A disk of an image file, which boots by itself.
 * @param work directory for what is being built
 * @throws Error in one line
 */
export async function importImage(context: HostContext, file: string, work: string): Promise<BuiltFiles> {
  const { format, capacity } = await inspectImage(context, file);
  const disk = `${work}/disk.qcow2`;
  await context.effects.apply({
    kind: 'command',
    argv: ['qemu-img', 'convert', '-f', format, '-O', 'qcow2', '--', file, disk],
    timeoutSeconds: CONVERT_SECONDS,
  });
  return { disk, capacity };
}
