import { parseJsonObject } from '../machine/changes/json-file.ts';
import type { FileView } from '../machine/files/files.ts';
import { BOOTSTRAP_REPORT, STATE_DIRECTORY } from '../machine/files/paths.ts';
import { textsOf } from '../machine/formats/shape.ts';

/** What a sealing left: it goes with the image. */
export const SEAL_RECORD = `${STATE_DIRECTORY}/seal.json`;

const LAYOUT = 1;

export interface SealRecord {
  /** `sealing` until all of it is done: a run that was cut off is to be done again. */
  state: 'sealing' | 'sealed';
  /** ISO 8601, by the guest's clock. */
  at: string;
  version: string;
  /** Parts that were sealed, by name. */
  sealed: readonly string[];
  /** Parts that were left as they are, by name. */
  kept: readonly string[];
  /** Swap areas of the admin's that were wiped. */
  wiped: readonly string[];
  /** Whose passwords and keys go, as long as that is not done: what says so goes, too. */
  users: readonly string[];
}

/** @returns undefined where nothing was sealed, or the file is damaged */
export function readSealRecord(files: Pick<FileView, 'readText'>): SealRecord | undefined {
  const { layout, state, at, version, sealed, kept, wiped, users } =
    parseJsonObject(files.readText(SEAL_RECORD)) ?? {};
  if (layout !== LAYOUT || (state !== 'sealing' && state !== 'sealed')) return undefined;
  return {
    state,
    at: typeof at === 'string' ? at : '',
    version: typeof version === 'string' ? version : '',
    sealed: textsOf(sealed),
    kept: textsOf(kept),
    wiped: textsOf(wiped),
    users: textsOf(users),
  };
}

export const sealRecordText = (record: SealRecord): string =>
  `${JSON.stringify({ layout: LAYOUT, ...record }, null, 1)}\n`;

/** Whether this is a sealed image that no guest was made of yet: no boot has left a report. */
export const isSealedImage = (files: FileView): boolean =>
  readSealRecord(files)?.state === 'sealed' && files.status(BOOTSTRAP_REPORT) === undefined;
