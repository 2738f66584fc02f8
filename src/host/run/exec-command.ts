import { randomBytes } from 'node:crypto';
import { checkPortAccess } from '../channel/open-port.ts';
import type { HostContext } from '../context/context.ts';
import { type Ended, runIn, waitReady } from '../guest/in-guest.ts';
import { isRunning, startGuest, stopGuest } from '../guest/lifecycle.ts';
import { takeSnapshot } from '../guest/snapshots.ts';
import { findGuest } from '../record/find.ts';
import { isDiscarded } from './discard.ts';
import { endStatus, type RunWish, WHY } from './run-command.ts';

export type ExecWish = Omit<RunWish, 'guest'> & { name: string };

const STOP_SECONDS = 300;

/**
 * Runs a command in a guest that there is. One that did not run is started for it, and stopped again. With a policy to
 * discard, a snapshot is taken before, with memory if it runs; after the command the guest is set back or not, and the
 * snapshot goes in any case.
 * @returns the exit status for the caller
 */
export async function execCommand(context: HostContext, wish: ExecWish): Promise<number> {
  const { effects, virsh } = context;
  const { name, request, input, sink, limits, discard } = wish;
  checkPortAccess(context);
  const guest = await findGuest(virsh, name);
  const ran = await isRunning(context, guest);
  const snapshot = discard === 'never' ? undefined : `gandi-exec-${randomBytes(4).toString('hex')}`;
  if (snapshot !== undefined) await takeSnapshot(context, guest, snapshot);
  let ended: Ended = { why: 'died' };
  try {
    await startGuest(context, guest);
    if (effects.dryRun) return 0;
    const ready = await waitReady(context, guest, limits);
    if ('why' in ready) ended = ready;
    else {
      try {
        ended = await runIn(context, ready.client, request, input, sink, limits);
      } finally {
        ready.client.close();
      }
    }
  } finally {
    const succeeded = 'end' in ended && ended.end.status === 0;
    const goesBack = snapshot !== undefined && isDiscarded(discard, succeeded);
    // What is set back to a guest that was off needs no shutdown.
    if (!ran && !goesBack && !effects.dryRun && !(await stopGuest(context, guest, STOP_SECONDS)))
      context.warn(`guest ${name} still runs after ${STOP_SECONDS} s`);
    if (goesBack) await effects.apply({ kind: 'revert-snapshot', domain: guest, snapshot });
    if (snapshot !== undefined) await effects.apply({ kind: 'delete-snapshot', domain: guest, snapshot });
  }
  if ('why' in ended) context.warn(`${name}: ${WHY[ended.why]}`);
  else if (ended.end.error !== undefined)
    context.warn(`${name}: the command did not run: ${ended.end.error}`);
  return endStatus(ended, limits);
}
