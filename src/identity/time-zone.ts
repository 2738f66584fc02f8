import { posix } from 'node:path';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import { statusOfTarget } from '../plan/executable.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

const LOCALTIME = '/etc/localtime';
const ZONES = '/usr/share/zoneinfo';
const DEBIAN_NAME = '/etc/timezone';

/** What a zone's file begins with (RFC 8536, 3.1). */
const ZONE_FILE_MAGIC = 'TZif';

/**
 * Whether a zone has a file: a directory of zones, such as `Europe`, and lists of them, such as `leapseconds`, are none; nor
 * is Debian's `localtime`, which leads back to where the link to the zone is.
 */
export function isZone(files: FileView, zone: string): boolean {
  const path = `${ZONES}/${zone}`;
  const target = files.linkTarget(path);
  if (target !== undefined && posix.resolve(posix.dirname(path), target) === LOCALTIME) return false;
  return (
    statusOfTarget(files, path)?.kind === 'file' && files.readText(path)?.startsWith(ZONE_FILE_MAGIC) === true
  );
}

/** The zone that is set, empty if none is, as where a link leads nowhere; `other` for a file that is no link and has no name beside it. */
export function currentZone(files: FileView): string {
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

/** Changes that make a zone the guest's. */
export function zoneChanges({ files, facts }: StepContext, zone: string): Change[] {
  const changes: Change[] = [];
  const target = `..${ZONES}/${zone}`;
  if (files.linkTarget(LOCALTIME) !== target) changes.push({ kind: 'make-link', path: LOCALTIME, target });
  const debian = facts.os.id === 'debian' || facts.os.like.includes('debian');
  if (files.status(DEBIAN_NAME) !== undefined || debian) {
    changes.push(...ensureFile(files, { path: DEBIAN_NAME, content: `${zone}\n`, mode: 0o644 }));
  }
  return changes;
}

/** What is said of a zone that has no file. */
export const aboutMissingZone = (zone: string): string =>
  `there is no time zone ${zone} in ${ZONES}: correct its name, or install the package tzdata`;

/** Plans the zone that the source asks for, where the settings name none. What an admin sets later stays. */
export function planTimeZone(context: StepContext): Plan {
  const { files, settings, host, applied } = context;
  const { timeZone } = host.parsed.config;
  if (timeZone === undefined || settings.timeZone !== undefined) return { changes: [] };
  const digest = digestOf(timeZone);
  if (applied['time-zone'] === digest) return { changes: [], digest };
  if (!isZone(files, timeZone))
    return { changes: [], notes: [{ level: 'problem', text: aboutMissingZone(timeZone) }] };
  // A link that says the same in other words stays; a run that was cut off behind it has left the name beside it.
  const isLinked = currentZone(files) === timeZone;
  const changes = zoneChanges(context, timeZone).filter(({ kind }) => !isLinked || kind !== 'make-link');
  return { changes, digest };
}
