import { findHolders, type Holder } from '../machine/holders.ts';
import type { Mount } from '../machine/mounts.ts';
import { unitOf } from './services.ts';

/** What keeps a file system from being unmounted. */
export interface Users {
  processes: Holder[];
  /** Places where something is mounted inside of it, or where it is mounted a second time. */
  mounts: string[];
}

/** More than these are counted only. */
const MOST_NAMED = 8;

/** Whether a process belongs to one of the units, by its control group. */
function belongsTo(services: readonly string[], holder: Holder): boolean {
  const unit = unitOf(holder);
  return unit !== undefined && services.includes(unit);
}

/**
 * Finds what uses a mounted file system.
 * @param mounts all mounts
 * @param services units whose processes do not count: they are going to be stopped
 * @throws the system's error if the mount point or /proc cannot be read
 */
export function findUsers(mount: Mount, mounts: readonly Mount[], services: readonly string[] = []): Users {
  const inside = mounts.filter(
    ({ id, mountPoint, deviceNumber }) =>
      id !== mount.id &&
      (mountPoint.startsWith(`${mount.mountPoint}/`) || deviceNumber === mount.deviceNumber),
  );
  const processes = findHolders(mount.mountPoint, mount.deviceNumber);
  return {
    processes: processes.filter((holder) => holder.pid !== process.pid && !belongsTo(services, holder)),
    mounts: inside.map(({ mountPoint }) => mountPoint),
  };
}

export function isUsed({ processes, mounts }: Users): boolean {
  return processes.length > 0 || mounts.length > 0;
}

/** Who uses it, in one line: process, program and file, and mount points. */
export function describeUsers({ processes, mounts }: Users): string {
  const named = [
    ...processes.map(({ pid, command, file }) => `process ${pid} (${command}) with ${file}`),
    ...mounts.map((mountPoint) => `the mount at ${mountPoint}`),
  ];
  if (named.length === 0) return 'somebody who cannot be seen, such as a loop device or an NFS server';
  const more = named.length > MOST_NAMED ? ` and ${named.length - MOST_NAMED} more` : '';
  return `${named.slice(0, MOST_NAMED).join(', ')}${more}`;
}
