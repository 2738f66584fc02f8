import { randomBytes } from 'node:crypto';
import type { ExecClient } from '../channel/exec-client.ts';
import { isRemote } from '../channel/remote-host.ts';
import type { HostContext } from '../context/context.ts';
import { createGuest } from '../guest/create-guest.ts';
import { checkUnchanged, versionOf } from '../guest/golden-version.ts';
import { runIn, waitReady } from '../guest/in-guest.ts';
import { parseNic } from '../guest/interfaces.ts';
import { removeGuest, startGuest, stopGuest } from '../guest/lifecycle.ts';
import { findPool, findVolume, imagesOf } from '../libvirt/storage.ts';
import { findGolden, findGuest, ifThere, parseVersionName } from '../record/find.ts';
import type { GoldenVersion } from '../record/host-record.ts';
import { sealCommands } from './build-tree.ts';
import { changeRecord, type Golden } from './publish.ts';
import { type Recipe, versionFiles } from './recipe.ts';
import type { Trial } from './try-version.ts';
import { withVersion } from './versions.ts';

const COMMAND_SECONDS = 3600;
const STOP_SECONDS = 300;
/** What a guest reads may lie in any image of its chain, and each costs a look; all of them are open while it runs. */
const MOST_IMAGES = 8;
const NONE = new Uint8Array(0);

type Command = readonly [string, ...string[]];

/** What is run in the guest, in its order; the script is given on standard input of the last but those that clean up. */
export function inGuestCommands({
  packages,
  remove,
  sources,
  script,
}: Recipe): { argv: Command; input?: string }[] {
  const apt = (...words: string[]) => ({ argv: ['apt-get', '--yes', ...words] as const });
  const lists = sources.length + packages.length + remove.length;
  return [
    ...(sources.length === 0
      ? []
      : [
          {
            argv: ['tee', '/etc/apt/sources.list.d/gandi-host.list'] as const,
            input: `${sources.join('\n')}\n`,
          },
        ]),
    ...(lists === 0 && script === undefined ? [] : [apt('update')]),
    ...(packages.length === 0 ? [] : [apt('install', '--no-install-recommends', ...packages)]),
    ...(remove.length === 0 ? [] : [apt('purge', '--autoremove', ...remove)]),
    ...(script === undefined ? [] : [{ argv: ['sh', '-s'] as const, input: script }]),
  ];
}

/** Packages of the distribution brought up to date. */
export const UPGRADE: Command = ['apt-get', '--yes', '--with-new-pkgs', 'upgrade'];

/** Whoever answers on the port is the toolkit: its shutdown takes away what an image must not have; docs/images.md. */
const SEAL: Command = ['gandi-guest', 'seal', '--yes', '--all-users', '--no-poweroff'];

class GuestShell {
  readonly #context: HostContext;
  readonly #client: ExecClient;
  readonly #trial: Trial;

  constructor(context: HostContext, client: ExecClient, trial: Trial) {
    this.#context = context;
    this.#client = client;
    this.#trial = trial;
  }

  /** @returns standard output @throws Error in one line if the command fails */
  async run(argv: Command, input?: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    let said = '';
    const sink = {
      stdout: (bytes: Uint8Array) => void parts.push(Buffer.from(bytes)),
      stderr: (bytes: Uint8Array) => {
        said = (said + Buffer.from(bytes).toString()).slice(-500);
      },
    };
    const limits = { ...this.#trial, commandSeconds: COMMAND_SECONDS };
    const request = { argv, environment: { DEBIAN_FRONTEND: 'noninteractive' } };
    const bytes = input === undefined ? NONE : Buffer.from(input);
    const ended = await runIn(this.#context, this.#client, request, bytes, sink, limits);
    if ('end' in ended && ended.end.status === 0) return Buffer.concat(parts);
    const how = 'why' in ended ? ended.why : JSON.stringify(ended.end);
    throw new Error(
      `${argv.slice(0, 3).join(' ')} in the guest: ${how}: ${said.trim().split('\n').at(-1) ?? ''}`,
    );
  }
}

/** The kernel and the initial RAM disk that the guest's next boot would take. */
async function bootFilesOf(shell: GuestShell): Promise<Record<'kernel' | 'initrd', Buffer>> {
  const newest = async (prefix: string) => {
    const script = `ls -1v /boot/${prefix}* | tail -n 1`;
    return (await shell.run(['sh', '-c', script])).toString().trim();
  };
  const [kernel, initrd] = [await newest('vmlinuz-'), await newest('initrd.img-')];
  return { kernel: await shell.run(['cat', kernel]), initrd: await shell.run(['cat', initrd]) };
}

/**
 * The next version as an overlay of another image: a guest on it is booted with a network, does what the recipe says, is
 * sealed and switched off.
 * @param number that was reserved for it
 * @throws Error in one line; the volumes of what failed are the caller's to remove
 */
export async function childVersion(
  context: HostContext,
  golden: Golden,
  number: number,
  recipe: Recipe,
  trial: Trial,
  say: (text: string) => void,
): Promise<Golden> {
  const { virsh, effects, settings } = context;
  const { name: parentName, number: parentNumber } = parseVersionName(
    recipe.base.kind === 'golden' ? recipe.base.name : '',
  );
  const parent = await findGolden(virsh, parentName);
  const version = versionOf(parent, parentNumber);
  await checkUnchanged(context, parent, version);
  const { pool } = golden.record;
  if (parent.record.pool !== pool)
    throw new Error(
      `golden image ${parentName} is in pool ${parent.record.pool}, ${golden.name} in ${pool}: they must be in one`,
    );
  const names = versionFiles(golden.name, number);
  await makeDisk(context, pool, names.disk, version, say);
  const name = `${golden.name}-build-${randomBytes(3).toString('hex')}`;
  const parentVersion = `${parentName}@${version.number}`;
  let boot: Record<'kernel' | 'initrd', Buffer> | undefined;
  try {
    say(`${golden.name}: a guest of ${parentVersion} makes version ${number}`);
    const nics = [parseNic(settings.values.nic.value)];
    const wish = { users: [], sshKeys: [], nics, mounts: [], disks: [] };
    await createGuest(context, {
      ...wish,
      name,
      from: parentVersion,
      rootVolume: names.disk,
      disposable: true,
    });
    if (!effects.dryRun) boot = await inGuest(context, name, recipe, trial);
  } catch (error) {
    await removeBuilder(context, name).catch((reason: Error) => {
      context.warn(`guest ${name} stays (${reason.message}); "gandi-host cleanup" removes it`);
    });
    throw error;
  }
  await removeBuilder(context, name);
  if (boot !== undefined && version.kernel !== undefined) await storeBoot(context, pool, names, boot);
  await effects.apply({ kind: 'refresh-pool', pool });
  const disk = effects.dryRun ? undefined : await findVolume(virsh, pool, names.disk);
  const { stamp } = disk ?? {};
  const sha256 = disk === undefined ? undefined : await digestOf(context, disk.path);
  const made: GoldenVersion = {
    number,
    state: 'untested',
    created: context.system.now().toISOString(),
    disk: names.disk,
    ...(version.kernel === undefined ? {} : { kernel: names.kernel, initrd: names.initrd }),
    capacity: version.capacity,
    parent: parentVersion,
    ...(stamp === undefined ? {} : { stamp }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
  return await changeRecord(context, golden, (record) => withVersion(record, made));
}

/** The checksum of a disk; undefined where this user may not read it, or it is on another host. */
async function digestOf({ virsh }: HostContext, path: string): Promise<string | undefined> {
  if (isRemote(virsh.uri ?? '')) return undefined;
  const argv = ['sha256sum', '--binary', '--', path] as const;
  const { stdout } = await virsh.commands.run(argv, { timeoutSeconds: COMMAND_SECONDS });
  return /^[0-9a-f]{64}/.exec(stdout)?.[0];
}

/** The disk of a version: an overlay of its parent's, or a whole copy where too many images would lie below it. */
async function makeDisk(
  { virsh, effects }: HostContext,
  pool: string,
  volume: string,
  { disk, capacity: bytes }: GoldenVersion,
  say: (text: string) => void,
): Promise<void> {
  const where = await findPool(virsh, pool);
  if (where !== undefined && (await imagesOf(virsh, where, disk, MOST_IMAGES)) >= MOST_IMAGES) {
    say(`${volume}: a whole copy, for ${disk} is made of ${MOST_IMAGES} images already`);
    await effects.apply({ kind: 'copy-volume', pool, volume, bytes, from: disk });
    return;
  }
  const backing = { volume: disk, format: 'qcow2' };
  await effects.apply({ kind: 'create-volume', pool, volume, bytes, format: 'qcow2', backing });
}

async function inGuest(
  context: HostContext,
  name: string,
  recipe: Recipe,
  trial: Trial,
): Promise<Record<'kernel' | 'initrd', Buffer>> {
  const guest = await findGuest(context.virsh, name);
  await startGuest(context, guest);
  const ready = await waitReady(context, guest, trial);
  if ('why' in ready) throw new Error(`the guest that makes it was not ready (${ready.why})`);
  try {
    const shell = new GuestShell(context, ready.client, trial);
    for (const { argv, input } of inGuestCommands(recipe)) await shell.run(argv, input);
    const boot = await bootFilesOf(shell);
    for (const [program, ...args] of sealCommands('', true)) await shell.run([program, ...args]);
    await shell.run(SEAL);
    return boot;
  } finally {
    ready.client.close();
    if (!(await stopGuest(context, guest, STOP_SECONDS)))
      await context.effects.apply({ kind: 'destroy', domain: guest });
  }
}

async function removeBuilder(context: HostContext, name: string): Promise<void> {
  const guest = await ifThere(findGuest(context.virsh, name));
  if (guest !== undefined) await removeGuest(context, guest);
}

async function storeBoot(
  { effects }: HostContext,
  pool: string,
  names: Record<'kernel' | 'initrd', string>,
  boot: Record<'kernel' | 'initrd', Buffer>,
): Promise<void> {
  for (const part of ['kernel', 'initrd'] as const) {
    const content = boot[part];
    await effects.apply({
      kind: 'create-volume',
      pool,
      volume: names[part],
      bytes: content.length,
      format: 'raw',
    });
    await effects.apply({ kind: 'upload-content', pool, volume: names[part], content });
  }
}
