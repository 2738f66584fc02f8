import { stagger } from './stagger.ts';

/** Nights without two o'clock, which a change to or from summer time skips or repeats in most zones. */
const NIGHT_HOURS = [0, 1, 3, 4, 5, 6];
const MINUTES = 60;

/** Delays in minutes behind anacron's own. */
const ANACRON_RANGE = 45;

/** `minute hour` of a job at night. */
function nightTime(identity: string, job: string): { minute: number; hour: number } {
  const slot = stagger(identity, job, NIGHT_HOURS.length * MINUTES);
  return { minute: slot % MINUTES, hour: NIGHT_HOURS[Math.floor(slot / MINUTES)] ?? 0 };
}

/** What may stand between the times and a run-parts directory in a system table: crontab(5). */
const SYSTEM_JOB = '\\s+root\\s.*/etc/cron\\.';

/** Debian's and Ubuntu's jobs at six o'clock: each with its minute and its days. */
const NIGHT_JOBS = [
  ['daily', '25', '\\*\\s+\\*\\s+\\*'],
  ['weekly', '47', '\\*\\s+\\*\\s+7'],
  ['monthly', '52', '1\\s+\\*\\s+\\*'],
] as const;

/**
 * The distribution's jobs with times of the guest's own: the hourly, daily, weekly and monthly jobs of /etc/crontab
 * (Debian and Ubuntu) and of /etc/cron.d/0hourly (cronie: Fedora, RHEL, Arch). A line with other times is the admin's.
 */
export function staggerCrontab(text: string, identity: string): string {
  const hourly = stagger(identity, 'hourly', MINUTES);
  let staggered = text.replace(
    new RegExp(`^(17|01)(\\s+\\*\\s+\\*\\s+\\*\\s+\\*${SYSTEM_JOB}hourly\\b)`, 'gm'),
    (_, _minute, rest: string) => `${hourly}${rest}`,
  );
  for (const [job, minute, days] of NIGHT_JOBS) {
    const time = nightTime(identity, job);
    staggered = staggered.replace(
      new RegExp(`^${minute}(\\s+)6(\\s+${days}${SYSTEM_JOB}${job}\\b)`, 'gm'),
      (_, between: string, rest: string) => `${time.minute}${between}${time.hour}${rest}`,
    );
  }
  return staggered;
}

/** PHP's clean-up of sessions, twice an hour at minutes 9 and 39 as Debian has it. */
export function staggerPhp(text: string, identity: string): string {
  const minute = stagger(identity, 'php', MINUTES / 2);
  return text.replace(
    /^09,39(\s+\*\s+\*\s+\*\s+\*\s+root\s)/gm,
    (_, rest: string) => `${minute},${minute + MINUTES / 2}${rest}`,
  );
}

/** Debian's and Ubuntu's jobs: each period with its delay. */
const ANACRON_JOBS = [
  ['daily', '1', 5],
  ['weekly', '7', 10],
  ['monthly', '@monthly', 15],
] as const;

/**
 * anacrontab(5) with delays of the guest's own, where they are the distribution's and anacron adds no random delay by
 * itself. Each becomes longer, and so is not taken for the distribution's again.
 */
export function staggerAnacrontab(text: string, identity: string): string {
  if (/^\s*RANDOM_DELAY\s*=\s*0*[1-9]/m.test(text)) return text;
  let staggered = text;
  for (const [name, period, delay] of ANACRON_JOBS) {
    const job = `cron.${name}`;
    const ours = delay + 1 + stagger(identity, job, ANACRON_RANGE);
    staggered = staggered.replace(
      new RegExp(`^(${period}\\s+)${delay}(\\s+cron\\.${name})\\b`, 'gm'),
      (_, before: string, rest: string) => `${before}${ours}${rest}`,
    );
  }
  return staggered;
}

/** The minute of the hourly jobs: of /etc/crontab (Debian and Ubuntu), and of /etc/cron.d/0hourly (cronie). */
type HourlyMinute = '17' | '01';

/** Puts back the times of the distribution where those of this guest stand: what `staggerCrontab` did to a table. */
export function restoreCrontab(text: string, identity: string, hourlyMinute: HourlyMinute): string {
  const hourly = stagger(identity, 'hourly', MINUTES);
  let restored = text.replace(
    new RegExp(`^${hourly}(\\s+\\*\\s+\\*\\s+\\*\\s+\\*${SYSTEM_JOB}hourly\\b)`, 'gm'),
    (_, rest: string) => `${hourlyMinute}${rest}`,
  );
  for (const [job, minute, days] of NIGHT_JOBS) {
    const time = nightTime(identity, job);
    restored = restored.replace(
      new RegExp(`^${time.minute}(\\s+)${time.hour}(\\s+${days}${SYSTEM_JOB}${job}\\b)`, 'gm'),
      (_, between: string, rest: string) => `${minute}${between}6${rest}`,
    );
  }
  return restored;
}

/** What `staggerPhp` did, undone. */
export function restorePhp(text: string, identity: string): string {
  const minute = stagger(identity, 'php', MINUTES / 2);
  return text.replace(
    new RegExp(`^${minute},${minute + MINUTES / 2}(\\s+\\*\\s+\\*\\s+\\*\\s+\\*\\s+root\\s)`, 'gm'),
    (_, rest: string) => `09,39${rest}`,
  );
}

/** What `staggerAnacrontab` did, undone. */
export function restoreAnacrontab(text: string, identity: string): string {
  let restored = text;
  for (const [name, period, delay] of ANACRON_JOBS) {
    const job = `cron.${name}`;
    const ours = delay + 1 + stagger(identity, job, ANACRON_RANGE);
    restored = restored.replace(
      new RegExp(`^(${period}\\s+)${ours}(\\s+cron\\.${name})\\b`, 'gm'),
      (_, before: string, rest: string) => `${before}${delay}${rest}`,
    );
  }
  return restored;
}
