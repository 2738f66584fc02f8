import type { Trait } from '../../identity/part.ts';
import { type NamedFiles, namedFiles } from '../../identity/parts/named-files.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { SealPart, SealView } from '../part.ts';
import { holdsAnything } from '../walk.ts';

const TEMPORARY = ['/tmp', '/var/tmp'];

/**
 * Tables of accounts as they were: what the programs of shadow leave (passwd(5), FILES), what packages and editors do, and what
 * Debian kept each day until its version 12 (/etc/cron.daily/passwd).
 */
const TABLES: NamedFiles = [
  [
    '/etc',
    /^(passwd|shadow|group|gshadow|subuid|subgid)(-|~|\.(bak|old|org|orig|save|rpmsave|rpmnew|dpkg-\w+))$/,
  ],
  ['/var/backups', /^(passwd|shadow|group|gshadow|subuid|subgid)\.bak/],
];

/** What an installer was told, with the hashes of passwords (anaconda, initial-setup). */
const INSTALLERS: NamedFiles = [['/root', /^(anaconda|original|initial-setup)-ks\.cfg$/]];

/** Mail, and jobs of at(1); its counter stays. */
const SPOOLS: NamedFiles = [
  ['/var/mail', /^[^.]/],
  ['/var/spool/mail', /^[^.]/],
  ['/var/spool/cron/atjobs', /^[^.]/],
  ['/var/spool/at', /^[^.]/],
];

/** By choice alone: they may be what the image is for. */
const CRONTABS: NamedFiles = [
  ['/var/spool/cron/crontabs', /^[^.]/],
  ['/var/spool/cron', /^(?!atjobs$|atspool$|crontabs$|lastrun$|tabs$)[^.]/],
  ['/var/spool/cron/tabs', /^[^.]/],
];

/** Those that have something in them; what is in memory is in no image. */
const lasting = (view: SealView): string[] => TEMPORARY.filter((path) => holdsAnything(view, path));

/** Where one of the directories is a link to the other, each file is told once. */
const filesOf = (files: FileView, named: NamedFiles) =>
  namedFiles(
    files,
    named.filter(([directory]) => files.status(directory)?.kind === 'directory'),
  ).filter((path) => files.status(path)?.kind === 'file');

function removed({ files, choices }: SealView): string[] {
  const crontabs = choices.userCrontabs ? filesOf(files, CRONTABS) : [];
  return [...[TABLES, INSTALLERS, SPOOLS].flatMap((named) => filesOf(files, named)), ...crontabs];
}

export const temporary: SealPart = {
  name: 'temporary',
  what: 'temporary files, mail and jobs',
  find: (view): Trait[] => [
    ...filesOf(view.files, TABLES).map(
      (path): Trait => ({ path, severity: 'warning', what: 'an earlier table of accounts' }),
    ),
    ...filesOf(view.files, INSTALLERS).map(
      (path): Trait => ({ path, severity: 'warning', what: 'what an installer was told' }),
    ),
    ...filesOf(view.files, SPOOLS).map((path): Trait => ({ path, severity: 'info', what: 'mail or a job' })),
    ...filesOf(view.files, CRONTABS).map(
      (path): Trait => ({ path, severity: 'info', what: 'a user’s crontab; --user-crontabs removes it' }),
    ),
    ...lasting(view).map((path): Trait => ({ path, severity: 'info', what: 'temporary files' })),
  ],
  seal: (view): Change[] => [
    ...removed(view).map((path): Change => ({ kind: 'remove-file', path })),
    ...lasting(view).map((path): Change => ({ kind: 'remove-tree', path, keepDirectory: true })),
  ],
};
