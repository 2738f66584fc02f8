import type { FileStatus } from '../../machine/files/files.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { MountRun } from '../run/run.ts';

/** Of a damaged or huge directory it may not come to an end. */
const FIND_SECONDS = 20;

/** The root directory of a file system that is mounted. */
export interface MountedRoot {
  status: Pick<FileStatus, 'mode' | 'uid' | 'gid'>;
  /** Nothing is in it, but for the directory that fsck(8) has for what it finds. */
  isEmpty: boolean;
}

const isAsMade = ({ uid, gid, mode }: MountedRoot['status']) => uid === 0 && gid === 0 && mode === 0o755;

/** As mkfs leaves it: empty, and with the modes and the owner of a new root directory. */
export const isPristine = ({ status, isEmpty }: MountedRoot): boolean => isAsMade(status) && isEmpty;

/**
 * The root directory of what is mounted there. It is not read whole, for a disk may have millions of names: find(1) ends
 * at the first one that counts. What the runtime has for that reads all of them first (Bun's opendir).
 * @param isUntouched whether its superblock says that nothing was ever put into it: then it need not be read
 * @returns undefined if there is nothing, or it cannot be read, which is told
 */
export async function readRoot(
  run: MountRun,
  mountPoint: string,
  isUntouched = false,
): Promise<MountedRoot | undefined> {
  const { files, commands } = run.machine;
  try {
    const status = files.status(mountPoint);
    // What is in a directory that somebody has changed does not matter.
    if (status === undefined || !isAsMade(status)) return status && { status, isEmpty: false };
    if (isUntouched) return { status, isEmpty: true };
    const argv = [
      'find',
      mountPoint,
      '-mindepth',
      '1',
      '-maxdepth',
      '1',
      '!',
      '-name',
      'lost+found',
      '-printf',
      'x',
      '-quit',
    ] as const;
    const { stdout, failure } = await commands.run(argv, { timeoutSeconds: FIND_SECONDS });
    if (failure !== undefined) throw new Error(failure);
    return { status, isEmpty: stdout === '' };
  } catch (error) {
    run.tell('warning', `${mountPoint}: its root directory cannot be read: ${reasonOf(error)}`);
    return undefined;
  }
}
