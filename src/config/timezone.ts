import { posix } from 'node:path';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import { statusOfTarget } from '../plan/executable.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

const LOCALTIME = '/etc/localtime';
const ZONES = '/usr/share/zoneinfo';
const DEBIAN_NAME = '/etc/timezone';

/** Zones that distributions start with: an admin who wants one of them has nothing to lose by being asked again. */
const UNSET = [
  '',
  ...['UTC', 'UCT', 'Universal', 'Zulu', 'GMT', 'GMT0', 'GMT+0', 'GMT-0', 'Greenwich'].flatMap((name) => [
    name,
    `Etc/${name}`,
  ]),
];

/** What a zone's file begins with (RFC 8536, 3.1). */
const ZONE_FILE_MAGIC = 'TZif';

/** The zone that a Gandi host asks for by `gandi=` on the kernel command line; undefined if it asks for none. */
export function zoneOfCommandLine(commandLine: string): string | undefined {
  const value = commandLine
    .split(/\s+/)
    .findLast((word) => word.startsWith('gandi='))
    ?.slice('gandi='.length);
  if (value === undefined) return undefined;
  return /^cet(-|$)/.test(value) ? 'Europe/Paris' : 'Etc/UTC';
}

/**
 * Whether a zone has a file: a directory of zones, such as `Europe`, and lists of them, such as `leapseconds`, are none; nor
 * is Debian's `localtime`, which leads back to where the link to the zone is.
 */
function isZone(files: FileView, zone: string): boolean {
  const path = `${ZONES}/${zone}`;
  const target = files.linkTarget(path);
  if (target !== undefined && posix.resolve(posix.dirname(path), target) === LOCALTIME) return false;
  return (
    statusOfTarget(files, path)?.kind === 'file' && files.readText(path)?.startsWith(ZONE_FILE_MAGIC) === true
  );
}

/** The zone that is set, empty if none is, as where a link leads nowhere; `other` for a file that is no link and has no name beside it. */
function currentZone(files: FileView): string {
  const target = files.linkTarget(LOCALTIME);
  if (target !== undefined) {
    if (statusOfTarget(files, LOCALTIME)?.kind !== 'file') return '';
    const path = posix.resolve('/etc', target);
    // Such as "posix/Europe/Paris": the same zones once more.
    return path.startsWith(`${ZONES}/`) ? path.slice(ZONES.length + 1).replace(/^posix\//, '') : 'other';
  }
  if (files.status(LOCALTIME) === undefined) return '';
  return files.readText(DEBIAN_NAME)?.trim() || 'other';
}

function zoneChanges({ files, facts }: StepContext, zone: string): Change[] {
  const changes: Change[] = [];
  const target = `..${ZONES}/${zone}`;
  if (files.linkTarget(LOCALTIME) !== target) changes.push({ kind: 'make-link', path: LOCALTIME, target });
  const debian = facts.os.id === 'debian' || facts.os.like.includes('debian');
  if (files.status(DEBIAN_NAME) !== undefined || debian) {
    changes.push(...ensureFile(files, { path: DEBIAN_NAME, content: `${zone}\n`, mode: 0o644 }));
  }
  return changes;
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
    const text = `there is no time zone ${zone} in ${ZONES}: correct its name, or install the package tzdata`;
    return { changes: [], notes: [{ level: settings.timeZone === undefined ? 'warning' : 'problem', text }] };
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
