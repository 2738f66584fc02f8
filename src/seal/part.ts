import type { Trait } from '../identity/part.ts';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { SealAccount } from './accounts.ts';

/** What the admin chose of what is sealed. */
export interface SealChoices {
  /** Names of parts that are left as they are. */
  keep: readonly string[];
  /** Passwords, keys and secrets of all users go, not only those of root and of the users that the host asked for. */
  allUsers: boolean;
  /** The next boot is a first one to systemd. */
  firstBoot: boolean;
  /** Registrations with a vendor go. */
  registrations: boolean;
  /** Crontabs of users go. */
  userCrontabs: boolean;
  /** Free space and swap areas are overwritten with zeros. */
  zero: boolean;
  /** File systems get other UUIDs where nothing names the old ones. */
  fsUuids: boolean;
}

/** What a part looks at. */
export interface SealView {
  files: FileView;
  /** The running system; false for an unpacked image. */
  live: boolean;
  choices: SealChoices;
  /** As they were when the run began. */
  accounts: readonly SealAccount[];
  /** Swap areas that the last sealing wiped, and nobody has used since. */
  wiped: readonly string[];
  /** Where file systems are mounted that are no part of an image: data disks, other machines' files, memory. Paths. */
  foreignMounts: readonly string[];
}

/** One thing that an image must not have: what a file of src/seal/parts knows. */
export interface SealPart {
  /** In lower case, with hyphens: for `--keep`. */
  name: string;
  /** For people: `SSH host keys`. */
  what: string;
  /** What there is of it. Empty once it is sealed, but for what only the admin can judge. */
  find(view: SealView): Trait[];
  /** By the machine ID it tells what is this guest's: that stays until the part is sealed. */
  needsMachineId?: true;
  /** It takes away what says whose they are: it stays where these parts have failed, and no record has it. */
  tellsOwnersFor?: readonly string[];
  /** What seals it; empty once that is done, so that it can be asked again after a cut. */
  seal(view: SealView): Change[];
}

/** A part whose files are removed, and come again by themselves or are not missed. */
export const removedFiles = (about: Omit<SealPart, 'seal'>): SealPart => ({
  ...about,
  seal: (view) => about.find(view).map(({ path }): Change => ({ kind: 'remove-file', path })),
});
