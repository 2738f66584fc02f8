import type { Change } from '../../machine/changes/change.ts';
import type { MountMode } from '../../machine/settings/settings.ts';

/** What was written is brought to the disk. */
const FLUSH_SECONDS = 600;
const UNMOUNT_SECONDS = 120;
const LAZY_SECONDS = 30;

/**
 * Writes to the disk what waits to be written.
 * @param worksOn kernel name of the device, where it is known
 */
export function planFlush(mountPoint: string, worksOn?: string): Change[] {
  return [
    {
      kind: 'run-command',
      argv: ['sync', '--file-system', mountPoint],
      timeoutSeconds: FLUSH_SECONDS,
      ...(worksOn === undefined ? {} : { worksOn }),
      thisBootOnly: true,
      why: 'write what waits to be written',
    },
  ];
}

/**
 * Unmounts in order.
 * @param worksOn kernel name of the device, where it is known
 */
export function planUnmount(mountPoint: string, why = 'asked for', worksOn?: string): Change[] {
  return [
    {
      kind: 'run-command',
      argv: ['umount', '--', mountPoint],
      timeoutSeconds: UNMOUNT_SECONDS,
      ...(worksOn === undefined ? {} : { worksOn }),
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
