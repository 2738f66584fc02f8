import { readWhole } from '../../machine/devices/disk-image.ts';
import { describeFailure } from '../../machine/runtime/errors.ts';
import { printBytes, printErrorBytes } from '../../machine/runtime/output.ts';
import { checkPortAccess } from '../channel/open-port.ts';
import { catchInterrupts } from '../commands/interrupts.ts';
import type { HostContext } from '../context/context.ts';
import { progress } from '../golden/actions.ts';
import { automaticImage } from '../golden/automatic.ts';
import { parsePackages } from '../golden/recipe.ts';
import type { Trial } from '../golden/try-version.ts';
import { guestWish } from '../guest/options.ts';
import { execCommand } from './exec-command.ts';
import { RUN_EXIT } from './exit-status.ts';
import type { ExecOptions, RunOptions } from './options.ts';
import { runDisposable } from './run-command.ts';

const sink = { stdout: printBytes, stderr: printErrorBytes };

function requestOf(words: readonly string[], { user }: ExecOptions) {
  const [program = '', ...args] = words;
  return { argv: [program, ...args] as const, ...(user === undefined ? {} : { user }) };
}

/** What fails for a reason of ours has a status of its own: any other is the command's. */
async function withInterrupts(
  { system }: HostContext,
  options: ExecOptions,
  use: (limits: {
    readySeconds: number;
    commandSeconds?: number;
    interrupts: ReturnType<typeof catchInterrupts>;
  }) => Promise<number>,
): Promise<number> {
  const { timeout, readyTimeout } = options;
  const interrupts = catchInterrupts();
  try {
    const limit = timeout === undefined ? {} : { commandSeconds: timeout };
    return await use({ readySeconds: readyTimeout, ...limit, interrupts });
  } catch (error) {
    system.output.printError(`gandi-host: ${describeFailure(error, true)}\n`);
    return RUN_EXIT.ourFailure;
  } finally {
    interrupts.release();
  }
}

/** The image of a run: the one that was named, or one that is made of it for the packages that were asked for. */
async function imageFor(
  context: HostContext,
  { from, packages, source, workDirectory }: RunOptions,
  trial: Trial,
): Promise<string> {
  const wanted = parsePackages('--packages', packages);
  if (wanted.length === 0) return from;
  checkPortAccess(context);
  const additions = { packages: wanted, remove: [], sources: source };
  return await automaticImage(context, from, additions, { workDirectory, trial }, progress(context));
}

const inputOf = (file: string | undefined): Uint8Array =>
  file === undefined ? new Uint8Array(0) : readWhole(file);

/** @returns exit status */
export async function runNew(
  context: HostContext,
  words: readonly string[],
  options: RunOptions,
): Promise<number> {
  return await withInterrupts(context, options, async (limits) => {
    // No network is needed for it, and none is given that was not asked for.
    const guest = await guestWish(context, options, []);
    return await runDisposable(context, {
      guest: { ...guest, from: await imageFor(context, options, limits) },
      request: requestOf(words, options),
      input: inputOf(options.input),
      discard: options.discard,
      limits,
      sink,
    });
  });
}

/** @returns exit status */
export async function execIn(
  context: HostContext,
  name: string,
  words: readonly string[],
  options: ExecOptions,
): Promise<number> {
  return await withInterrupts(context, options, async (limits) =>
    execCommand(context, {
      name,
      request: requestOf(words, options),
      input: inputOf(options.input),
      discard: options.discard,
      limits,
      sink,
    }),
  );
}
