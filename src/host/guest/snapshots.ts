import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import { snapshotNames } from '../libvirt/storage.ts';
import { attributeOf, childrenOf, type Element, findElement } from '../libvirt/xml.ts';
import { confirm } from '../record/confirm.ts';
import { findGuest, type Owned } from '../record/find.ts';
import type { GuestRecord } from '../record/host-record.ts';
import { isRunning } from './lifecycle.ts';

/** As a name: the time, to the second. */
const timeName = (now: Date): string => now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');

/** @throws Error in one line if the guest has no such snapshot, or none at all */
export function chosenSnapshot(guest: string, names: readonly string[], given: string | undefined): string {
  const chosen = given ?? names.at(-1);
  if (chosen === undefined) throw new Error(`guest ${guest} has no snapshot`);
  if (!names.includes(chosen))
    throw new Error(`guest ${guest} has no snapshot ${chosen}; it has ${names.join(', ') || 'none'}`);
  return chosen;
}

const sharesDirectory = (definition: Element): boolean => {
  const devices = findElement(definition, 'devices');
  const systems = devices === undefined ? [] : childrenOf(devices, 'filesystem');
  return systems.some((one) => attributeOf(findElement(one, 'driver'), 'type') === 'virtiofs');
};

/**
 * Keeps a guest as it is now, with its memory if it runs.
 * @throws Error in one line; QEMU keeps no memory that a virtiofsd shares
 */
export async function takeSnapshot(
  context: HostContext,
  guest: Owned<GuestRecord>,
  snapshot: string,
): Promise<void> {
  if (sharesDirectory(guest.definition) && (await isRunning(context, guest)))
    throw new Error(
      `guest ${guest.name} has a directory of its host by virtiofs, so that it has no snapshot while it runs: stop it first`,
    );
  await context.effects.apply({ kind: 'create-snapshot', domain: guest, snapshot });
}

/** @returns exit status */
export async function snapshot(
  context: HostContext,
  name: string,
  given: string | undefined,
): Promise<number> {
  const domain = await findGuest(context.virsh, name);
  const wanted = given ?? timeName(context.system.now());
  await takeSnapshot(context, domain, wanted);
  context.tell(wanted, { guest: name, snapshot: wanted });
  return EXIT.ok;
}

/** @returns exit status */
export async function list(context: HostContext, name: string): Promise<number> {
  const { uuid } = await findGuest(context.virsh, name);
  const snapshots = await snapshotNames(context.virsh, uuid);
  if (context.options.json) context.printJson({ guest: name, snapshots });
  else for (const one of snapshots) context.system.output.print(`${one}\n`);
  return EXIT.ok;
}

/** @returns exit status */
export async function rollback(
  context: HostContext,
  name: string,
  given: string | undefined,
  { backup }: { backup: boolean },
): Promise<number> {
  const domain = await findGuest(context.virsh, name);
  const names = await snapshotNames(context.virsh, domain.uuid);
  const target = chosenSnapshot(name, names, given);
  const newer = names.slice(names.indexOf(target) + 1);
  const beside = newer.length === 0 ? '' : `, behind which ${newer.join(', ')} stay`;
  if (!(await confirm(context, `set guest ${name} back to ${target}${beside}`))) return EXIT.failed;
  if (backup) {
    const kept = `before-${timeName(context.system.now())}`;
    await takeSnapshot(context, domain, kept);
    context.tell(`kept: snapshot ${kept}`, { guest: name, kept });
  }
  await context.effects.apply({ kind: 'revert-snapshot', domain, snapshot: target });
  return EXIT.ok;
}

/** @returns exit status */
export async function remove(context: HostContext, name: string, given: string): Promise<number> {
  const domain = await findGuest(context.virsh, name);
  const snapshot = chosenSnapshot(name, await snapshotNames(context.virsh, domain.uuid), given);
  if (!(await confirm(context, `delete snapshot ${snapshot} of guest ${name}`))) return EXIT.failed;
  await context.effects.apply({ kind: 'delete-snapshot', domain, snapshot });
  return EXIT.ok;
}
