import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import { imageNeededBy, removeGolden } from '../golden/remove.ts';
import { checkUnneeded, removeGuest } from '../guest/lifecycle.ts';
import { allReferences, neededBy } from '../record/references.ts';
import { checkNoVolumes, findLeftovers, type Leftover } from './leftovers.ts';

async function remove(context: HostContext, leftover: Leftover): Promise<void> {
  const { effects } = context;
  if (leftover.kind === 'guest') {
    await checkUnneeded(context, leftover.guest);
    for (const volume of await removeGuest(context, leftover.guest))
      if (!context.options.json) context.tell(`kept: volume ${volume}`, {});
  } else if (leftover.kind === 'volume') {
    const { pool, volume, image } = leftover;
    // Leftover guests are gone by now, unless this is a dry run.
    const needed = effects.dryRun
      ? undefined
      : await neededBy(context.virsh, image, [{ pool, name: volume }]);
    if (needed !== undefined) throw new Error(needed);
    await effects.apply({ kind: 'delete-volume', pool, volume });
  } else if (leftover.kind === 'golden') {
    const needed = await imageNeededBy(context, leftover.golden, await allReferences(context.virsh));
    if (needed !== undefined) throw new Error(needed);
    if (!effects.dryRun) await checkNoVolumes(context, leftover.golden);
    await removeGolden(context, leftover.golden);
  } else
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
  const { options, effects, system } = context;
  const leftovers = await findLeftovers(context, workDirectory);
  const removed: Leftover[] = [];
  for (const leftover of leftovers) {
    try {
      if (effects.dryRun && !options.json) system.output.print(`# ${leftover.what}\n`);
      await remove(context, leftover);
      removed.push(leftover);
      if (!options.json) context.tell(`removed ${leftover.what}`, {});
    } catch (error) {
      context.warn(`${leftover.what} stays: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (options.json && !effects.dryRun)
    context.printJson({ removed: removed.map(({ kind, what }) => ({ kind, what })) });
  if (removed.length < leftovers.length) return EXIT.failed;
  return leftovers.length === 0 ? EXIT.nothingFound : EXIT.ok;
}
