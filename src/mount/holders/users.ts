import type { Holder } from '../../machine/devices/holders.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import type { MountRun } from '../run/run.ts';
import { describeProcess } from './holder-names.ts';
import { kernelUsers } from './kernel-users.ts';
import { unitOf } from './services.ts';

/** What keeps a file system from being unmounted. */
export interface Users {
  processes: Holder[];
  /** Places where something is mounted inside of it, or where it is mounted a second time. */
  mounts: string[];
  /** What the kernel itself does with it, for people: swap files, loop devices, NFS. */
  kernel: string[];
}

/** More than these are counted only. */
const MOST_NAMED = 8;

/** Whether a process belongs to one of the units, by its control group. */
function belongsTo(services: readonly string[], holder: Holder): boolean {
  const unit = unitOf(holder);
  return unit !== undefined && services.includes(unit);
}

/** Whether a mount is made on another one, or on one that is: what lies below its path alone may be hidden by it. */
function isOn(mount: Mount, below: Mount, mounts: readonly Mount[]): boolean {
  const seen = new Set<number>();
  for (let at: Mount | undefined = mount; at !== undefined && !seen.has(at.id); ) {
    if (at.parent === below.id) return true;
    seen.add(at.id);
    const { parent }: Mount = at;
    at = mounts.find(({ id }) => id === parent);
  }
  return false;
}

/**
 * Finds what uses a mounted file system.
 * @param mounts all mounts
 * @param services units whose processes do not count: they are going to be stopped
 * @throws the system's error if the mount point or /proc cannot be read
 */
export async function findUsers(
  run: Pick<MountRun, 'machine' | 'findHolders'>,
  mount: Mount,
  mounts: readonly Mount[],
  services: readonly string[] = [],
): Promise<Users> {
  const inside = mounts.filter(
    (one) => one.id !== mount.id && (isOn(one, mount, mounts) || one.deviceNumber === mount.deviceNumber),
  );
  const processes = await run.findHolders(mount.mountPoint, mount.deviceNumber);
  return {
    processes: processes.filter((holder) => holder.pid !== process.pid && !belongsTo(services, holder)),
    mounts: inside.map(({ mountPoint }) => mountPoint),
    kernel: kernelUsers(run.machine.files, mount.mountPoint),
  };
}

export function isUsed({ processes, mounts, kernel }: Users): boolean {
  return processes.length > 0 || mounts.length > 0 || kernel.length > 0;
}

/** Who uses it, in one line: process, program and file, mount points, and what the kernel does with it. */
export function describeUsers({ processes, mounts, kernel }: Users): string {
  const named = [
    ...processes.map(describeProcess),
    ...mounts.map((mountPoint) => `the mount at ${mountPoint}`),
    ...kernel,
  ];
  if (named.length === 0) return 'somebody who cannot be seen';
  return nameFew(named);
}

/** The first of a list, and the number of the others. */
export function nameFew(named: readonly string[]): string {
  const more = named.length > MOST_NAMED ? ` and ${named.length - MOST_NAMED} more` : '';
  return `${named.slice(0, MOST_NAMED).join(', ')}${more}`;
}
