import { Command, CommanderError } from 'commander';
import type { Output } from '../machine/runtime/output.ts';
import { EXIT, EXIT_MEANINGS } from './exit-status.ts';
import { VERSION } from './version.ts';

/** What each exit status says. */
export type ExitMeanings = readonly (readonly [status: number, meaning: string])[];

const exitHelp = (meanings: ExitMeanings) => `
Exit status:
${meanings.map(([status, meaning]) => `  ${status}  ${meaning}`).join('\n')}`;

/**
 * A program's command line with what all programs share: --help with the exit statuses, --version, and errors that
 * are thrown instead of ending the process.
 */
export function createProgram(
  name: string,
  summary: string,
  { print, printError }: Pick<Output, 'print' | 'printError'>,
  exitMeanings: ExitMeanings = EXIT_MEANINGS,
): Command {
  return new Command(name)
    .description(summary)
    .version(`${name} ${VERSION}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', exitHelp(exitMeanings))
    .configureOutput({
      writeOut: print,
      writeErr: printError,
      outputError: (text, write) => write(text.replace(/^error:/, `${name}:`)),
    })
    .showHelpAfterError(`Try '${name} --help'.`)
    .exitOverride();
}

/**
 * Parses the arguments and runs what they ask for.
 * @param args arguments without the program's name
 * @returns exit status: of the usage, not of what an action did
 */
export async function runCommandLine(program: Command, args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/**
 * Parses arguments, and does what needs no run: help, version, telling a wrong usage.
 * @param define makes the command line, whose action gives the options away
 * @returns the options of a run, or none and the exit status if there is to be no run
 */
export async function parseOptions<Options>(
  define: (run: (options: Options) => void) => Command,
  args: readonly string[],
): Promise<{ options?: Options; status: number }> {
  const asked: Options[] = [];
  const status = await runCommandLine(
    define((options) => asked.push(options)),
    args,
  );
  const [options] = asked;
  return options === undefined ? { status } : { options, status };
}
