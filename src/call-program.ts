import { basename } from 'node:path';
import { describeFailure } from './machine/runtime/errors.ts';
import { leaveMarks, mark } from './machine/runtime/marks.ts';
import type { Output } from './machine/runtime/output.ts';
import type { System } from './plan/system.ts';
import type { ProgramName } from './state/programs.ts';
import { VERSION } from './terminal/version.ts';

/** One program of the toolkit: runs with its arguments and gives the exit status. */
export type Program = (args: readonly string[], system: System) => Promise<number>;

/** How the executable was called. */
export interface Call {
  /** Name that it was called by, with or without a path. */
  name: string;
  args: readonly string[];
  /** Whether it runs as root: what fails for want of rights is told otherwise then. */
  isRoot: boolean;
}

/** What a call needs; each is loaded only when it is called: what a command does not need costs it nothing. */
export interface Loaders {
  programs: Readonly<Record<ProgramName, () => Promise<{ main: Program }>>>;
  system: () => Promise<System>;
}

const isProgram = (name: string, { programs }: Loaders): name is ProgramName => Object.hasOwn(programs, name);

/** The program is the called name's, or the first argument's (as the launcher gives it). */
function select({ name, args }: Call, loaders: Loaders): { name: string; args: readonly string[] } {
  const called = basename(name);
  if (isProgram(called, loaders)) return { name: called, args };
  return { name: args[0] ?? '', args: args.slice(1) };
}

/** What else the start of gandi-bootstrap can do at a boot. */
async function doOthers({ programs }: Loaders, system: System): Promise<void> {
  const { configureInSameStart } = await import('./plan/same-start.ts');
  await configureInSameStart(system, async () => (await programs['gandi-config']()).main);
}

/**
 * Runs the program that was called. What goes wrong is told in one line.
 * @param output the process's own: for what is said before there is a system
 * @returns exit status
 */
export async function callProgram(call: Call, loaders: Loaders, output: Output): Promise<number> {
  const { name, args } = select(call, loaders);
  const [path] = args;
  // gandi-bootstrap calls itself so, and nobody else does.
  if (name === 'bunzip2' && path !== undefined)
    return (await import('./machine/changes/modules/bunzip2-apart.ts')).bunzip2Command(path);
  if (!isProgram(name, loaders)) {
    const names = Object.keys(loaders.programs).join(', ');
    output.printError(`gandi: call it as one of ${names}, or name one first\n`);
    return 2;
  }
  try {
    // Answered before anything is loaded: this is what a bare start costs.
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      output.print(`${name} ${VERSION}\n`);
      return 0;
    }
    mark('start of the runtime');
    const [{ main }, system] = await Promise.all([loaders.programs[name](), loaders.system()]);
    mark('program loaded', name);
    const status = await main(args, system);
    if (name === 'gandi-bootstrap' && args.length === 0) await doOthers(loaders, system);
    leaveMarks();
    return status;
  } catch (error) {
    output.printError(`${name}: ${describeFailure(error, call.isRoot)}\n`);
    return 1;
  }
}
