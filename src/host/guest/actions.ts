import { randomBytes } from 'node:crypto';
import { EXIT } from '../../terminal/exit-status.ts';
import { renderTable } from '../../terminal/table.ts';
import { checkPortAccess } from '../channel/open-port.ts';
import { isReachedBySsh, isRemote, type RemoteHost, remoteHost } from '../channel/remote-host.ts';
import { catchInterrupts } from '../commands/interrupts.ts';
import { shownCommand } from '../commands/shown-command.ts';
import type { HostContext } from '../context/context.ts';
import { findVolume } from '../libvirt/storage.ts';
import { confirm } from '../record/confirm.ts';
import { findGolden, findGuest, ownedDomains, parseVersionName } from '../record/find.ts';
import { createGuest } from './create-guest.ts';
import { type ChainImage, unchangedChain, versionOf } from './golden-version.ts';
import { waitReady } from './in-guest.ts';
import { checkUnneeded, isRunning, removeGuest, startGuest, stopGuest } from './lifecycle.ts';
import { type CreateGuestOptions, guestWish } from './options.ts';

const CHECKSUM_SECONDS = 3600;

/** @returns exit status */
export async function create(
  context: HostContext,
  given: string | undefined,
  options: CreateGuestOptions,
): Promise<number> {
  const { from, script: file, start: toStart } = options;
  const name = given ?? `${parseVersionName(from).name}-${randomBytes(3).toString('hex')}`;
  const script = file === undefined ? undefined : context.system.files.readText(file);
  if (file !== undefined && script?.startsWith('#!') !== true)
    throw new Error(`--script ${file}: there is no such file, or it does not begin with #!`);
  const wish = await guestWish(context, options, [context.settings.values.nic.value]);
  const made = await createGuest(context, { ...wish, name, ...(script === undefined ? {} : { script }) });
  if (toStart) await context.effects.apply({ kind: 'start', domain: made });
  context.tell(name, { ...made });
  return EXIT.ok;
}

/** @returns exit status */
export async function list(context: HostContext): Promise<number> {
  const rows = (await ownedDomains(context.virsh)).flatMap(({ name, uuid, state, record }) =>
    record.role === 'guest'
      ? [{ name, uuid, state: record.state === 'creating' ? 'creating' : state, golden: record.golden }]
      : [],
  );
  if (context.options.json) context.printJson({ guests: rows });
  else
    context.system.output.print(
      renderTable(
        ['NAME', 'STATE', 'GOLDEN'],
        rows.map(({ name, state, golden }) => [name, state, golden]),
        context.system.output.isTerminal(),
      ),
    );
  return EXIT.ok;
}

/** @returns exit status */
export async function show(context: HostContext, name: string): Promise<number> {
  const guest = await findGuest(context.virsh, name);
  const running = await isRunning(context, guest);
  context.printJson({ name, running, ...guest.record });
  return EXIT.ok;
}

/** @returns exit status */
export async function start(
  context: HostContext,
  name: string,
  { wait, timeout }: { wait?: boolean; timeout: number },
): Promise<number> {
  if (wait) checkPortAccess(context);
  const guest = await findGuest(context.virsh, name);
  await startGuest(context, guest);
  if (!wait || context.effects.dryRun) return EXIT.ok;
  const interrupts = catchInterrupts();
  try {
    const ready = await waitReady(context, guest, { readySeconds: timeout, interrupts });
    if ('client' in ready) {
      ready.client.close();
      return EXIT.ok;
    }
    throw new Error(`guest ${name} was not ready within ${timeout} s (${ready.why}); it was left running`);
  } finally {
    interrupts.release();
  }
}

/** @returns exit status */
export async function stop(
  context: HostContext,
  name: string,
  { timeout, force }: { timeout: number; force?: boolean },
): Promise<number> {
  const guest = await findGuest(context.virsh, name);
  if (await stopGuest(context, guest, timeout)) return EXIT.ok;
  if (!force) throw new Error(`guest ${name} still runs after ${timeout} s; --force pulls the plug`);
  await context.effects.apply({ kind: 'destroy', domain: guest });
  return EXIT.ok;
}

/** Shut down and started again: a new QEMU, with the definition as it is now. @returns exit status */
export async function restart(
  context: HostContext,
  name: string,
  { force, ...options }: { wait?: boolean; timeout: number; force?: boolean },
): Promise<number> {
  const stopped = await stop(context, name, { timeout: options.timeout, ...(force ? { force } : {}) });
  return stopped === EXIT.ok ? await start(context, name, options) : stopped;
}

/** @returns exit status */
export async function destroy(context: HostContext, name: string): Promise<number> {
  const guest = await findGuest(context.virsh, name);
  await checkUnneeded(context, guest);
  if (!(await confirm(context, `remove guest ${name} with its disks`))) return EXIT.failed;
  const kept = await removeGuest(context, guest);
  for (const volume of kept) context.tell(`kept: volume ${volume}`, { kept: volume });
  return EXIT.ok;
}

/** @returns exit status: 1 if something is not as it was made */
export async function verify(
  context: HostContext,
  name: string,
  { checksum }: { checksum?: boolean },
): Promise<number> {
  const { record } = await findGuest(context.virsh, name);
  const { name: goldenName, number } = parseVersionName(record.golden);
  const golden = await findGolden(context.virsh, goldenName);
  const chain = await unchangedChain(context, golden, versionOf(golden, number, true));
  for (const { pool, name: volume } of record.volumes) {
    if ((await findVolume(context.virsh, pool, volume)) === undefined)
      throw new Error(`guest ${name}: its volume ${pool}/${volume} is gone`);
  }
  if (checksum) for (const image of chain) await checkDigest(context, image);
  return EXIT.ok;
}

/** Reads a whole image. @throws Error in one line if it is not what was made, or that cannot be told */
async function checkDigest({ virsh }: HostContext, { name, path, version }: ChainImage): Promise<void> {
  if (isRemote(virsh.uri ?? ''))
    throw new Error(`${path} is on another host: run guest verify --checksum there, with -c qemu:///system`);
  if (version.sha256 === undefined)
    throw new Error(
      `${name}: no checksum was noted when it was made; a golden update makes a version with one`,
    );
  const argv = ['sha256sum', '--binary', '--', path] as const;
  const { stdout, failure } = await virsh.commands.run(argv, { timeoutSeconds: CHECKSUM_SECONDS });
  if (failure !== undefined) throw new Error(failure);
  if (!stdout.startsWith(version.sha256))
    throw new Error(`${name}: ${path} has another checksum than it was made with`);
}

/** @returns exit status of virsh */
export async function openConsole(context: HostContext, name: string): Promise<number> {
  const { uuid } = await findGuest(context.virsh, name);
  return await context.system.commands.runInForeground(context.virsh.argv('console', uuid));
}

/** Addresses in what `domifaddr` prints, which has no other form; those of this machine alone are left out. */
export const parseAddresses = (text: string): string[] =>
  [...text.matchAll(/\s(?:ipv4|ipv6)\s+([0-9a-f.:]+)\/\d+/g)]
    .map(([, address = '']) => address)
    .filter((address) => !/^(?:127\.|::1$|fe80:)/.test(address));

/**
 * Options of ssh(1) for a guest of another host, whose networks may end there: by that host, as libvirt is reached.
 * @param remote undefined: this host
 */
export function jumpOptions(remote: RemoteHost | undefined): string[] {
  if (remote === undefined) return [];
  // In words of ours ssh is to find none of its own, which it has for address and port.
  const words = [...remote.options, '--', remote.destination].map((word) => word.replaceAll('%', '%%'));
  return ['-o', `ProxyCommand=${shownCommand(['ssh', '-W', '[%h]:%p', ...words])}`];
}

/** @returns exit status of ssh */
export async function ssh(context: HostContext, name: string, words: readonly string[]): Promise<number> {
  const { uuid } = await findGuest(context.virsh, name);
  const { uri = '' } = context.virsh;
  const way = isReachedBySsh(uri) ? jumpOptions(remoteHost(uri)) : [];
  for (const source of ['lease', 'agent', 'arp']) {
    const { stdout } = await context.virsh.ask('domifaddr', uuid, '--source', source);
    const [address] = parseAddresses(stdout);
    if (address !== undefined)
      return await context.system.commands.runInForeground(['ssh', ...way, `root@${address}`, ...words]);
  }
  throw new Error(
    `guest ${name} has no address that libvirt knows; "gandi-host guest console ${name}" needs none`,
  );
}
