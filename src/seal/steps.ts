import type { Change } from '../machine/changes/change.ts';
import { STATE_DIRECTORY } from '../machine/files/paths.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { VERSION } from '../terminal/version.ts';
import { planFreeSpace, planUuids } from './file-systems.ts';
import { type OwnProgram, ownPrograms, planProgram, replacedParts } from './own-programs.ts';
import type { SealPart, SealView } from './part.ts';
import { wipedAreas } from './parts/swap.ts';
import { SEAL_PARTS } from './parts.ts';
import { readSealRecord, SEAL_RECORD, type SealRecord, sealRecordText } from './record.ts';

/** Says that the labels of all files are to be made anew at the next boot (selinux-autorelabel(8)). */
const RELABEL = '/.autorelabel';

/** Whether our parts have anything to do, or a sealing was begun and not ended. */
export function hasWork(view: SealView): boolean {
  if (readSealRecord(view.files)?.state !== 'sealed') return true;
  return partsOf(view).some((part) => isPending(part, view));
}

/** One that cannot look says so when it is sealed. */
function isPending(part: SealPart, view: SealView): boolean {
  try {
    return part.seal(view).length > 0;
  } catch {
    return true;
  }
}

/** Our parts but those that are kept, or that a program of the admin's takes the place of. */
export function partsOf(view: SealView): SealPart[] {
  const replaced = replacedParts(view);
  return SEAL_PARTS.filter(({ name }) => !view.choices.keep.includes(name) && !replaced.has(name));
}

function recordChanges({ files }: SealView, record: SealRecord): Change[] {
  const directory: Change[] =
    files.status(STATE_DIRECTORY) === undefined
      ? [{ kind: 'make-directory', path: STATE_DIRECTORY, mode: 0o755 }]
      : [];
  const content = sealRecordText(record);
  return [...directory, { kind: 'write-file', path: SEAL_RECORD, content, mode: 0o644 }];
}

/** A file that takes the place of another has the label of its directory: offline nobody gives it its own. */
function relabelChanges({ files, live }: SealView): Change[] {
  const isOn = /^\s*SELINUX\s*=\s*(enforcing|permissive)\b/m.test(
    files.readText('/etc/selinux/config') ?? '',
  );
  if (live || !isOn || files.status(RELABEL) !== undefined) return [];
  return [{ kind: 'write-file', path: RELABEL, content: '', mode: 0o600 }];
}

const LAST = SEAL_PARTS.at(-1)?.name;

/** What a file had is not to be seen in a plan either. */
const unshown = (change: Change): Change =>
  change.kind === 'write-file' ? { ...change, secret: true } : change;

/** The first step, which records that a sealing is under way, and whose passwords and keys go. */
const BEGIN = 'begin';

/** Why a part has to wait for the next run; undefined if it need not. */
function whyItStays({ name, tellsOwnersFor = [] }: SealPart, failed: readonly string[]): string | undefined {
  const byId = SEAL_PARTS.find((part) => part.needsMachineId === true && failed.includes(part.name))?.name;
  if (name === LAST && byId !== undefined) return `by it the part ${byId} is sealed, which failed`;
  const owners = failed.includes(BEGIN) ? tellsOwnersFor.find((part) => failed.includes(part)) : undefined;
  return owners === undefined
    ? undefined
    : `it says whose the part ${owners} is to seal, which failed, and there is no record of that`;
}

const partStep = (part: SealPart, view: SealView): Step => ({
  name: part.name,
  summary: part.what,
  plan: ({ files, failed }) => {
    const reason = whyItStays(part, failed);
    if (reason === undefined) return { changes: part.seal({ ...view, files }).map(unshown) };
    const text = `it stays, for ${reason}: set that right, and seal again`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  },
});

const programStep = (program: OwnProgram): Step => ({
  name: program.name,
  summary: `your own program ${program.path}`,
  plan: ({ settings }) => planProgram(program, settings),
});

/** @param plan what the step does if everything before it has gone well */
const closingStep = (name: string, summary: string, plan: () => Plan): Step => ({
  name,
  summary,
  plan: ({ failed }: StepContext) => (failed.length === 0 ? plan() : { changes: [] }),
});

/**
 * The steps of a sealing, in their order. The record says that it was begun before anything is changed, and that it is done
 * when all of it is: a run that was cut off is ended by the next one.
 * @param at ISO 8601
 */
export function sealSteps(view: SealView, at: string): Step[] {
  const { files, choices } = view;
  const isNeeded = hasWork(view);
  const programs = ownPrograms(files).filter(({ name }) => !choices.keep.includes(name));
  const parts = partsOf(view);
  const record = {
    at,
    version: VERSION,
    sealed: parts.map(({ name }) => name),
    kept: choices.keep,
    wiped: wipedAreas(view),
  };
  const ours = SEAL_PARTS.flatMap((part): Step[] => {
    if (parts.includes(part)) return [partStep(part, view)];
    const program = programs.find(({ name }) => name === part.name);
    return program === undefined ? [] : [programStep(program)];
  });
  const isLast = ({ name }: Step) => name === LAST;
  const others = (isEarly: boolean) =>
    programs.filter((program) => !program.replaces && program.isEarly === isEarly).map(programStep);
  const noted = (state: SealRecord['state'], users: readonly string[]) => (): Plan => ({
    changes: isNeeded ? recordChanges(view, { ...record, state, users }) : [],
  });
  const relabel = (): Plan => ({ changes: isNeeded ? relabelChanges(view) : [] });
  const hosts = view.accounts.filter(({ isHosts }) => isHosts).map(({ name }) => name);
  return [
    { name: BEGIN, summary: 'the record of a sealing that is under way', plan: noted('sealing', hosts) },
    // Before anything is replaced: a sealing that fails or is cut off leaves an image that boots, too.
    { name: 'labels', summary: 'labels of SELinux', plan: relabel },
    ...others(true),
    ...ours.filter((step) => !isLast(step)),
    ...others(false),
    ...ours.filter(isLast),
    closingStep('record', 'the record of what was sealed', noted('sealed', [])),
    closingStep('file-system-uuids', 'other UUIDs of file systems', () => planUuids(view)),
    closingStep('free-space', 'what is free', () => planFreeSpace(view)),
  ];
}
