import { randomBytes } from 'node:crypto';
import type { CommandRequest } from '../../machine/formats/exec-frames.ts';
import type { OutputSink } from '../channel/exec-client.ts';
import { checkPortAccess } from '../channel/open-port.ts';
import type { HostContext } from '../context/context.ts';
import { createGuest, type GuestWish } from '../guest/create-guest.ts';
import { type Ended, type Limits, runIn, waitReady } from '../guest/in-guest.ts';
import { removeGuest, startGuest, stopGuest } from '../guest/lifecycle.ts';
import { findGuest, ifThere } from '../record/find.ts';
import { hostRecordText } from '../record/host-record.ts';
import { type DiscardPolicy, isDiscarded } from './discard.ts';
import { RUN_EXIT, runStatus } from './exit-status.ts';

/** A command for a disposable guest. */
export interface RunWish {
  guest: Omit<GuestWish, 'name' | 'disposable'>;
  request: CommandRequest;
  input: Uint8Array;
  discard: DiscardPolicy;
  limits: Limits;
  sink: OutputSink;
}

const STOP_SECONDS = 60;

export const WHY: Readonly<Record<'died' | 'late' | 'interrupted', string>> = {
  died: 'the guest went down before the command had ended',
  late: 'the time was up',
  interrupted: 'it was interrupted',
};

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Exit status of a run. */
export function endStatus(ended: Ended, limits: Pick<Limits, 'interrupts'>): number {
  if ('end' in ended) return runStatus(ended.end);
  if (ended.why === 'late') return RUN_EXIT.timedOut;
  if (ended.why === 'died') return RUN_EXIT.ourFailure;
  return RUN_EXIT.signal + (SIGNAL_NUMBERS[limits.interrupts.first ?? ''] ?? 2);
}

/** A name that nobody has: the claim fails otherwise. */
export const disposableName = (from: string): string =>
  `${from
    .replace(/@\d+$/, '')
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 40)}-run-${randomBytes(4).toString('hex')}`;

async function inNewGuest(context: HostContext, name: string, wish: RunWish): Promise<Ended> {
  const { limits, request, input, sink } = wish;
  await createGuest(context, { ...wish.guest, name, disposable: true });
  if (context.effects.dryRun) return { end: { status: 0 } };
  const guest = await findGuest(context.virsh, name);
  if (limits.interrupts.count > 0) return { why: 'interrupted' };
  await startGuest(context, guest);
  const ready = await waitReady(context, guest, limits);
  if ('why' in ready) return ready;
  try {
    return await runIn(context, ready.client, request, input, sink, limits);
  } finally {
    ready.client.close();
  }
}

/** Applies the policy. @returns whether the guest is gone */
async function discard(context: HostContext, name: string, ended: Ended, wish: RunWish): Promise<boolean> {
  const succeeded = 'end' in ended && ended.end.status === 0;
  const guest = await findGuest(context.virsh, name);
  if (wish.limits.interrupts.count > 1) {
    context.warn(`guest ${name} was left as it is; "gandi-host guest destroy ${name}" removes it`);
    return false;
  }
  if (isDiscarded(wish.discard, succeeded)) {
    await removeGuest(context, guest);
    return true;
  }
  // Its files are whole only when it shut down.
  if (!(await stopGuest(context, guest, STOP_SECONDS)))
    await context.effects.apply({ kind: 'destroy', domain: guest });
  const { disposable: _, ...kept } = guest.record;
  await context.effects.apply({
    kind: 'metadata',
    domain: guest,
    of: 'host',
    xml: hostRecordText(kept),
    live: false,
  });
  context.warn(
    `guest ${name} was kept; "gandi-host guest start ${name}" starts it, "gandi-host guest destroy ${name}" removes it`,
  );
  return false;
}

/**
 * Runs a command in a guest that is made for it.
 * @returns the exit status for the caller
 */
export async function runDisposable(context: HostContext, wish: RunWish): Promise<number> {
  checkPortAccess(context);
  const name = disposableName(wish.guest.from);
  let ended: Ended;
  try {
    ended = await inNewGuest(context, name, wish);
  } catch (error) {
    await removeFailed(context, name);
    throw error;
  }
  if (context.effects.dryRun) return 0;
  if ('why' in ended) context.warn(`${name}: ${WHY[ended.why]}`);
  else if (ended.end.error !== undefined)
    context.warn(`${name}: the command did not run: ${ended.end.error}`);
  await discard(context, name, ended, wish);
  return endStatus(ended, wish.limits);
}

/** What was begun and failed for a reason of ours is of no use to anybody. */
async function removeFailed(context: HostContext, name: string): Promise<void> {
  if (context.effects.dryRun) return;
  const guest = await ifThere(findGuest(context.virsh, name));
  if (guest !== undefined) await removeGuest(context, guest);
}
