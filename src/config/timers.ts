import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { UNIT_DIRECTORIES } from '../machine/system/units.ts';
import { ownHeader } from './own-file.ts';

/** Periodic work of distributions that all guests would do at the same minute. */
const TIMERS = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dnf-automatic.timer',
  'dnf-makecache.timer',
  'dpkg-db-backup.timer',
  'fstrim.timer',
  'logrotate.timer',
  'man-db.timer',
];

const ADMIN_DIRECTORY = '/etc/systemd/system';
const DROP_IN = '50-gandi.conf';

/** Up to six hours behind the distribution's time, which is midnight for most. */
const DELAY = '6h';

function dropIns(files: FileView, timer: string): string[] {
  const directories = UNIT_DIRECTORIES.map((directory) => `${directory}/${timer}.d`);
  return directories.flatMap((directory) => files.list(directory).map((name) => `${directory}/${name}`));
}

/** Whether a timer starts at fixed times: systemd.timer(5). */
export function isFixed(text: string): boolean {
  const delays = [...text.matchAll(/^\s*RandomizedDelaySec\s*=\s*(.*?)\s*$/gm)].map(([, value]) => value);
  const delayed = delays.some((value) => value !== undefined && !/^0*(s|sec|min|h)?$/.test(value));
  return /^\s*OnCalendar\s*=\s*\S/m.test(text) && !delayed;
}

/**
 * Drop-ins for the timers that start at fixed times. systemd derives a fixed random delay from the machine ID; it
 * counts from the next boot on, for reloading all units would cost more than it is worth.
 */
export function planTimers(files: FileView, settings: Settings): Change[] {
  const content = `${ownHeader(settings, 'CONFIG_CRON')}# Guests must not all do this at once.\n[Timer]\nRandomizedDelaySec=${DELAY}\nFixedRandomDelay=true\n`;
  return TIMERS.flatMap((timer): Change[] => {
    const directory = `${ADMIN_DIRECTORY}/${timer}.d`;
    const path = `${directory}/${DROP_IN}`;
    if (files.status(path) !== undefined || files.status(`${ADMIN_DIRECTORY}/${timer}`) !== undefined)
      return [];
    const unit = UNIT_DIRECTORIES.map((place) => `${place}/${timer}`).find(
      (place) => files.status(place) !== undefined,
    );
    if (unit === undefined) return [];
    const text = [unit, ...dropIns(files, timer)].map((file) => files.readText(file) ?? '').join('\n');
    if (!isFixed(text)) return [];
    return [
      ...(files.status(directory) === undefined
        ? [{ kind: 'make-directory', path: directory, mode: 0o755 } as const]
        : []),
      { kind: 'write-file', path, content, mode: 0o644 },
    ];
  });
}
