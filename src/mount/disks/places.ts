import type { Places } from '../../state/path-memory.ts';
import type { MountRun } from '../run/run.ts';
import type { DiskFacts } from './disk-facts.ts';

/** Size of a directory's own blocks that is taken for one in use without reading it. */
const LARGEST_EMPTY_BYTES = 1024 * 1024;

/** What is at names in the disk root. What autofs watches is not looked at: it would mount. */
export function placesOf(run: MountRun, { mounts }: Pick<DiskFacts, 'mounts'>): Places {
  const { mode, diskRoot, machine } = run;
  const { files } = machine;
  return {
    /** Something else than a directory of ours is at that name. */
    isUnusable(name) {
      if (mode === 'autofs') return false;
      const path = `${diskRoot}/${name}`;
      if (mounts.some(({ mountPoint }) => mountPoint === path)) return true;
      const status = files.status(path);
      return status !== undefined && status.kind !== 'directory';
    },
    /** A directory that somebody put something in: a mount would hide it, such as programs' own configuration. */
    isInUse(name) {
      if (mode === 'autofs') return false;
      const path = `${diskRoot}/${name}`;
      // One that takes more than that has or had thousands of names, which need not be read.
      return (files.status(path)?.size ?? 0) > LARGEST_EMPTY_BYTES || files.list(path).length > 0;
    },
  };
}
