import type { HostContext } from '../context/context.ts';
import { type DomainState, isActive, listDomains } from '../libvirt/domains.ts';
import { findVolume } from '../libvirt/storage.ts';
import type { Owned } from '../record/find.ts';
import { findGolden, parseVersionName } from '../record/find.ts';
import { checkWhole, type GuestRecord, type OwnVolume } from '../record/host-record.ts';
import { neededBy } from '../record/references.ts';
import { checkUnchanged, versionOf } from './golden-version.ts';

const LOOK_MILLISECONDS = 500;
/** A guest that did not hear is asked again: one that boots may not listen yet. */
const ASK_AGAIN_MILLISECONDS = 15_000;

export type Guest = Pick<Owned<GuestRecord>, 'uuid' | 'name'>;

/** What an active guest does; undefined where it is off. */
async function stateOf(
  { virsh }: Pick<HostContext, 'virsh'>,
  { uuid }: Guest,
): Promise<DomainState | undefined> {
  const entry = (await listDomains(virsh)).find((domain) => domain.uuid === uuid);
  return entry !== undefined && isActive(entry) ? entry.state : undefined;
}

/** Whether its guest runs now. */
export const isRunning = async (context: Pick<HostContext, 'virsh'>, guest: Guest): Promise<boolean> =>
  (await stateOf(context, guest)) !== undefined;

/**
 * Starts a guest, or lets one go on that is paused, unless the image below it was changed.
 * @throws Error in one line
 */
export async function startGuest(context: HostContext, guest: Owned<GuestRecord>): Promise<void> {
  const { record, name } = guest;
  if (record.state === 'creating')
    throw new Error(`guest ${name} was never made to its end; "gandi-host cleanup" removes it`);
  const { name: goldenName, number } = parseVersionName(record.golden);
  const golden = await findGolden(context.virsh, goldenName);
  await checkUnchanged(context, golden, versionOf(golden, number, true));
  const state = await stateOf(context, guest);
  if (state === 'paused') await context.effects.apply({ kind: 'resume', domain: guest });
  else if (state === undefined) await context.effects.apply({ kind: 'start', domain: guest });
}

/**
 * Asks a guest to shut down, and waits.
 * @returns false if it still runs after that time
 */
export async function stopGuest(context: HostContext, guest: Guest, seconds: number): Promise<boolean> {
  const { system, effects } = context;
  const until = system.elapsed() + seconds * 1000;
  let askAt = 0;
  for (
    let state = await stateOf(context, guest);
    state !== undefined;
    state = await stateOf(context, guest)
  ) {
    const now = system.elapsed();
    if (now >= until) return false;
    if (now >= askAt) {
      // One that is paused cannot do what it is asked for.
      if (state === 'paused') await effects.apply({ kind: 'resume', domain: guest });
      await effects.apply({ kind: 'shutdown', domain: guest });
      if (effects.dryRun) return true;
      askAt = now + ASK_AGAIN_MILLISECONDS;
    }
    await system.sleep(LOOK_MILLISECONDS);
  }
  return true;
}

/** Whether a volume outlives its guest: in one of a guest that was never finished is nothing. */
const isKept = ({ keep }: OwnVolume, { state }: GuestRecord): boolean => keep === true && state === 'ready';

/** @throws Error in one line where somebody needs a volume that would go with a guest, or it cannot be told which would */
export async function checkUnneeded(
  { virsh }: Pick<HostContext, 'virsh'>,
  guest: Owned<GuestRecord>,
): Promise<void> {
  checkWhole(guest);
  const goes = guest.record.volumes.filter((volume) => !isKept(volume, guest.record));
  const needed = await neededBy(virsh, guest.uuid, goes);
  if (needed !== undefined) throw new Error(`guest ${guest.name}: ${needed}; nothing was removed`);
}

/**
 * Removes a guest with the volumes that we made for it. Each part may be gone already.
 * @returns names of volumes that stay, for they are to be kept
 */
export async function removeGuest(context: HostContext, guest: Owned<GuestRecord>): Promise<string[]> {
  const { effects, virsh } = context;
  const { record } = guest;
  for (const { pool, log } of record.volumes) if (log) await effects.apply({ kind: 'refresh-pool', pool });
  const kept = record.volumes.flatMap((volume) => (isKept(volume, record) ? [volume.name] : []));
  const goes: OwnVolume[] = [];
  // Before anything is done: a pool that is away would leave what nobody tells of any more.
  for (const volume of record.volumes)
    if (!isKept(volume, record) && (await findVolume(virsh, volume.pool, volume.name)) !== undefined)
      goes.push(volume);
  if (await isRunning(context, guest)) await effects.apply({ kind: 'destroy', domain: guest });
  for (const { pool, name } of goes) await effects.apply({ kind: 'delete-volume', pool, volume: name });
  // Last: as long as it is there, what it lists can be found.
  await effects.apply({ kind: 'undefine', domain: guest, managedSave: true, snapshotsMetadata: true });
  return kept;
}
