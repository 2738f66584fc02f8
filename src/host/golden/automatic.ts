import { isDeepStrictEqual } from 'node:util';
import type { HostContext } from '../context/context.ts';
import { versionOf } from '../guest/golden-version.ts';
import { type Element, findElement, textOf } from '../libvirt/xml.ts';
import { findGolden, ifThere, type Owned, parseVersionName } from '../record/find.ts';
import type { GoldenRecord } from '../record/host-record.ts';
import { isAtWork, thisMaker } from '../record/maker.ts';
import { createGolden, type Say } from './create.ts';
import { changeRecord } from './publish.ts';
import { type Recipe, recipeDigest } from './recipe.ts';
import { removeGolden } from './remove.ts';
import type { Trial } from './try-version.ts';

/** What an automatic image has beside the image that it is made of. */
export type Additions = Pick<Recipe, 'packages' | 'remove' | 'sources' | 'script'>;

const LOOK_MILLISECONDS = 1000;
/** A use is noted once in that time: a note costs a run a call of libvirt. */
const NOTED_MILLISECONDS = 24 * 3600 * 1000;
const DIGEST_LENGTH = 16;

/** Its name, by what it is made of: the same wish finds the same image, and another version of its base is another one. */
export const automaticName = (base: string, recipe: Recipe): string =>
  `${base.slice(0, 40)}-auto-${recipeDigest(recipe).slice(0, DIGEST_LENGTH)}`;

/** Memory of a definition, in MiB; libvirt tells it in KiB. */
const memoryOf = (definition: Element): number => {
  const memory = findElement(definition, 'memory');
  const unit = memory?.getAttribute('unit') ?? 'KiB';
  const kibibytes = { KiB: 1, MiB: 1024, GiB: 1024 ** 2 }[unit] ?? 1;
  return Math.max(1, Math.floor((Number(memory?.textContent) * kibibytes) / 1024));
};

async function findImage(context: HostContext, name: string): Promise<Owned<GoldenRecord> | undefined> {
  return await ifThere(findGolden(context.virsh, name));
}

/**
 * Waits as long as another process makes an image.
 * @throws Error in one line if that takes too long, or the other one is gone
 */
async function whenMade(context: HostContext, name: string, trial: Trial): Promise<Owned<GoldenRecord>> {
  const { system, virsh } = context;
  const until = system.elapsed() + 2 * trial.readySeconds * 1000;
  for (;;) {
    const image = await findGolden(virsh, name);
    if (image.record.current !== undefined) return image;
    if (!isAtWork(image.record.maker, system))
      throw new Error(
        `golden image ${name} was never finished; "gandi-host golden remove ${name}" removes it`,
      );
    if (trial.interrupts.count > 0) throw new Error(`interrupted while another process makes ${name}`);
    if (system.elapsed() > until) throw new Error(`another process still makes golden image ${name}`);
    await system.sleep(LOOK_MILLISECONDS);
  }
}

/**
 * The image that has what is wished beside what a golden image has: found by a digest of what it is made of, or made now.
 * @param from `NAME` or `NAME@V` of the golden image
 * @returns `NAME@V` of the automatic one
 * @throws Error in one line; nothing stays of one that failed
 */
export async function automaticImage(
  context: HostContext,
  from: string,
  additions: Additions,
  options: { workDirectory: string; trial: Trial },
  say: Say,
): Promise<string> {
  const { system, virsh, effects } = context;
  const { name: baseName, number } = parseVersionName(from);
  const base = await findGolden(virsh, baseName);
  const version = versionOf(base, number);
  const recipe: Recipe = { ...additions, base: { kind: 'golden', name: `${baseName}@${version.number}` } };
  const name = automaticName(baseName, recipe);
  const found = await findImage(context, name);
  if (found !== undefined) {
    const image = found.record.current === undefined ? await whenMade(context, name, options.trial) : found;
    const used = Date.parse(image.record.used ?? '') || 0;
    if (system.now().getTime() - used > NOTED_MILLISECONDS)
      await changeRecord(context, image, (record) => ({ ...record, used: system.now().toISOString() }));
    return `${name}@${image.record.current}`;
  }
  const machine = {
    memoryMebibytes: memoryOf(base.definition),
    cpus: Number(textOf(base.definition, 'vcpu')) || 1,
  };
  const wish = { name, recipe, bytes: version.capacity, ...machine, ...options, automatic: true };
  try {
    const made = await createGolden(context, wish, say);
    return effects.dryRun ? `${baseName}@${version.number}` : `${name}@${made.record.current}`;
  } catch (error) {
    const left = await findImage(context, name);
    // Whoever was quicker with the same wish has the name.
    if (left !== undefined && !isDeepStrictEqual(left.record.maker, thisMaker(system)))
      return `${name}@${(await whenMade(context, name, options.trial)).record.current}`;
    if (left !== undefined) await removeGolden(context, left);
    throw error;
  }
}
