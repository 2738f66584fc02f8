import { guestIdentity } from '../identity/stagger.ts';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import { isBackupName } from '../plan/executable.ts';
import type { Plan, Step } from '../plan/step.ts';
import { spreadAnacrontab, spreadCrontab, spreadPhp } from './cron-tables.ts';
import { planTimers } from './timers.ts';

const CRON_DIRECTORY = '/etc/cron.d';

type Spread = (text: string, identity: string) => string;

function tables(files: FileView): [path: string, spread: Spread][] {
  const names = files.list(CRON_DIRECTORY).filter((name) => !isBackupName(name));
  return [
    ['/etc/crontab', spreadCrontab],
    ['/etc/anacrontab', spreadAnacrontab],
    ...names.flatMap((name): [string, Spread][] => {
      if (name === '0hourly') return [[`${CRON_DIRECTORY}/${name}`, spreadCrontab]];
      return name.startsWith('php') ? [[`${CRON_DIRECTORY}/${name}`, spreadPhp]] : [];
    }),
  ];
}

/** Times of periodic jobs that differ from guest to guest, where the distribution's own stand. */
export const cron: Step = {
  name: '03-vm-fix-cron',
  setting: 'CONFIG_CRON',
  summary: 'times of periodic jobs, spread over guests',
  plan({ files, settings }): Plan {
    const identity = guestIdentity(files);
    if (identity === undefined) return { changes: planTimers(files, settings) };
    const changes: Change[] = tables(files).flatMap(([path, spread]) => {
      const text = files.readText(path);
      return text === undefined
        ? []
        : ensureFile(files, { path, content: spread(text, identity), mode: 0o644 });
    });
    return { changes: [...changes, ...planTimers(files, settings)] };
  },
};
