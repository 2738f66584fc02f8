import { randomBytes } from 'node:crypto';
import type { HostContext } from '../context/context.ts';
import { createGuest } from '../guest/create-guest.ts';
import { runIn, waitReady } from '../guest/in-guest.ts';
import { removeGuest, startGuest } from '../guest/lifecycle.ts';
import { findVolume } from '../libvirt/storage.ts';
import { findGuest, ifThere } from '../record/find.ts';
import { changeRecord, type Golden } from './publish.ts';
import { versionFiles } from './recipe.ts';
import { withState } from './versions.ts';

/** What a version is tried with. */
export interface Trial {
  readySeconds: number;
  /** Must succeed in the guest: a line for its shell. */
  check?: string;
  interrupts: { readonly count: number; readonly first: NodeJS.Signals | undefined };
}

const CHECK_SECONDS = 600;

/** Why a disposable guest of a version is not as it should be; undefined where it is. */
async function failureOf(context: HostContext, name: string, trial: Trial): Promise<string | undefined> {
  const guest = await findGuest(context.virsh, name);
  await startGuest(context, guest);
  const limits = { ...trial, commandSeconds: CHECK_SECONDS };
  const ready = await waitReady(context, guest, limits);
  if ('why' in ready) return `its guest was not ready within ${trial.readySeconds} s (${ready.why})`;
  try {
    if (trial.check === undefined) return undefined;
    let said = '';
    const keep = (bytes: Uint8Array) => {
      said = (said + Buffer.from(bytes).toString()).slice(-300);
    };
    const request = { argv: ['sh', '-c', trial.check] as const };
    const ended = await runIn(
      context,
      ready.client,
      request,
      new Uint8Array(0),
      { stdout: keep, stderr: keep },
      limits,
    );
    if ('end' in ended && ended.end.status === 0) return undefined;
    return `the check "${trial.check}" failed: ${said.trim().split('\n').at(-1) ?? ''}`;
  } finally {
    ready.client.close();
  }
}

/**
 * Makes a version the current one if a disposable guest of it comes up. If none does it is noted as failed, and the one
 * that was current stays.
 * @throws Error in one line with the reason, after it was noted
 */
export async function tryVersion(
  context: HostContext,
  golden: Golden,
  number: number,
  trial: Trial,
): Promise<Golden> {
  // What a dry run has not made cannot be tried.
  if (context.effects.dryRun) return golden;
  const name = `${golden.name}-check-${randomBytes(3).toString('hex')}`;
  const from = `${golden.name}@${number}`;
  const wish = { users: [], sshKeys: [], nics: [], mounts: [], disks: [] };
  /** @returns the volume with what its console said, where that is to be kept */
  const remove = async (keepsLog: boolean): Promise<string | undefined> => {
    const guest = await ifThere(findGuest(context.virsh, name));
    if (guest === undefined) return undefined;
    const volumes = guest.record.volumes.map((volume) =>
      volume.log ? { ...volume, keep: keepsLog } : volume,
    );
    const [kept] = await removeGuest(context, { ...guest, record: { ...guest.record, volumes } });
    const { pool } = golden.record;
    const isThere = kept !== undefined && (await findVolume(context.virsh, pool, kept)) !== undefined;
    return isThere ? kept : undefined;
  };
  const { console } = versionFiles(golden.name, number);
  let failure: string | undefined;
  try {
    await createGuest(context, {
      ...wish,
      name,
      from,
      disposable: true,
      untested: true,
      consoleLog: console,
    });
    failure = await failureOf(context, name, trial);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const log = await remove(failure !== undefined);
  if (failure !== undefined && trial.interrupts.count > 0)
    throw new Error(`${from} was not tried to the end; "gandi-host golden check ${golden.name}" does it`);
  const before = golden.record.versions.find((version) => version.number === number);
  const seen = log === undefined ? '' : `; its console is in volume ${golden.record.pool}/${log}`;
  // A guest of it has come up before, and without it there is no image to make guests of: that is the admin's to say.
  if (failure !== undefined && before?.state === 'ready' && golden.record.current === number)
    throw new Error(
      `${from} failed and stays current; "gandi-host golden rollback ${golden.name}" goes to the one before: ${failure}${seen}`,
    );
  // One that was killed between the two may have left the mark of its making.
  const tried = await changeRecord(context, golden, (record) => ({
    ...withState(record, number, failure === undefined ? 'ready' : 'failed'),
    state: 'ready',
  }));
  if (failure === undefined) return tried;
  const stays =
    golden.record.current === undefined
      ? 'there is no current one'
      : `${golden.record.current} stays current`;
  throw new Error(`${from} failed, ${stays}: ${failure}${seen}`);
}
