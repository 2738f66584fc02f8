import { restoreAnacrontab, restoreCrontab, restorePhp } from '../../identity/cron-tables.ts';
import type { Trait } from '../../identity/part.ts';
import { type NamedFiles, namedFiles } from '../../identity/parts/named-files.ts';
import { guestIdentity } from '../../identity/stagger.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { isBackupName } from '../../plan/executable.ts';
import type { SealPart } from '../part.ts';

/** When each timer last fired: an old one has it fire at once in every clone (systemd.timer(5), Persistent). */
const STAMPS: NamedFiles = [['/var/lib/systemd/timers', /^stamp-/]];

const CRON_DIRECTORY = '/etc/cron.d';

/** Tables as the distribution has them, where they have the times of this guest. */
function restored(files: FileView): { path: string; content: string }[] {
  const identity = guestIdentity(files);
  if (identity === undefined) return [];
  const php = files.list(CRON_DIRECTORY).filter((name) => name.startsWith('php') && !isBackupName(name));
  const tables: [path: string, restore: (text: string) => string][] = [
    ['/etc/crontab', (text) => restoreCrontab(text, identity, '17')],
    [`${CRON_DIRECTORY}/0hourly`, (text) => restoreCrontab(text, identity, '01')],
    ['/etc/anacrontab', (text) => restoreAnacrontab(text, identity)],
    ...php.map((name): [string, (text: string) => string] => [
      `${CRON_DIRECTORY}/${name}`,
      (text) => restorePhp(text, identity),
    ]),
  ];
  return tables.flatMap(([path, restore]) => {
    const text = files.readText(path);
    const content = text === undefined ? undefined : restore(text);
    return content === undefined || content === text ? [] : [{ path, content }];
  });
}

/** Before the machine ID: by that the times were spread. */
export const timers: SealPart = {
  name: 'timers',
  what: 'stamps of timers, and spread times of cron',
  needsMachineId: true,
  find: ({ files }) => [
    ...namedFiles(files, STAMPS).map(
      (path): Trait => ({ path, severity: 'warning', what: 'when a timer last fired' }),
    ),
    ...restored(files).map(
      ({ path }): Trait => ({ path, severity: 'warning', what: 'times of jobs that are this guest’s' }),
    ),
  ],
  seal: ({ files }) => [
    ...restored(files).flatMap((file) => ensureFile(files, { ...file, mode: 0o644 })),
    ...namedFiles(files, STAMPS).map((path): Change => ({ kind: 'remove-file', path })),
  ],
};
