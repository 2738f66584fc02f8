import { basename } from 'node:path';
import { describeFailure } from './machine/runtime/errors.ts';
import { print, printError } from './machine/runtime/output.ts';
import { VERSION } from './terminal/version.ts';

/** One program of the toolkit: runs with its arguments and gives the exit status. */
type Program = (args: readonly string[]) => Promise<number>;

/** Each is loaded only when it is called: what a command does not need costs it nothing. */
const PROGRAMS = new Map<string, () => Promise<{ main: Program }>>([
  ['gandi-bootstrap', () => import('./bootstrap/program.ts')],
  ['gandi-config', () => import('./config/program.ts')],
  ['gandi-postboot', () => import('./postboot/program.ts')],
  ['gandi-guest', () => import('./guest/program.ts')],
  ['gandi-mount', () => import('./mount/program.ts')],
]);

/** The program is the called name's, or the first argument's (as the launcher gives it). */
function select(): { name: string; args: string[] } {
  const args = process.argv.slice(2);
  const called = basename(process.argv0);
  if (PROGRAMS.has(called)) return { name: called, args };
  return { name: args[0] ?? '', args: args.slice(1) };
}

async function main(): Promise<number> {
  // Whatever the caller's is: files that others are to read must come out so, and none be for all to write.
  process.umask(0o022);
  const { name, args } = select();
  const [path] = args;
  // gandi-bootstrap calls itself so, and nobody else does.
  if (name === 'bunzip2' && path !== undefined)
    return (await import('./machine/changes/modules/bunzip2-apart.ts')).bunzip2Command(path);
  const load = PROGRAMS.get(name);
  if (load === undefined) {
    printError(`gandi: call it as one of ${[...PROGRAMS.keys()].join(', ')}, or name one first\n`);
    return 2;
  }
  try {
    // Answered before anything is loaded: this is what a bare start costs.
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      print(`${name} ${VERSION}\n`);
      return 0;
    }
    return await (await load()).main(args);
  } catch (error) {
    printError(`${name}: ${describeFailure(error, process.geteuid?.() === 0)}\n`);
    return 1;
  }
}

// Not top-level await: the bundle is CommonJS, which starts fastest.
void main().then((status) => {
  process.exitCode = status;
});
