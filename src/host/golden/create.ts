import { randomUUID } from 'node:crypto';
import type { HostContext } from '../context/context.ts';
import { goldenNode, type Machine } from '../guest/definition.ts';
import { childrenOf, findElement, makeElement, parseXml, textOf, xmlText } from '../libvirt/xml.ts';
import { claimName } from '../record/claim.ts';
import { type GoldenRecord, hostRecordText } from '../record/host-record.ts';
import { thisMaker } from '../record/maker.ts';
import { ensurePool } from '../record/pool.ts';
import { withRecord } from '../record/with-record.ts';
import { buildDisk } from './build-tree.ts';
import { childVersion } from './child-version.ts';
import { importImage } from './import-image.ts';
import { type Golden, publishVersion, saveRecord } from './publish.ts';
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
  const names = versionFiles(name, 1);
  const at = (file: string) => `${pool.path ?? ''}/${file}`;
  const machine: Machine = { ...(await machineType(context)), memoryMebibytes, cpus };
  const disk = { path: at(names.disk), format: 'qcow2' as const };
  const boot =
    recipe.base.kind === 'image' ? undefined : { kernel: at(names.kernel), initrd: at(names.initrd) };
  const xml = xmlText(makeElement(goldenNode(name, uuid, machine, disk, boot)));
  await claimName(context, name, withRecord(xml, hostRecordText(record)));
  return { uuid, name, record };
}

/** Makes the next version by a recipe, untested. */
export async function makeVersion(
  context: HostContext,
  golden: Golden,
  recipe: Recipe,
  options: Pick<GoldenWish, 'bytes' | 'workDirectory' | 'trial'>,
  say: Say,
): Promise<Golden> {
  const { effects } = context;
  if (recipe.base.kind === 'golden') return await childVersion(context, golden, recipe, options.trial, say);
  const template = `${options.workDirectory}/gandi-host-${context.system.pid}-XXXXXXXX`;
  const made = await effects.apply({ kind: 'command', argv: ['mktemp', '-d', template], timeoutSeconds: 60 });
  const work = made.trim() || template;
  try {
    say(`${golden.name}: building`);
    const built =
      recipe.base.kind === 'image'
        ? await importImage(context, recipe.base.name, work)
        : { ...(await buildDisk(context, recipe, work, options.bytes)), capacity: options.bytes };
    say(`${golden.name}: storing version ${golden.record.next}`);
    return await publishVersion(context, golden, built);
  } finally {
    await effects.apply({ kind: 'command', argv: ['rm', '-rf', '--', work], timeoutSeconds: 600 });
  }
}

/** Volumes first: the domain tells of them. */
async function removeBegun({ virsh, effects }: HostContext, { name, uuid, record }: Golden): Promise<void> {
  const { pool } = record;
  for (const volume of Object.values(versionFiles(name, 1))) {
    const known = await virsh.ask('vol-info', '--pool', pool, '--vol', volume);
    if (known.failure === undefined) await effects.apply({ kind: 'delete-volume', pool, volume });
  }
  await effects.apply({ kind: 'undefine', domain: { uuid, name } });
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
    if (!context.effects.dryRun) await removeBegun(context, claimed);
    throw error;
  }
  const ready: Golden = { ...golden, record: { ...golden.record, state: 'ready' } };
  await saveRecord(context, ready);
  const number = ready.record.next - 1;
  say(`${golden.name}: trying version ${number}`);
  return await tryVersion(context, ready, number, wish.trial);
}
