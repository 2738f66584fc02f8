import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import { checkUnneeded, removeGuest } from '../guest/lifecycle.ts';
import { findLeftovers, type Leftover } from './leftovers.ts';

async function remove(context: HostContext, leftover: Leftover): Promise<void> {
  const { effects } = context;
  if (leftover.kind === 'guest') {
    await checkUnneeded(context, leftover.guest);
    await removeGuest(context, leftover.guest);
  } else if (leftover.kind === 'volume') {
    const { pool, volume } = leftover;
    await effects.apply({ kind: 'delete-volume', pool, volume });
  } else if (leftover.kind === 'golden') await effects.apply({ kind: 'undefine', domain: leftover.golden });
  else
    await effects.apply({ kind: 'command', argv: ['rm', '-rf', '--', leftover.path], timeoutSeconds: 600 });
}

/**
 * Removes what commands of ours left that were killed, and that alone.
 * @returns exit status: 3 if there was nothing
 */
export async function cleanup(
  context: HostContext,
  { workDirectory }: { workDirectory: string },
): Promise<number> {
  const leftovers = await findLeftovers(context, workDirectory);
  let failed = false;
  for (const leftover of leftovers) {
    try {
      await remove(context, leftover);
      if (!context.options.json) context.system.output.print(`removed ${leftover.what}\n`);
    } catch (error) {
      failed = true;
      context.warn(`${leftover.what} stays: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (context.options.json)
    context.printJson({ removed: leftovers.map(({ kind, what }) => ({ kind, what })) });
  if (failed) return EXIT.failed;
  return leftovers.length === 0 ? EXIT.nothingFound : EXIT.ok;
}
