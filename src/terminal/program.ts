import { Command, CommanderError, type ErrorOptions, type HelpContext } from 'commander';
import { cleanLine } from '../machine/runtime/clean-text.ts';
import type { Output } from '../machine/runtime/output.ts';
import { EXIT, EXIT_MEANINGS } from './exit-status.ts';
import { VERSION } from './version.ts';

/** What each exit status says. */
export type ExitMeanings = readonly (readonly [status: number, meaning: string])[];

const exitHelp = (meanings: ExitMeanings) => `
Exit status:
${meanings.map(([status, meaning]) => `  ${status}  ${meaning}`).join('\n')}`;

/** What commander adds in a line of its own where a word is nearly a right one. */
const SUGGESTION = /\n\(Did you mean (.*)\?\)$/;

/** A command, or a program, whose wrong usage is told in one line, which ends with where its help is. */
class OneLineCommand extends Command {
  override createCommand(name?: string): Command {
    return new OneLineCommand(name);
  }

  get #words(): readonly string[] {
    const words: string[] = [];
    for (let command: Command | null = this; command !== null; command = command.parent)
      words.unshift(command.name());
    return words;
  }

  /** @param message commander's, with `error: ` before it, or another; it may hold what the caller typed */
  override error(message: string, options?: ErrorOptions): never {
    const told = message
      .replace(/^error: /, '')
      .replace(SUGGESTION, ' (did you mean $1?)')
      .replace(/\.$/, '');
    const words = this.#words;
    return super.error(`${words[0]}: ${cleanLine(told)}; try '${words.join(' ')} --help'`, options);
  }

  /** Help that nobody asked for is no answer to a call without a command, or with one that has no help. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    if (typeof context === 'function') return super.help(context);
    if (context?.error !== true) return super.help(context);
    const names = this.createHelp().visibleCommands(this);
    return this.error(`expected a command: ${names.map((command) => command.name()).join(', ')}`);
  }
}

/**
 * A program's command line with what all programs share: --help with the exit statuses, --version, and a wrong
 * usage that is told in one line and thrown instead of ending the process.
 */
export function createProgram(
  name: string,
  summary: string,
  { print, printError }: Pick<Output, 'print' | 'printError'>,
  exitMeanings: ExitMeanings = EXIT_MEANINGS,
): Command {
  return new OneLineCommand(name)
    .description(summary)
    .version(`${name} ${VERSION}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', exitHelp(exitMeanings))
    .configureOutput({ writeOut: print, writeErr: printError })
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
