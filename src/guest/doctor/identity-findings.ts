import { differences, judge } from '../../identity/evidence.ts';
import { INSTANCE_RECORD, observeInstance, readRecord } from '../../identity/record.ts';
import { stillShared } from '../../identity/shared.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { StepContext } from '../../plan/step.ts';
import { readSealRecord, SEAL_RECORD } from '../../seal/record.ts';
import type { Finding } from './finding.ts';

const SUBJECT = 'instance';

const IF_COPY = 'if it is a copy of another guest, make its machine ID and SSH host keys anew';

/** What of a guest is looked at. */
type Patient = Pick<StepContext, 'files' | 'facts' | 'settings'>;

/** A sealing that was cut off has taken some of what is this guest's, and left the rest for every clone. */
function aboutSealing({ files }: Patient): Finding[] {
  if (readSealRecord(files)?.state !== 'sealing') return [];
  const text = 'the sealing of this guest was begun and is not done: an image of it has what is one guest’s';
  const remedy = `run gandi-guest seal again; if it is to be no image, remove ${SEAL_RECORD}`;
  return [{ level: 'warning', subject: 'seal', text, remedy }];
}

function look({ files, facts }: Patient): Finding[] {
  const record = readRecord(files);
  if (record === undefined) return [];
  const { instance, pending, nearMiss, shared = {} } = record;
  const now = observeInstance(files, facts.interfaces, undefined);
  const { kind, rule } = judge(instance, now, 'silent');
  const found: Omit<Finding, 'level'>[] = [];
  if (kind !== 'same') {
    const text = `this disk may come from another guest: ${differences(instance, now)}; nothing was renewed`;
    const until = kind === 'undecided' ? rule : 'its source did not answer at boot';
    found.push({ subject: SUBJECT, text: `${text}: ${until}`, remedy: `have the source say so; ${IF_COPY}` });
  }
  if (nearMiss !== undefined) {
    const remedy = `${IF_COPY}; else nothing: this line goes away with ${INSTANCE_RECORD}`;
    found.push({ subject: SUBJECT, text: `close to being a clone: ${nearMiss}`, remedy });
  }
  if (pending !== undefined) {
    const text = `this disk comes from another guest, which still has the same ${pending.parts.join(', ')}`;
    found.push({
      subject: SUBJECT,
      text,
      remedy: 'see journalctl -u gandi-bootstrap; each boot tries again',
    });
  }
  for (const { path, what } of stillShared(files, shared)) {
    const text = `${what} is the one of the guest that this disk was copied from`;
    found.push({ subject: path, text, remedy: 'make it anew, unless both are to have it' });
  }
  return found.map((finding) => ({ level: 'warning', ...finding }));
}

/**
 * What is near to making this guest a clone of another, and what a clone still has of the other guest: what the admin must
 * judge.
 */
export function identityFindings(patient: Patient): Finding[] {
  if (!patient.facts.live || !patient.settings.switches.CONFIG_IDENTITY) return [];
  try {
    return [...aboutSealing(patient), ...look(patient)];
  } catch (error) {
    const text = `whether this disk is a copy cannot be told: ${reasonOf(error)}`;
    return [{ level: 'warning', subject: SUBJECT, text, remedy: 'run gandi-guest doctor as root' }];
  }
}
