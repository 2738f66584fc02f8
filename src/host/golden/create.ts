import { randomUUID } from 'node:crypto';
import type { HostContext } from '../context/context.ts';
import { goldenNode, type Machine } from '../guest/definition.ts';
import { checkNew } from '../guest/new-volumes.ts';
import { findVolume, isActivePool } from '../libvirt/storage.ts';
import { childrenOf, findElement, makeElement, parseXml, textOf, xmlText } from '../libvirt/xml.ts';
import { claimName } from '../record/claim.ts';
import { findGolden } from '../record/find.ts';
import { type GoldenRecord, hostRecordText } from '../record/host-record.ts';
import { thisMaker } from '../record/maker.ts';
import { ensurePool } from '../record/pool.ts';
import { withRecord } from '../record/with-record.ts';
import { buildDisk } from './build-tree.ts';
import { childVersion } from './child-version.ts';
import { importImage } from './import-image.ts';
import { changeRecord, type Golden, publishVersion, reserveVersion } from './publish.ts';
import { type Recipe, versionFiles } from './recipe.ts';
import { type Trial, tryVersion } from './try-version.ts';

/** A new golden image. */
export interface GoldenWish {
  name: string;
  recipe: Recipe;
  /** Of the disk, as a guest sees it. */
  bytes: number;
  memoryMebibytes: number;
  cpus: number;
  /** Directory for what is being built. */
  workDirectory: string;
  trial: Trial;
  /** Made for a run, to be found by what it is made of. */
  automatic?: boolean;
}

/** Says what goes on. */
export type Say = (text: string) => void;

/**
 * What Linux offers of a CPU of AMD as if it were one of Intel's: a KVM within another one cannot set its register, and QEMU
 * ends with "failed to set MSR 0x10a" (target/i386/kvm/kvm.c).
 */
const NOT_OF_AMD = ['arch-capabilities'];

/** KVM where libvirt has it, unless the setting is against it. */
async function machineType({
  virsh,
  settings,
}: HostContext): Promise<Pick<Machine, 'type' | 'withoutFeatures'>> {
  if (settings.values.emulation.value === 'yes') return { type: 'qemu' };
  const { failure, stdout } = await virsh.ask('domcapabilities', '--virttype', 'kvm');
  if (failure !== undefined) return { type: 'qemu' };
  const cpu = findElement(parseXml(stdout), 'cpu');
  const modes = cpu === undefined ? [] : childrenOf(cpu, 'mode');
  const isAmd = modes.some((mode) => textOf(mode, 'vendor') === 'AMD');
  return { type: 'kvm', ...(isAmd ? { withoutFeatures: NOT_OF_AMD } : {}) };
}

/** Claims the name: libvirt defines no second domain of it. */
async function claim(context: HostContext, wish: GoldenWish): Promise<Golden> {
  const { system } = context;
  const { name, recipe, memoryMebibytes, cpus } = wish;
  const pool = await ensurePool(context);
  const names = versionFiles(name, 1);
  // Of a pool that a dry run has not made nothing can be said.
  if (await isActivePool(context.virsh, pool.name)) await checkNew(context, pool, Object.values(names), name);
  const uuid = randomUUID();
  const record: GoldenRecord = {
    uuid,
    role: 'golden',
    state: 'creating',
    created: system.now().toISOString(),
    maker: thisMaker(system),
    pool: pool.name,
    next: 1,
    versions: [],
    recipe: JSON.stringify(recipe),
    ...(wish.automatic ? { automatic: true, used: system.now().toISOString() } : {}),
  };
  const at = (file: string) => `${pool.path ?? ''}/${file}`;
  const machine: Machine = { ...(await machineType(context)), memoryMebibytes, cpus };
  const disk = { path: at(names.disk), format: 'qcow2' as const };
  const boot =
    recipe.base.kind === 'image' ? undefined : { kernel: at(names.kernel), initrd: at(names.initrd) };
  const xml = xmlText(makeElement(goldenNode(name, uuid, machine, disk, boot)));
  await claimName(context, { name, uuid }, withRecord(xml, hostRecordText(record)));
  return { uuid, name, record };
}

type VersionOptions = Pick<GoldenWish, 'bytes' | 'workDirectory' | 'trial'>;

/**
 * Makes the next version by a recipe, untested.
 * @throws Error in one line; the volumes of what failed are removed then
 */
export async function makeVersion(
  context: HostContext,
  golden: Golden,
  recipe: Recipe,
  options: VersionOptions,
  say: Say,
): Promise<Golden> {
  try {
    const reserved = await reserveVersion(context, golden);
    return await madeVersion(context, reserved, golden.record.next, recipe, options, say);
  } catch (error) {
    if (!context.effects.dryRun) await removeBegun(context, golden);
    throw error;
  }
}

async function madeVersion(
  context: HostContext,
  golden: Golden,
  number: number,
  recipe: Recipe,
  options: VersionOptions,
  say: Say,
): Promise<Golden> {
  const { effects } = context;
  if (recipe.base.kind === 'golden')
    return await childVersion(context, golden, number, recipe, options.trial, say);
  const template = `${options.workDirectory}/gandi-host-${context.system.pid}-XXXXXXXX`;
  const made = await effects.apply({ kind: 'command', argv: ['mktemp', '-d', template], timeoutSeconds: 60 });
  const work = made.trim() || template;
  try {
    say(`${golden.name}: building`);
    const built =
      recipe.base.kind === 'image'
        ? await importImage(context, recipe.base.name, work)
        : { ...(await buildDisk(context, recipe, work, options.bytes)), capacity: options.bytes };
    say(`${golden.name}: storing version ${number}`);
    return await publishVersion(context, golden, number, built);
  } finally {
    await effects.apply({ kind: 'command', argv: ['rm', '-rf', '--', work], timeoutSeconds: 600 });
  }
}

/** Removes the volumes of a version that was begun; what cannot be removed is said, and left for a cleanup. */
async function removeBegun(context: HostContext, { name, record }: Golden): Promise<void> {
  const { virsh, effects } = context;
  const { pool, next } = record;
  try {
    // Where only the answer to the last note was lost, it is a version.
    const noted = (await findGolden(virsh, name)).record.versions.some(({ number }) => number === next);
    if (noted) return;
    for (const volume of Object.values(versionFiles(name, next)))
      if ((await findVolume(virsh, pool, volume)) !== undefined)
        await effects.apply({ kind: 'delete-volume', pool, volume });
  } catch (error) {
    context.warn(
      `${name}@${next} stays half made (${error instanceof Error ? error.message : error}); "gandi-host cleanup" removes it`,
    );
  }
}

/** The name is free again, unless something is left that the domain tells of. */
async function undoClaim(context: HostContext, { name, uuid, record }: Golden): Promise<void> {
  const { virsh, effects } = context;
  try {
    for (const volume of Object.values(versionFiles(name, record.next)))
      if ((await findVolume(virsh, record.pool, volume)) !== undefined) return;
    await effects.apply({ kind: 'undefine', domain: { uuid, name } });
  } catch (error) {
    context.warn(
      `golden image ${name} stays half made (${error instanceof Error ? error.message : error}); "gandi-host cleanup" removes it`,
    );
  }
}

/**
 * Makes a golden image. Where that fails nothing of it stays but a version that failed its trial.
 * @throws Error in one line
 */
export async function createGolden(context: HostContext, wish: GoldenWish, say: Say): Promise<Golden> {
  const claimed = await claim(context, wish);
  let golden: Golden;
  try {
    golden = await makeVersion(context, claimed, wish.recipe, wish, say);
  } catch (error) {
    if (!context.effects.dryRun) await undoClaim(context, claimed);
    throw error;
  }
  const ready = await changeRecord(context, golden, (record) => ({ ...record, state: 'ready' }));
  const number = claimed.record.next;
  say(`${golden.name}: trying version ${number}`);
  return await tryVersion(context, ready, number, wish.trial);
}
