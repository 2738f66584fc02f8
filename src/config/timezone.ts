import { aboutMissingZone, currentZone, isZone, zoneChanges } from '../identity/time-zone.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

/** Zones that distributions start with: an admin who wants one of them has nothing to lose by being asked again. */
const UNSET = [
  '',
  ...['UTC', 'UCT', 'Universal', 'Zulu', 'GMT', 'GMT0', 'GMT+0', 'GMT-0', 'Greenwich'].flatMap((name) => [
    name,
    `Etc/${name}`,
  ]),
];

/** The zone that a Gandi host asks for by `gandi=` on the kernel command line; undefined if it asks for none. */
export function zoneOfCommandLine(commandLine: string): string | undefined {
  const value = commandLine
    .split(/\s+/)
    .findLast((word) => word.startsWith('gandi='))
    ?.slice('gandi='.length);
  if (value === undefined) return undefined;
  return /^cet(-|$)/.test(value) ? 'Europe/Paris' : 'Etc/UTC';
}

function plan(context: StepContext): Plan {
  const { files, facts, settings, applied } = context;
  const zone = settings.timeZone ?? zoneOfCommandLine(facts.kernelCommandLine);
  if (zone === undefined) return { changes: [] };
  const digest = digestOf(zone);
  // What an admin sets later stays, until another zone is asked for.
  if (applied[timezone.name] === digest) return { changes: [], digest };
  const current = currentZone(files);
  const before = applied[timezone.name];
  if (!UNSET.includes(current) && digestOf(current) !== before && current !== zone) {
    const text = `the time zone stays ${current === 'other' ? 'as it is' : current}: it was set by the admin`;
    return { changes: [], notes: [{ level: 'info', text }] };
  }
  if (!isZone(files, zone)) {
    const level = settings.timeZone === undefined ? 'warning' : 'problem';
    return { changes: [], notes: [{ level, text: aboutMissingZone(zone) }] };
  }
  return { changes: zoneChanges(context, zone), digest };
}

/** The time zone that the settings name or the host asks for, unless the admin has set one. */
export const timezone: Step = {
  name: '07-config_timezone',
  setting: 'CONFIG_TIMEZONE',
  summary: 'time zone of the settings or of the kernel command line',
  plan,
};
