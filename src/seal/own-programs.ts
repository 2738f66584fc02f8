import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { examineExecutable, isBackupName } from '../plan/executable.ts';
import type { Plan } from '../plan/step.ts';
import type { SealView } from './part.ts';
import { SEAL_PARTS } from './parts.ts';

/** Programs of the admin's that take part. */
export const PROGRAM_DIRECTORY = '/etc/gandi/seal.d';

/** Those whose names come before it run before our parts; the others after them, and before the machine ID goes. */
const OUR_PLACE = '50';

export interface OwnProgram {
  name: string;
  path: string;
  /** It takes the place of our part of its name. */
  replaces: boolean;
  isEarly: boolean;
  /** Why it is not run. */
  refused?: string;
  /** Not executable: with the name of a part that one is turned off. */
  isOff: boolean;
}

/** The programs that are there, by name. */
export function ownPrograms(files: FileView): OwnProgram[] {
  return files.list(PROGRAM_DIRECTORY).flatMap((name): OwnProgram[] => {
    if (isBackupName(name)) return [];
    const path = `${PROGRAM_DIRECTORY}/${name}`;
    const found = examineExecutable(files, path);
    const replaces = SEAL_PARTS.some((part) => part.name === name);
    if (found.state === 'absent' || (found.state === 'off' && !replaces)) return [];
    return [
      {
        name,
        path,
        replaces,
        isEarly: !replaces && name < OUR_PLACE,
        isOff: found.state === 'off',
        ...(found.state === 'unsafe' ? { refused: found.reason } : {}),
      },
    ];
  });
}

/** What lies among the programs and is not run, though its name is no copy's: by path, with the reason. */
export function passedOver(files: FileView): { name: string; path: string; why: string }[] {
  return files.list(PROGRAM_DIRECTORY).flatMap((name) => {
    if (isBackupName(name) || SEAL_PARTS.some((part) => part.name === name)) return [];
    const path = `${PROGRAM_DIRECTORY}/${name}`;
    const { state } = examineExecutable(files, path);
    if (state === 'off') return [{ name, path, why: 'it is not executable' }];
    const isLoose = state === 'absent' && files.linkTarget(path) !== undefined;
    return isLoose ? [{ name, path, why: 'it is a link to nothing' }] : [];
  });
}

/**
 * Our parts that a program of the admin's takes the place of, by name. None is run in an unpacked image: there one that could be
 * run takes the place of nothing, and one that is not executable turns its part off as everywhere.
 */
export const replacedParts = ({ files, live }: Pick<SealView, 'files' | 'live'>): ReadonlySet<string> =>
  new Set(
    ownPrograms(files).flatMap(({ name, replaces, isOff }) => (replaces && (live || isOff) ? [name] : [])),
  );

/** The call of a program, with what it is to do as its one argument. */
export function callOf(
  { path }: OwnProgram,
  what: 'check' | 'seal',
  settings: Settings,
): Change & { kind: 'run-command' } {
  return {
    kind: 'run-command',
    argv: [path, what],
    timeoutSeconds: settings.pluginSeconds,
    environment: settings.environment,
    // Whether it changed anything it alone knows: what it does is no news of this run.
    thisBootOnly: true,
    ...(what === 'check' ? { checkOnly: true } : {}),
    reportOutput: true,
    why: 'your own program',
  };
}

/** What running it in a sealing comes to. */
export function planProgram(program: OwnProgram, settings: Settings): Plan {
  if (program.isOff) return { changes: [] };
  if (program.refused !== undefined)
    return { changes: [], notes: [{ level: 'problem', text: `it is not run: ${program.refused}` }] };
  return { changes: [callOf(program, 'seal', settings)] };
}
