import type { HostSystem } from '../context/host-system.ts';
import type { Maker } from './host-record.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const HOST_NAME = '/proc/sys/kernel/hostname';

/** This process, as a maker. */
export function thisMaker({ files, pid }: Pick<HostSystem, 'files' | 'pid'>): Maker {
  const read = (path: string) => files.readText(path)?.trim() ?? '';
  return { host: read(HOST_NAME), boot: read(BOOT_ID), pid };
}

/**
 * Whether a maker is another process of this host, and still at work.
 * @param maker as an element has it
 */
export const isOtherAtWork = (maker: Maker, system: Pick<HostSystem, 'files' | 'pid'>): boolean =>
  maker.host === thisMaker(system).host && maker.pid !== system.pid && isAtWork(maker, system);

/**
 * Whether a maker is still at work. Of another host's nothing can be seen: it counts as at work.
 * @param maker as an element has it
 */
export function isAtWork(maker: Maker, system: Pick<HostSystem, 'files' | 'pid'>): boolean {
  const here = thisMaker(system);
  if (maker.host !== here.host) return true;
  if (maker.boot !== here.boot) return false;
  const command = system.files.readText(`/proc/${maker.pid}/cmdline`);
  return command?.includes('gandi-host') ?? false;
}
