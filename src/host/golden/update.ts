import { EXIT } from '../../terminal/exit-status.ts';
import { checkPortAccess } from '../channel/open-port.ts';
import { catchInterrupts, type Interrupts } from '../commands/interrupts.ts';
import type { HostContext } from '../context/context.ts';
import { checkNew } from '../guest/new-volumes.ts';
import { findPool } from '../libvirt/storage.ts';
import { findGolden, isGolden, ownedDomains, parseVersionName } from '../record/find.ts';
import { checkWhole } from '../record/host-record.ts';
import { progress } from './actions.ts';
import { makeVersion } from './create.ts';
import type { UpdateOptions } from './options.ts';
import { checkFree } from './publish.ts';
import { parseRecipe, type Recipe, versionFiles } from './recipe.ts';
import { tryVersion } from './try-version.ts';
import { updateOrder } from './update-order.ts';

/** A child is made of its parent's current version; an image with a version of its own base is made anew. */
function nextRecipe(recipe: Recipe): Recipe {
  if (recipe.base.kind !== 'golden') return recipe;
  return { ...recipe, base: { kind: 'golden', name: parseVersionName(recipe.base.name).name } };
}

/** @param newCheck takes the place of the recipe's, and stays in it */
async function updateOne(
  context: HostContext,
  name: string,
  options: UpdateOptions,
  newCheck: string | undefined,
  interrupts: Interrupts,
): Promise<void> {
  const found = await findGolden(context.virsh, name);
  checkFree(context, found);
  checkWhole(found);
  const old = parseRecipe(found.record.recipe);
  if (old === undefined) throw new Error(`${name}: its recipe cannot be read; make it anew`);
  const recipe = newCheck === undefined ? old : { ...old, check: newCheck };
  const golden = { ...found, record: { ...found.record, recipe: JSON.stringify(recipe) } };
  const last = golden.record.versions.at(-1);
  const { workDirectory, readyTimeout } = options;
  const { check } = recipe;
  const trial = { readySeconds: readyTimeout, interrupts, ...(check === undefined ? {} : { check }) };
  const bytes = last?.capacity ?? 8 * 1024 ** 3;
  const say = progress(context);
  const pool = await findPool(context.virsh, golden.record.pool);
  if (pool !== undefined)
    await checkNew(context, pool, Object.values(versionFiles(name, golden.record.next)), name);
  const made = await makeVersion(context, golden, nextRecipe(recipe), { bytes, workDirectory, trial }, say);
  const number = golden.record.next;
  say(`${name}: trying version ${number}`);
  await tryVersion(context, made, number, trial);
  context.tell(`${name}@${number}`, { name, version: number });
}

/** @throws Error in one line for what does not say which images are meant */
function checkWords(names: readonly string[], { all, check }: UpdateOptions): void {
  if (names.length === 0 && !all) throw new Error('name the golden images to update, or say --all');
  if (names.length === 0 && check !== undefined)
    throw new Error('--check is for golden images that are named, not for --all');
}

/**
 * Makes the next version of images, parents first. One that fails is told, and costs those that are made of it nothing but
 * their parent's old version.
 * @returns exit status: 1 if one failed
 */
export async function update(
  context: HostContext,
  names: readonly string[],
  options: UpdateOptions,
): Promise<number> {
  const images = (await ownedDomains(context.virsh)).filter(isGolden);
  checkPortAccess(context);
  for (const name of names) await findGolden(context.virsh, name);
  checkWords(names, options);
  const descents = images.map(({ name, record }) => {
    const base = parseRecipe(record.recipe)?.base;
    return base?.kind === 'golden' ? { name, parent: parseVersionName(base.name).name } : { name };
  });
  const wanted = options.all ? undefined : names;
  const interrupts = catchInterrupts();
  let failed = false;
  try {
    for (const name of updateOrder(descents, wanted, options.recursive ?? false)) {
      if (interrupts.count > 0) break;
      try {
        const check = names.includes(name) ? options.check : undefined;
        await updateOne(context, name, options, check, interrupts);
      } catch (error) {
        failed = true;
        context.system.output.printError(`gandi-host: ${error instanceof Error ? error.message : error}\n`);
      }
    }
  } finally {
    interrupts.release();
  }
  return failed || interrupts.count > 0 ? EXIT.failed : EXIT.ok;
}
