import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { AUTOFS_MASTER_MAP, NO_AUTOFS } from '../machine/files/paths.ts';
import type { Settings } from '../machine/settings/settings.ts';

/** A line of ours that counts, whatever directory it names. */
const ACTIVE_LINE = /^[^#]*\s\/etc\/auto\.gandi/m;

/**
 * Notes down that autofs has nothing to do with data disks, for the condition of gandi-mount.service, which would have
 * to search the same files by a process. Where autofs is asked for there is no mark, whatever else speaks against it.
 */
export function markNoAutofs(files: FileView, settings: Settings): Change[] {
  const isAsked =
    settings.mountMode === 'autofs' || ACTIVE_LINE.test(files.readText(AUTOFS_MASTER_MAP) ?? '');
  const isMarked = files.status(NO_AUTOFS) !== undefined;
  if (isAsked) return isMarked ? [{ kind: 'remove-file', path: NO_AUTOFS }] : [];
  return isMarked ? [] : [{ kind: 'write-file', path: NO_AUTOFS, content: '', mode: 0o644 }];
}
