import type { Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { SealPart, SealView } from '../part.ts';
import { amount, type Found, isThere, misnamed, namesIn, walk } from '../walk.ts';

const LOGS = '/var/log';
const JOURNAL = '/var/log/journal';

/** Whole directories of dumps and of installers' logs. */
const DUMPS = [
  '/var/log/installer',
  '/var/crash',
  '/var/spool/abrt',
  '/var/tmp/abrt',
  '/var/lib/systemd/coredump',
  '/var/lib/systemd/pstore',
];

/** Who logged in, in databases that are made anew where they are missing (wtmpdb(8), lastlog2(8)). */
const DATABASES = ['/var/lib/wtmpdb/wtmp.db', '/var/lib/lastlog/lastlog2.db'];

/** A log that was put aside, or packed: nobody writes to it any more (logrotate(8)). */
export const isRotated = (name: string): boolean =>
  /\.(\d+|old)(\.(gz|xz|bz2|zst|lz4|Z))?$|\.(gz|xz|bz2|zst|lz4|Z)$|-\d{8}(-\d+)?(\.\w+)?$/.test(name);

/** What is a distribution's own text, and tells nothing of the guest. */
const isText = (path: string) => path === `${LOGS}/README`;

const isBelow = (path: string, directory: string) => path.startsWith(`${directory}/`);

/** Those of /var/log but the journal's and the dumps'. */
const logsOf = (view: SealView): Found[] =>
  walk(view, LOGS).filter(
    ({ path, status }) =>
      status.kind === 'file' && !isText(path) && ![JOURNAL, ...DUMPS].some((each) => isBelow(path, each)),
  );

/** Live ones that are empty are as they should be. */
const toSeal = (view: SealView): Found[] =>
  logsOf(view).filter(({ path, status }) => isRotated(path) || status.size > 0);

function find(view: SealView): Trait[] {
  const { files } = view;
  const logs = toSeal(view);
  const told = (path: string, found: readonly Found[], what: string): Trait[] =>
    found.length === 0 ? [] : [{ path, severity: 'warning', what: `${what}: ${amount(found)}` }];
  return [
    ...told(LOGS, logs, 'logs'),
    ...told(JOURNAL, walk(view, JOURNAL), 'the journal'),
    ...DUMPS.flatMap((path) => told(path, walk(view, path), 'dumps and logs of the system')),
    ...DATABASES.filter((path) => isThere(files, path)).map(
      (path): Trait => ({ path, severity: 'warning', what: 'who logged in' }),
    ),
    ...misnamed(view, LOGS).map(
      (path): Trait => ({ path, severity: 'error', what: 'its name is no UTF-8: remove it, for it stays' }),
    ),
  ];
}

const RELINQUISH_SECONDS = 30;

/** A journal that is cut off counts as broken: journald lets go of it, and it is removed as a whole. */
function journal(files: FileView): Change[] {
  const names = namesIn(files, JOURNAL);
  if (names.length === 0) return [];
  return [
    {
      kind: 'run-command',
      argv: ['journalctl', '--relinquish-var'],
      timeoutSeconds: RELINQUISH_SECONDS,
      optional: true,
      why: 'have journald write to /run alone',
    },
    { kind: 'remove-tree', path: JOURNAL, keepDirectory: true },
  ];
}

function seal(view: SealView): Change[] {
  const { files } = view;
  const logs = toSeal(view).map(
    ({ path }): Change => ({ kind: isRotated(path) ? 'remove-file' : 'empty-file', path }),
  );
  return [
    ...journal(files),
    ...DUMPS.filter((path) => walk(view, path).length > 0).map(
      (path): Change => ({ kind: 'remove-tree', path, keepDirectory: true }),
    ),
    ...DATABASES.filter((path) => isThere(files, path)).map(
      (path): Change => ({ kind: 'remove-file', path }),
    ),
    ...logs,
  ];
}

/** Directories stay, and live logs with their owners, for services do not start without them. */
export const logs: SealPart = { name: 'logs', what: 'logs, journals and dumps', find, seal };
