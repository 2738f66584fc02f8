import { basename } from 'node:path';
import { reasonOf } from './machine/errors.ts';

/** One program of the toolkit: runs with its arguments and gives the exit status. */
type Program = (args: readonly string[]) => Promise<number>;

/** Each is loaded only when it is called: what a command does not need costs it nothing. */
const PROGRAMS: Record<string, () => Promise<{ main: Program }>> = {
  'gandi-bootstrap': () => import('./bootstrap/program.ts'),
  'gandi-guest': () => import('./guest/program.ts'),
};

const OLDEST_NODE = 20;

/** The program is the called name's, or the first argument's (as the launcher gives it). */
function select(): { name: string; args: string[] } {
  const args = process.argv.slice(2);
  const called = basename(process.argv0);
  if (called in PROGRAMS) return { name: called, args };
  return { name: args[0] ?? '', args: args.slice(1) };
}

async function main(): Promise<number> {
  const { name, args } = select();
  const load = PROGRAMS[name];
  if (load === undefined) {
    process.stderr.write(`gandi: call it as one of ${Object.keys(PROGRAMS).join(', ')}, or name one first\n`);
    return 2;
  }
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    process.stderr.write(
      `${name}: Node ${process.versions.node} is too old; install Node ${OLDEST_NODE} or later\n`,
    );
    return 1;
  }
  try {
    return await (await load()).main(args);
  } catch (error) {
    process.stderr.write(`${name}: ${reasonOf(error)}\n`);
    return 1;
  }
}

// Not top-level await: the bundle is CommonJS, which starts fastest.
void main().then((status) => {
  process.exitCode = status;
});
