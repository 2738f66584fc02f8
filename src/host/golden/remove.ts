import { EXIT } from '../../terminal/exit-status.ts';
import { isRemote } from '../channel/remote-host.ts';
import type { HostContext } from '../context/context.ts';
import { findVolume } from '../libvirt/storage.ts';
import { confirm } from '../record/confirm.ts';
import { findGolden, type GoldenEntry, isGolden, ownedDomains } from '../record/find.ts';
import { checkWhole, type GoldenVersion } from '../record/host-record.ts';
import { allReferences, type Child, childrenOfFile, type Reference } from '../record/references.ts';
import { changeRecord, checkFree, type Golden } from './publish.ts';
import { prunable, volumesOfVersion } from './versions.ts';

/** Who needs a version's disk, other than the golden image itself. */
async function childrenOfVersion(
  { virsh }: HostContext,
  { record, uuid }: Golden,
  { disk }: GoldenVersion,
  references: readonly Reference[],
): Promise<Child[]> {
  const volume = await findVolume(virsh, record.pool, disk);
  if (volume === undefined) return [];
  return childrenOfFile(volume.path, references).filter((child) => child.uuid !== uuid);
}

/** Whether QEMU holds a file open: it locks what it uses, ours or not. */
async function isLocked({ virsh, system }: HostContext, pool: string, disk: string): Promise<boolean> {
  const volume = await findVolume(virsh, pool, disk);
  // What is on another host cannot be looked at: there libvirt's own word must do.
  if (volume === undefined || isRemote(virsh.uri ?? '') || system.files.status(volume.path) === undefined)
    return false;
  const argv = ['qemu-io', '--format', 'qcow2', '-c', 'quit', '--', volume.path] as const;
  const { stderr, failure } = await virsh.commands.run(argv, { timeoutSeconds: 60 });
  return failure !== undefined && stderr.includes('lock');
}

/** Removes a version with its volumes, and notes that it is gone. @returns what is left */
async function removeVersion(context: HostContext, golden: Golden, version: GoldenVersion): Promise<Golden> {
  const { effects, virsh } = context;
  const { pool } = golden.record;
  for (const volume of volumesOfVersion(golden.name, version)) {
    if ((await findVolume(virsh, pool, volume)) !== undefined)
      await effects.apply({ kind: 'delete-volume', pool, volume });
  }
  return await changeRecord(context, golden, (record) => ({
    ...record,
    versions: record.versions.filter(({ number }) => number !== version.number),
  }));
}

/** What needs a golden image, in words; undefined if nothing does. */
export async function imageNeededBy(
  context: HostContext,
  golden: Golden,
  references: readonly Reference[],
): Promise<string | undefined> {
  const { name, record } = golden;
  for (const version of record.versions) {
    const children = await childrenOfVersion(context, golden, version, references);
    if (children.length > 0)
      return `${name}@${version.number} is needed by ${children.map(({ what }) => what).join(', ')}`;
    if (await isLocked(context, record.pool, version.disk))
      return `${name}@${version.number} is open in a QEMU`;
  }
  return undefined;
}

/** Removes a golden image that nothing needs: its versions, then the domain that tells of them. */
export async function removeGolden(context: HostContext, golden: Golden): Promise<void> {
  let left = golden;
  for (const version of golden.record.versions) left = await removeVersion(context, left, version);
  await context.effects.apply({ kind: 'undefine', domain: left });
}

const DAY_MILLISECONDS = 24 * 3600 * 1000;

/** Automatic images that no run has asked for in so many days, and that nothing needs. */
async function removeUnused(
  context: HostContext,
  images: readonly GoldenEntry[],
  days: number,
  references: readonly Reference[],
): Promise<GoldenEntry[]> {
  const removed: GoldenEntry[] = [];
  const before = context.system.now().getTime() - days * DAY_MILLISECONDS;
  for (const image of images) {
    const { automatic, used, created, state } = image.record;
    if (!automatic || state === 'creating' || Date.parse(used ?? created) > before) continue;
    if ((await imageNeededBy(context, image, references)) !== undefined) continue;
    await removeGolden(context, image);
    context.tell(`${image.name} removed`, { removed: image.name });
    removed.push(image);
  }
  return removed;
}

/** Whether nothing is in the way of a change; what is, is said. */
function mayBeChanged(context: HostContext, image: GoldenEntry): boolean {
  try {
    checkFree(context, image);
    checkWhole(image);
    return true;
  } catch (error) {
    context.warn(`nothing of ${image.name} is pruned: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/**
 * @param keep how many usable versions of each image stay
 * @param unused days after which an automatic image goes that no run asked for; absent: never
 * @returns exit status
 */
export async function prune(
  context: HostContext,
  names: readonly string[],
  { keep, unused }: { keep: number; unused?: number },
): Promise<number> {
  const images = (await ownedDomains(context.virsh)).filter(isGolden);
  for (const name of names) await findGolden(context.virsh, name);
  const references = await allReferences(context.virsh);
  const asked = images.filter(({ name }) => names.length === 0 || names.includes(name));
  const chosen = asked.filter((image) => mayBeChanged(context, image));
  const gone = unused === undefined ? [] : await removeUnused(context, chosen, unused, references);
  for (const image of chosen.filter((one) => !gone.includes(one))) {
    const needed = new Set<number>();
    for (const version of image.record.versions) {
      if ((await childrenOfVersion(context, image, version, references)).length > 0)
        needed.add(version.number);
      else if (await isLocked(context, image.record.pool, version.disk)) needed.add(version.number);
    }
    let left: Golden = image;
    for (const version of prunable(image.record, keep, ({ number }) => needed.has(number))) {
      left = await removeVersion(context, left, version);
      context.tell(`${image.name}@${version.number} removed`, { removed: `${image.name}@${version.number}` });
    }
  }
  return chosen.length === asked.length ? EXIT.ok : EXIT.failed;
}

/** @returns exit status */
export async function remove(context: HostContext, name: string): Promise<number> {
  const golden = await findGolden(context.virsh, name);
  checkFree(context, golden);
  checkWhole(golden);
  const needed = await imageNeededBy(context, golden, await allReferences(context.virsh));
  if (needed !== undefined) throw new Error(`${needed}; nothing was removed`);
  if (!(await confirm(context, `remove golden image ${name} with ${golden.record.versions.length} versions`)))
    return EXIT.failed;
  await removeGolden(context, golden);
  return EXIT.ok;
}
