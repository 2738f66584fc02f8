import type { Severity, Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import {
  EARLIER_SWAP_FILE,
  HOST_DIRECTORY,
  OPERATOR_STAMP,
  SOURCE_FILE,
  STATE_DIRECTORY,
} from '../../machine/files/paths.ts';
import type { SealPart } from '../part.ts';
import { SEAL_RECORD } from '../record.ts';
import { namesIn } from '../walk.ts';

/**
 * What says that the image is sealed, which swap areas had other pages than the host's before the packages came, and which
 * operator script was run for which instance: one that seals would seal a clone's every boot without it.
 */
const STAYS = [SEAL_RECORD, EARLIER_SWAP_FILE, OPERATOR_STAMP];

const PLACES = [HOST_DIRECTORY, STATE_DIRECTORY];

const entriesOf = (files: FileView): string[] =>
  PLACES.flatMap((place) => namesIn(files, place).map((name) => `${place}/${name}`)).filter(
    (path) => !STAYS.includes(path),
  );

/** What holds password hashes, and scripts that may have secrets in them. */
const severityOf = (path: string): Severity =>
  path.startsWith(`${HOST_DIRECTORY}/`) || path === SOURCE_FILE ? 'error' : 'info';

/** What the host said of the golden guest, and what was done for it: without it the next boot is a first one. */
export const ourState: SealPart = {
  name: 'our-state',
  what: 'what the host said, and our records of it',
  tellsOwnersFor: ['passwords', 'authorized-keys'],
  find: ({ files }) =>
    entriesOf(files).map(
      (path): Trait => ({
        path,
        severity: severityOf(path),
        what: 'what the host said, or a record of ours',
      }),
    ),
  seal: ({ files }) =>
    entriesOf(files).map(
      (path): Change => ({
        kind: files.status(path)?.kind === 'directory' ? 'remove-tree' : 'remove-file',
        path,
      }),
    ),
};
