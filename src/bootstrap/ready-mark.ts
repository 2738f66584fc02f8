import { channelsFor } from '../host-report/places.ts';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { READY_BY_PROGRAM } from '../machine/files/paths.ts';
import type { Settings } from '../machine/settings/settings.ts';

/** Has the program tell the host that the guest is ready, where the host is told by more than the port. */
export function markReady(files: Pick<FileView, 'aside' | 'status'>, settings: Settings): Change[] {
  const isWanted = channelsFor(files.aside(), settings, 'ready').some((name) => name !== 'virtio');
  const isThere = files.aside().status(READY_BY_PROGRAM) !== undefined;
  if (isWanted === isThere) return [];
  return isThere
    ? [{ kind: 'remove-file', path: READY_BY_PROGRAM }]
    : [{ kind: 'write-file', path: READY_BY_PROGRAM, content: '', mode: 0o644, thisBootOnly: true }];
}

/**
 * Whether an unchanged boot leaves the mark again: only where the admin has named the ways, for it costs a start of the program
 * that such a boot does without otherwise.
 */
export const isMarkedAgain = (files: Pick<FileView, 'aside'>, { reportChannels }: Settings): boolean =>
  reportChannels !== 'auto' && files.aside().status(READY_BY_PROGRAM) !== undefined;
