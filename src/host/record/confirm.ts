import type { HostContext } from '../context/context.ts';

/**
 * Asks whether something that cannot be undone is to be done.
 * @param what such as `remove guest web1`
 * @returns whether it is; without a terminal only `--yes` says so
 */
export async function confirm({ options, effects, system }: HostContext, what: string): Promise<boolean> {
  if (options.yes || effects.dryRun) return true;
  if (!process.stdin.isTTY) {
    system.output.printError(`gandi-host: nobody can be asked whether to ${what}; use --yes\n`);
    return false;
  }
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${what}? [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
