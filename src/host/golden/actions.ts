import { statusBehindLinks } from '../../machine/files/files.ts';
import { cleanLine } from '../../machine/runtime/clean-text.ts';
import { EXIT } from '../../terminal/exit-status.ts';
import { renderTable } from '../../terminal/table.ts';
import { checkPortAccess } from '../channel/open-port.ts';
import { catchInterrupts } from '../commands/interrupts.ts';
import type { HostContext } from '../context/context.ts';
import { parseSize } from '../guest/mounts.ts';
import { findGolden, type GoldenEntry, isGolden, ownedDomains, parseVersionName } from '../record/find.ts';
import { checkWhole } from '../record/host-record.ts';
import { createGolden } from './create.ts';
import { inspectImage } from './inspect-image.ts';
import type { CreateOptions } from './options.ts';
import { changeRecord, checkFree } from './publish.ts';
import { checkGoldenName, parsePackages, parseRecipe, type Recipe } from './recipe.ts';
import { tryVersion } from './try-version.ts';
import { rolledBack } from './versions.ts';

/** Which every system has: os-release(5). */
const OS_RELEASE = ['etc/os-release', 'usr/lib/os-release'];

export const progress =
  ({ system }: HostContext) =>
  (text: string) =>
    system.output.printError(`gandi-host: ${text}\n`);

async function baseOf(context: HostContext, { from, suite }: CreateOptions): Promise<Recipe['base']> {
  if (from === undefined) return { kind: 'nothing', suite };
  if (!from.startsWith('/')) {
    await findGolden(context.virsh, parseVersionName(from).name);
    return { kind: 'golden', name: from };
  }
  const { files } = context.system;
  if (files.status(from) === undefined) throw new Error(`--from ${cleanLine(from)}: there is no such file`);
  if (statusBehindLinks(files, from)?.kind === 'directory') {
    if (!OS_RELEASE.some((file) => files.status(`${from}/${file}`) !== undefined))
      throw new Error(
        `--from ${cleanLine(from)}: no system is installed there, for it has no ${OS_RELEASE[0]}`,
      );
    return { kind: 'tree', name: from };
  }
  return { kind: 'image', name: from };
}

async function recipeOf(context: HostContext, options: CreateOptions): Promise<Recipe> {
  const base = await baseOf(context, options);
  const { script, source, check } = options;
  const text = script === undefined ? undefined : context.system.files.readText(script);
  if (script !== undefined && text === undefined)
    throw new Error(`--script ${script}: there is no such file`);
  const toolkit = options.toolkit ?? context.settings.values.toolkit.value;
  const isOffline = base.kind === 'nothing' || base.kind === 'tree';
  if (isOffline && toolkit !== '' && context.system.files.status(toolkit) === undefined)
    throw new Error(
      `the toolkit ${toolkit}: there is no such file or directory; name its .deb with --toolkit, or in host.conf`,
    );
  if (base.kind === 'nothing' && toolkit === '')
    throw new Error(
      'an image made of nothing needs the toolkit: name its .deb with --toolkit, or in host.conf',
    );
  const recipe: Recipe = {
    base,
    packages: parsePackages('--packages', options.packages),
    remove: parsePackages('--remove-packages', options.removePackages),
    sources: source,
    ...(text === undefined ? {} : { script: text }),
    ...(isOffline && toolkit !== '' ? { toolkit } : {}),
    ...(check === undefined ? {} : { check }),
  };
  const { packages, remove, sources } = recipe;
  if (base.kind === 'image' && (text !== undefined || packages.length + remove.length + sources.length > 0))
    throw new Error(
      'an image file is taken as it is: make another golden image of it for packages and scripts',
    );
  if (base.kind === 'image') await inspectImage(context, base.name);
  return recipe;
}

/** @returns exit status */
export async function create(context: HostContext, name: string, options: CreateOptions): Promise<number> {
  const bytes = parseSize(options.size);
  if (bytes === undefined) throw new Error(`--size ${options.size}: expected a size such as 10G`);
  checkGoldenName(name);
  checkPortAccess(context);
  const recipe = await recipeOf(context, options);
  const interrupts = catchInterrupts();
  try {
    const { memory, cpus, workDirectory, readyTimeout, check: command } = options;
    const trial = {
      readySeconds: readyTimeout,
      interrupts,
      ...(command === undefined ? {} : { check: command }),
    };
    const machine = { memoryMebibytes: memory, cpus };
    const wish = { name, recipe, bytes, ...machine, workDirectory, trial };
    const { record } = await createGolden(context, wish, progress(context));
    context.tell(`${name}@${record.current}`, { name, version: record.current });
    return EXIT.ok;
  } finally {
    interrupts.release();
  }
}

/** The version that an image was made of, where its parent has a newer one. */
export function behind({ record }: GoldenEntry, all: readonly GoldenEntry[]): string | undefined {
  const current = record.versions.find(({ number }) => number === record.current);
  if (current?.parent === undefined) return undefined;
  const { name, number } = parseVersionName(current.parent);
  const parent = all.find((entry) => entry.name === name);
  return parent?.record.current !== undefined && parent.record.current !== number
    ? current.parent
    : undefined;
}

/** @returns exit status */
export async function list(context: HostContext): Promise<number> {
  const images = (await ownedDomains(context.virsh)).filter(isGolden);
  const rows = images.map((image) => ({
    name: image.name,
    current: image.record.current ?? null,
    versions: image.record.versions.map(({ number, state }) => ({ number, state })),
    state: image.record.damage === undefined ? image.record.state : 'damaged',
    behind: behind(image, images) ?? null,
  }));
  if (context.options.json) context.printJson({ golden: rows });
  else
    context.system.output.print(
      renderTable(
        ['NAME', 'CURRENT', 'VERSIONS', 'STATE'],
        rows.map(({ name, current, versions, state, behind: old }) => [
          name,
          current === null ? '-' : String(current),
          versions
            .map(({ number, state: is }) => (is === 'ready' ? `${number}` : `${number} (${is})`))
            .join(', '),
          old === null ? state : `behind: made of ${old}`,
        ]),
        context.system.output.isTerminal(),
      ),
    );
  return EXIT.ok;
}

/** @returns exit status */
export async function show(context: HostContext, name: string): Promise<number> {
  const { record, uuid } = await findGolden(context.virsh, name);
  const { recipe, ...rest } = record;
  context.printJson({ name, ...rest, uuid, recipe: parseRecipe(recipe) ?? recipe });
  return EXIT.ok;
}

/** @returns exit status */
export async function rollback(context: HostContext, text: string): Promise<number> {
  const { name, number } = parseVersionName(text);
  const golden = await findGolden(context.virsh, name);
  checkFree(context, golden);
  const { record } = await changeRecord(context, golden, (now) => rolledBack(now, name, number));
  context.tell(`${name}@${record.current}`, { name, version: record.current });
  return EXIT.ok;
}

/** @returns exit status */
export async function check(
  context: HostContext,
  text: string,
  options: { check?: string; readyTimeout: number },
): Promise<number> {
  const { name, number } = parseVersionName(text);
  const golden = await findGolden(context.virsh, name);
  checkFree(context, golden);
  checkWhole(golden);
  const newest = golden.record.versions.at(-1)?.number;
  const wanted = number ?? newest;
  checkPortAccess(context);
  if (wanted === undefined) throw new Error(`golden image ${name} has no version`);
  const interrupts = catchInterrupts();
  try {
    const command = options.check ?? parseRecipe(golden.record.recipe)?.check;
    const trial = {
      readySeconds: options.readyTimeout,
      interrupts,
      ...(command === undefined ? {} : { check: command }),
    };
    await tryVersion(context, golden, wanted, trial);
    context.tell(`${name}@${wanted}`, { name, version: wanted });
    return EXIT.ok;
  } finally {
    interrupts.release();
  }
}
