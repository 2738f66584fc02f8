import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import { differences, type Instance, judge, type Verdict } from './evidence.ts';
import type { CloneView, IdentityView } from './part.ts';
import { IDENTITY_PARTS } from './parts.ts';
import {
  hearingOf,
  type InstanceRecord,
  observeInstance,
  readRecord,
  recordChanges,
  updated,
} from './record.ts';
import { digestsOf, leftToAdmin } from './shared.ts';

/** Enough of a digest to tell guests apart. */
const DIGEST_CHARACTERS = 8;

/** Of what stays the same while a clone is made another guest: its machine ID does not. */
const digitsOf = ({ productUuid, macs, instanceId }: Instance) =>
  digestOf([productUuid, macs, instanceId]).slice(0, DIGEST_CHARACTERS);

const isOfIdentity = (name: string) => IDENTITY_PARTS.some((part) => part.name === name.split(' ')[0]);

function cloneNote(recorded: Instance, now: Instance, { rule }: Verdict): Note {
  const renewed = IDENTITY_PARTS.filter(({ renew }) => renew !== undefined).map(({ what }) => what);
  const text =
    `this disk comes from another guest: ${differences(recorded, now)} (${rule}); ` +
    `made anew: ${renewed.join(', ')}`;
  return { level: 'warning', text };
}

/** What both guests still have, and why. */
function sharedNotes(view: IdentityView & { clone: CloneView }): Note[] {
  const kept = IDENTITY_PARTS.flatMap((part) => part.kept?.(view) ?? []);
  const left = leftToAdmin(view).map(({ what, path }) => `${what} (${path})`);
  return [...kept, ...left].length === 0
    ? []
    : [
        {
          level: 'warning',
          text: `both guests still have ${[...kept, ...left].join(', ')}: make them anew unless both are to have them`,
        },
      ];
}

/** What stays in the record of a guest that is no new clone. */
const keptOf = ({ nearMiss, shared }: InstanceRecord) => ({
  ...(nearMiss === undefined ? {} : { nearMiss }),
  ...(shared === undefined ? {} : { shared }),
});

/** Renews what a clone must not share, each part by itself, and records the guest once that is done. */
function renewalPlan(
  { files, facts, host, failed }: StepContext,
  record: InstanceRecord,
  now: Instance,
  verdict: Verdict,
): Plan {
  const isClone = verdict.kind === 'clone';
  const { hostName } = host.parsed.config;
  const clone: CloneView = {
    before: record.instance,
    now,
    guest: record.pending === undefined || isClone ? digitsOf(now) : record.pending.guest,
    ...(hostName === undefined ? {} : { hostName }),
    kernelCommandLine: facts.kernelCommandLine,
    isHeard: hearingOf(host) === 'heard',
  };
  const view = { files, clone };
  const notes = isClone ? [cloneNote(record.instance, now, verdict)] : [];
  const isDue = (name: string) =>
    !failed.includes(name) && (isClone || record.pending?.parts.includes(name) === true);
  const separate = IDENTITY_PARTS.flatMap((part) => part.renew?.(view) ?? []).filter(({ name }) =>
    isDue(name),
  );
  if (separate.length > 0)
    return { changes: [], notes, separate, next: 'record that this disk is this guest’s' };
  const parts = failed.filter(isOfIdentity);
  const tidy = IDENTITY_PARTS.flatMap((part) => part.tidy?.({ files }) ?? []);
  const renewed: Omit<InstanceRecord, 'isOld'> = {
    instance: updated(record.instance, now),
    ...(parts.length === 0 ? {} : { pending: { guest: clone.guest, parts } }),
    ...(isClone ? { shared: digestsOf(files, leftToAdmin(view)) } : keptOf(record)),
  };
  // Last: a run that was cut off is done again.
  const changes = [...tidy, ...recordChanges(files, renewed)];
  return { changes, notes: [...notes, ...(isClone ? sharedNotes(view) : [])] };
}

/** The guest that was recorded, with what has changed of it since. */
function updatePlan(
  { files }: StepContext,
  record: InstanceRecord,
  now: Instance,
  { rule, isNear }: Verdict,
): Plan {
  const changed = differences(record.instance, now);
  const said = `${changed}; taken for the guest that it was: ${rule}`;
  const notes: Note[] = changed === '' ? [] : [{ level: 'info', text: said }];
  const kept = keptOf(isNear && changed !== '' ? { ...record, nearMiss: said } : record);
  return { changes: recordChanges(files, { instance: updated(record.instance, now), ...kept }), notes };
}

function plan(context: StepContext): Plan {
  const { files, facts, host } = context;
  if (!facts.live) return { changes: [] };
  const now = observeInstance(files, facts.interfaces, host);
  const record = readRecord(files);
  if (record === undefined) return { changes: recordChanges(files, { instance: now }) };
  const verdict = judge(record.instance, now, hearingOf(host));
  if (verdict.kind === 'undecided') {
    const text = `this disk may come from another guest: ${differences(record.instance, now)}; nothing is renewed: ${verdict.rule}`;
    return { changes: [], notes: [{ level: 'info', text }] };
  }
  if (verdict.kind === 'same')
    return record.pending === undefined
      ? updatePlan(context, record, now, verdict)
      : renewalPlan(context, record, now, verdict);
  if (record.isOld) {
    // Whether the machine ID is the other guest’s is told by what is recorded of it: it is renewed once.
    const { machineId } = now;
    const instance = { ...record.instance, ...(machineId === undefined ? {} : { machineId }) };
    const next = 'renew what this disk has of another guest';
    return { changes: recordChanges(files, { instance }), next };
  }
  return renewalPlan(context, record, now, verdict);
}

/** What a clone must not share with the guest that it was made from. */
export const instance: Step = {
  name: 'instance',
  setting: 'CONFIG_IDENTITY',
  summary: 'what a clone must not share: machine ID, SSH host keys, random seed, leases and network files',
  plan,
};
