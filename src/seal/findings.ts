import type { Severity, Trait } from '../identity/part.ts';
import type { Commands } from '../machine/commands/commands.ts';
import { endOfOutput } from '../machine/formats/text/output-end.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { callOf, type OwnProgram, ownPrograms, passedOver, replacedParts } from './own-programs.ts';
import type { SealPart, SealView } from './part.ts';
import { SEAL_PARTS } from './parts.ts';

/** Something that an image should not have: its path and the reason, never what is in it. */
export interface SealFinding extends Trait {
  /** Name of the part, or of the admin's program. */
  part: string;
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** A part that cannot look says so, and the others look all the same. */
function findingsOf(part: SealPart, view: SealView): SealFinding[] {
  try {
    return part.find(view).map((trait) => ({ part: part.name, ...trait }));
  } catch (error) {
    const what = `${part.what} cannot be looked at: ${reasonOf(error)}`;
    return [{ part: part.name, path: '/', severity: 'error', what }];
  }
}

/** Who forgot a bit of its mode would take what it was to do for done. */
const notMeant = ({ files }: SealView): SealFinding[] =>
  passedOver(files).map(({ name, path, why }) => ({
    part: name,
    path,
    severity: 'info',
    what: `it is not run: ${why}`,
  }));

/** Nothing of an unpacked image is run, for it may be another machine's: what the admin's programs do is left undone. */
function notRun({ files, live, choices }: SealView): SealFinding[] {
  if (live) return [];
  return ownPrograms(files)
    .filter(({ name, isOff }) => !isOff && !choices.keep.includes(name))
    .map(({ name, path }) => ({
      part: name,
      path,
      severity: 'warning',
      what: 'your program is not run in an unpacked image: do there what it does',
    }));
}

/** What our parts find, but those that are kept, or that a program of the admin's takes the place of. */
export function findAll(view: SealView): SealFinding[] {
  const replaced = replacedParts(view);
  const isOurs = ({ name }: SealPart) => !view.choices.keep.includes(name) && !replaced.has(name);
  const found = SEAL_PARTS.filter(isOurs).flatMap((part) => findingsOf(part, view));
  return [...found, ...notRun(view), ...notMeant(view)].sort(
    (one, other) => WEIGHT[one.severity] - WEIGHT[other.severity],
  );
}

async function ask(program: OwnProgram, commands: Commands, settings: Settings): Promise<SealFinding[]> {
  const finding = (severity: Severity, what: string): SealFinding => ({
    part: program.name,
    path: program.path,
    severity,
    what,
  });
  if (program.refused !== undefined) return [finding('error', `it is not run: ${program.refused}`)];
  const call = callOf(program, 'check', settings);
  const { failure, stdout, stderr } = await commands.run(call.argv, call);
  const lines = endOfOutput(failure === undefined ? stdout : `${stdout}${stderr}`)
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (failure === undefined) return lines.map((line) => finding('warning', line));
  return (lines.length === 0 ? [failure] : lines).map((line) => finding('error', line));
}

/** What the admin's programs say of a running guest: each line is a finding, an error where the program fails. */
export async function askPrograms(
  { files, live, choices }: SealView,
  commands: Commands,
  settings: Settings,
): Promise<SealFinding[]> {
  if (!live) return [];
  const found: SealFinding[] = [];
  for (const program of ownPrograms(files))
    if (!program.isOff && !choices.keep.includes(program.name))
      found.push(...(await ask(program, commands, settings)));
  return found;
}

export const hasErrors = (findings: readonly SealFinding[]): boolean =>
  findings.some(({ severity }) => severity === 'error');
