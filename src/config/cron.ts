import { staggerAnacrontab, staggerCrontab, staggerPhp } from '../identity/cron-tables.ts';
import { guestIdentity } from '../identity/stagger.ts';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import { isBackupName } from '../plan/executable.ts';
import type { Plan, Step } from '../plan/step.ts';
import { planTimers } from './timers.ts';

const CRON_DIRECTORY = '/etc/cron.d';

type Stagger = (text: string, identity: string) => string;

function tables(files: FileView): [path: string, stagger: Stagger][] {
  const names = files.list(CRON_DIRECTORY).filter((name) => !isBackupName(name));
  return [
    ['/etc/crontab', staggerCrontab],
    ['/etc/anacrontab', staggerAnacrontab],
    ...names.flatMap((name): [string, Stagger][] => {
      if (name === '0hourly') return [[`${CRON_DIRECTORY}/${name}`, staggerCrontab]];
      return name.startsWith('php') ? [[`${CRON_DIRECTORY}/${name}`, staggerPhp]] : [];
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
    const changes: Change[] = tables(files).flatMap(([path, stagger]) => {
      const text = files.readText(path);
      return text === undefined
        ? []
        : ensureFile(files, { path, content: stagger(text, identity), mode: 0o644 });
    });
    return { changes: [...changes, ...planTimers(files, settings)] };
  },
};
