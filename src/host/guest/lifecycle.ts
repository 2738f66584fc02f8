import type { HostContext } from '../context/context.ts';
import { isActive, listDomains } from '../libvirt/domains.ts';
import type { Owned } from '../record/find.ts';
import { findGolden, parseVersionName } from '../record/find.ts';
import type { GuestRecord } from '../record/host-record.ts';
import { checkUnchanged, versionOf } from './create-guest.ts';

const LOOK_MILLISECONDS = 500;
/** A guest that did not hear is asked again: one that boots may not listen yet. */
const ASK_AGAIN_MILLISECONDS = 15_000;

export type Guest = Pick<Owned<GuestRecord>, 'uuid' | 'name'>;

/** Whether its guest runs now. */
export async function isRunning({ virsh }: Pick<HostContext, 'virsh'>, { uuid }: Guest): Promise<boolean> {
  return (await listDomains(virsh)).some((entry) => entry.uuid === uuid && isActive(entry));
}

/**
 * Starts a guest, unless the image below it was changed.
 * @throws Error in one line
 */
export async function startGuest(context: HostContext, guest: Owned<GuestRecord>): Promise<void> {
  const { record, name } = guest;
  if (record.state === 'creating')
    throw new Error(`guest ${name} was never made to its end; "gandi-host cleanup" removes it`);
  const { name: goldenName, number } = parseVersionName(record.golden);
  const golden = await findGolden(context.virsh, goldenName);
  await checkUnchanged(context, golden, versionOf(golden, number, true));
  if (await isRunning(context, guest)) return;
  await context.effects.apply({ kind: 'start', domain: guest });
}

/**
 * Asks a guest to shut down, and waits.
 * @returns false if it still runs after that time
 */
export async function stopGuest(context: HostContext, guest: Guest, seconds: number): Promise<boolean> {
  const { system, effects } = context;
  const until = system.elapsed() + seconds * 1000;
  let askAt = 0;
  while (await isRunning(context, guest)) {
    const now = system.elapsed();
    if (now >= until) return false;
    if (now >= askAt) {
      await effects.apply({ kind: 'shutdown', domain: guest });
      if (effects.dryRun) return true;
      askAt = now + ASK_AGAIN_MILLISECONDS;
    }
    await system.sleep(LOOK_MILLISECONDS);
  }
  return true;
}

/**
 * Removes a guest with the volumes that we made for it. Each part may be gone already.
 * @returns names of volumes that stay, for they are to be kept
 */
export async function removeGuest(context: HostContext, guest: Owned<GuestRecord>): Promise<string[]> {
  const { effects, virsh } = context;
  const { record } = guest;
  if (await isRunning(context, guest)) await effects.apply({ kind: 'destroy', domain: guest });
  const kept: string[] = [];
  for (const { pool, log } of record.volumes) if (log) await effects.apply({ kind: 'refresh-pool', pool });
  for (const { pool, name, keep } of record.volumes) {
    if (keep) kept.push(name);
    else if ((await virsh.ask('vol-info', '--pool', pool, '--vol', name)).failure === undefined)
      await effects.apply({ kind: 'delete-volume', pool, volume: name });
  }
  // Last: as long as it is there, what it lists can be found.
  await effects.apply({ kind: 'undefine', domain: guest, managedSave: true, snapshotsMetadata: true });
  return kept;
}
