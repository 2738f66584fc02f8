import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import type { MountMode } from '../machine/settings.ts';

/** Stopping a service takes up to 90 s by default (DefaultTimeoutStopSec of systemd-system.conf(5)). */
const STOP_SECONDS = 120;
/** What was written is brought to the disk. */
const FLUSH_SECONDS = 600;
const UNMOUNT_SECONDS = 120;
const LAZY_SECONDS = 30;

const SERVICES = '.gandi/services';

/** More units than this are nobody's list. */
const MOST_SERVICES = 100;

/** Names of systemd.unit(5), of the types that can hold a file system in use. */
const UNIT_NAME =
  /^[A-Za-z0-9:_.\\][A-Za-z0-9:_.\\@-]*\.(service|socket|timer|path|mount|automount|swap|target)$/;

/** The units that a list names, one a line; a name without a type is a service. */
export function parseServices(text: string): string[] {
  const names = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.includes('.') ? line : `${line}.service`));
  const valid = names.filter((name) => name.length <= 255 && UNIT_NAME.test(name));
  return [...new Set(valid)].slice(0, MOST_SERVICES);
}

/**
 * The units to be stopped before a disk goes, from the disk itself: only if nobody but root can have written the list.
 * @throws Error if a link is in the way or the disk cannot be read
 */
export function readServices(files: FileView, mountPoint: string): string[] {
  const path = `${mountPoint}/${SERVICES}`;
  const folder = files.status(`${mountPoint}/.gandi`);
  const list = folder?.kind === 'directory' ? files.status(path) : undefined;
  const isRoots = (status: typeof list) => status?.uid === 0 && (status.mode & 0o022) === 0;
  if (list?.kind !== 'file' || !isRoots(list) || !isRoots(folder)) return [];
  return parseServices(files.readTextWithoutLinks(mountPoint, path) ?? '');
}

/** Stops units, or starts them again after a detach that was given up. */
export function planServices(services: readonly string[], action: 'stop' | 'start'): Change[] {
  if (services.length === 0) return [];
  return [
    {
      kind: 'run-command',
      argv: ['systemctl', action, '--', ...services],
      timeoutSeconds: STOP_SECONDS,
      thisBootOnly: true,
      why: action === 'stop' ? 'they use the disk' : 'the disk stays',
    },
  ];
}

/** Writes to the disk what waits to be written. */
export function planFlush(mountPoint: string): Change[] {
  return [
    {
      kind: 'run-command',
      argv: ['sync', '--file-system', mountPoint],
      timeoutSeconds: FLUSH_SECONDS,
      thisBootOnly: true,
      why: 'write what waits to be written',
    },
  ];
}

/** Unmounts in order. */
export function planUnmount(mountPoint: string, why = 'asked for'): Change[] {
  return [
    {
      kind: 'run-command',
      argv: ['umount', '--', mountPoint],
      timeoutSeconds: UNMOUNT_SECONDS,
      thisBootOnly: true,
      why,
    },
  ];
}

/** Removes the mount point if it is empty. In the directory of autofs nobody else makes or removes anything. */
export function planRemoveMountPoint(mountPoint: string, mode: MountMode): Change[] {
  return mode === 'autofs' ? [] : [{ kind: 'remove-empty-directory', path: mountPoint }];
}

/**
 * Takes away the mounts of a device that is gone: what has files open there keeps them, and nobody waits.
 * @param mountPoints in the order in which they were mounted
 */
export function planUnmountGone(mountPoints: readonly string[]): Change[] {
  return [...mountPoints].reverse().map((mountPoint) => ({
    kind: 'run-command',
    // The path has no links, and looking at it would ask the device that is gone.
    argv: ['umount', '--lazy', '--no-canonicalize', '--', mountPoint],
    timeoutSeconds: LAZY_SECONDS,
    thisBootOnly: true,
    why: 'the device is gone',
  }));
}
