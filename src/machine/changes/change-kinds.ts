import { posix } from 'node:path';
import { ACCOUNT_FILES } from '../formats/text/account-file-names.ts';
import type { Change } from './change.ts';

/** A change of one kind. */
export type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** What is known of a kind of change beside how it is carried out, which apply.ts has. */
interface ChangeKind<C extends Change> {
  /** It needs the running system, and is skipped when an unpacked image is configured. */
  needsLiveSystem: boolean;
  /** In one line for people: what is done to which path or device; never a secret. */
  describe(change: C): string;
  /** Whether what it does is still there after a reboot. */
  isLasting(change: C): boolean;
  /** Whether it has to be made again at each boot in which nothing is new. */
  repeatsAtBoot(change: C): boolean;
  /** The paths that it makes and that may need a security label: a file may come with the directory that it is in. */
  makes(change: C): string[];
}

const shellWord = (word: string) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

const octal = (mode: number) => mode.toString(8).padStart(4, '0');

const always = () => true;
const never = () => false;
const nothing = (): string[] => [];
const withDirectory = ({ path }: { path: string }) => [posix.dirname(path), path];

/** Each kind with all of it: one that lacks a part does not compile. */
const KINDS: { readonly [K in Change['kind']]: ChangeKind<ChangeOf<K>> } = {
  'write-file': {
    needsLiveSystem: false,
    describe: ({ path, mode, appended }) =>
      appended ? `add lines to ${path}` : `write ${path} (${octal(mode)})`,
    isLasting: ({ thisBootOnly }) => thisBootOnly !== true,
    repeatsAtBoot: never,
    makes: withDirectory,
  },
  'copy-range': {
    needsLiveSystem: false,
    describe: ({ path, mode, device, length, offset }) =>
      `write ${path} (${octal(mode)}) from ${device}, ${length} bytes at ${offset}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: withDirectory,
  },
  'make-directory': {
    needsLiveSystem: false,
    describe: ({ path, mode }) => `make directory ${path} (${octal(mode)})`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: ({ path }) => [path],
  },
  'make-link': {
    needsLiveSystem: false,
    describe: ({ path, target }) => `link ${path} to ${target}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: withDirectory,
  },
  'remove-file': {
    needsLiveSystem: false,
    describe: ({ path }) => `remove ${path}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'empty-file': {
    needsLiveSystem: false,
    describe: ({ path }) => `empty ${path}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: ({ path }) => [path],
  },
  'remove-tree': {
    needsLiveSystem: false,
    describe: ({ path, keepDirectory }) =>
      keepDirectory ? `remove all that is in ${path}` : `remove ${path} and all that is in it`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'zero-free-space': {
    needsLiveSystem: false,
    describe: ({ path }) => `overwrite the free space of ${path} with zeros`,
    isLasting: never,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'wipe-swap': {
    needsLiveSystem: false,
    describe: ({ path }) => `overwrite the swap area ${path} with zeros behind its header`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'remove-empty-directory': {
    needsLiveSystem: false,
    describe: ({ path }) => `remove directory ${path} if it is empty`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'sync-directory': {
    needsLiveSystem: true,
    describe: ({ path }) => `have ${path} reach the disk`,
    isLasting: never,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'run-command': {
    needsLiveSystem: true,
    describe: ({ argv, why }) => `run ${argv.map(shellWord).join(' ')} (${why})`,
    isLasting: ({ checkOnly, thisBootOnly }) => checkOnly !== true && thisBootOnly !== true,
    // What only prepares or checks another change is planned anew by a step, together with that.
    repeatsAtBoot: ({ thisBootOnly }) => thisBootOnly === true,
    makes: nothing,
  },
  'run-supervised': {
    needsLiveSystem: true,
    describe: ({ what, timeoutSeconds, logFile }) =>
      `run ${what} for at most ${timeoutSeconds} s (output in ${logFile})`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'set-random-password': {
    needsLiveSystem: true,
    describe: ({ account }) => `set a random password for ${account}, and show it on the console`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'set-kernel-value': {
    needsLiveSystem: true,
    describe: ({ path, value }) => `set ${path} to ${JSON.stringify(value)}`,
    isLasting: never,
    repeatsAtBoot: always,
    makes: nothing,
  },
  'wait-for-address': {
    needsLiveSystem: true,
    describe: ({ interface: name, addresses }) => {
      const which = addresses === 'any IPv4' ? 'an IPv4 address' : addresses.join(' and ');
      return `wait until ${name} has ${which}`;
    },
    isLasting: never,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'make-swap': {
    needsLiveSystem: true,
    describe: ({ device, label, badPages }) =>
      `make ${device} a swap area labelled ${label}${badPages.map((page) => `, without page ${page}`).join('')}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'make-swap-file': {
    needsLiveSystem: true,
    describe: ({ path, size }) =>
      `make the swap file ${path}, ${size === 'auto' ? 'as large as memory and room have it' : `${Math.round(size / 1024 / 1024)} MiB`}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: ({ path }) => [path],
  },
  'erase-range': {
    needsLiveSystem: true,
    describe: ({ length, offset, device, why }) => `erase ${length} bytes at ${offset} of ${device} (${why})`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
  'edit-accounts': {
    // What is made of the host's passwords and users is made in the guest itself.
    needsLiveSystem: true,
    describe: ({ add, passwords = [] }) =>
      [
        ...(add === undefined ? [] : [`make the account ${add.name} with the number ${add.id}`]),
        ...(passwords.length === 0
          ? []
          : [`set the password of ${passwords.map(({ name }) => name).join(', ')}`]),
      ].join(', '),
    isLasting: always,
    repeatsAtBoot: never,
    makes: () => ACCOUNT_FILES.map((file) => `/etc/${file}`),
  },
  'unpack-modules': {
    needsLiveSystem: false,
    describe: ({ archive, release }) => `unpack ${archive} into /lib/modules/${release}`,
    isLasting: always,
    repeatsAtBoot: never,
    makes: nothing,
  },
};

/** The entry of a change's own kind takes that change: the two have one key. */
const kindOf = (change: Change) => KINDS[change.kind] as ChangeKind<Change>;

/** True if a change needs the running system, and is skipped when an unpacked image is configured. */
export const needsLiveSystem = (change: Change): boolean =>
  kindOf(change).needsLiveSystem || (change.kind === 'wipe-swap' && change.isDevice === true);

/** A change in one line for people: what is done to which path or device; never a secret. */
export const describeChange = (change: Change): string => kindOf(change).describe(change);

/** True if what a change does is still there after a reboot. A boot that makes no lasting change changed nothing. */
export const isLasting = (change: Change): boolean => kindOf(change).isLasting(change);

/** Whether a change has to be made again at each boot. */
export const repeatsAtBoot = (change: Change): boolean => kindOf(change).repeatsAtBoot(change);

/** The paths that a change makes and that may need a security label. */
export const pathsMadeBy = (change: Change): string[] => kindOf(change).makes(change);
