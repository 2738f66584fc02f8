import type { Command } from 'commander';
import { isRemote } from '../channel/remote-host.ts';
import type { HostContext } from '../context/context.ts';
import { collect, collectPaths, positive } from '../record/option-values.ts';
import { copiedUsers, plainKeys } from './copied-users.ts';
import type { GuestWish } from './create-guest.ts';
import { parseNic } from './interfaces.ts';
import { parseDisks, parseMount } from './mounts.ts';

/** Options of what makes a guest, as commander gives them. */
export interface GuestOptions {
  from: string;
  hostName?: string;
  copyUser: string[];
  withPasswords?: boolean;
  sudo: string[];
  sshKey: string[];
  nic: string[];
  mount: string[];
  disk: string[];
  memory?: number;
  cpus?: number;
}

/** Options of `guest create`. */
export interface CreateGuestOptions extends GuestOptions {
  start?: boolean;
  script?: string;
}

/** Those of `guest create` and of `run`. */
export const withGuestOptions = (command: Command): Command =>
  command
    .requiredOption('--from <golden>', 'golden image, NAME or NAME@VERSION')
    .option('--host-name <host>', 'default: the guest’s name')
    .option(
      '--copy-user <user>',
      'an account of this host: UID, groups, public keys; no home, no private keys',
      collect,
      [],
    )
    .option('--with-passwords', 'hashes of their passwords as well; needs root')
    .option('--sudo <user>', 'a copied account that may do all in the guest', collect, [])
    .option('--ssh-key <file>', 'public keys for root', collectPaths, [])
    .option(
      '--nic <interface>',
      'network=N, bridge=B, direct=LINK or user, with ,mac= ,vlan= ,address=CIDR ,gateway=; `none` for none',
      collect,
      [],
    )
    .option('--mount <mount>', 'HOST:GUEST[:ro] by virtiofs, or nfs=SERVER:/PATH:GUEST[:ro]', collect, [])
    .option('--disk <disk>', 'data disk, LABEL:SIZE[:keep]', collect, [])
    .option('--memory <MiB>', 'default: as the golden image has it', positive)
    .option('--cpus <number>', 'default: as the golden image has it', positive);

function keysOf({ system }: HostContext, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const text = system.files.readText(file);
    const keys = plainKeys(text ?? '');
    if (keys.length === 0) throw new Error(`--ssh-key ${file}: no public key without options stands there`);
    return keys;
  });
}

/**
 * What the options say, checked before anything is made.
 * @throws Error in one line
 */
export async function guestWish(
  context: HostContext,
  options: GuestOptions,
  defaultNics: readonly string[],
): Promise<Omit<GuestWish, 'name'>> {
  const { hostName, memory, cpus, withPasswords = false, sudo, copyUser } = options;
  const stranger = sudo.find((name) => !copyUser.includes(name));
  if (stranger !== undefined)
    throw new Error(`--sudo ${stranger}: copy that account with --copy-user as well`);
  const nics = options.nic.length === 0 ? defaultNics : options.nic;
  const mounts = options.mount.map(parseMount);
  for (const mount of mounts) {
    if (mount.kind !== 'virtiofs') continue;
    const kind = context.system.files.status(mount.directory)?.kind;
    if (kind === 'file') throw new Error(`--mount ${mount.directory}: that is a file, not a directory`);
    // What is on another host cannot be looked at.
    if (kind === undefined && !isRemote(context.virsh.uri ?? ''))
      throw new Error(`--mount ${mount.directory}: there is no such directory; make it first`);
  }
  return {
    from: options.from,
    ...(hostName === undefined ? {} : { hostName }),
    users: await copiedUsers(context.system, copyUser, { withPasswords, sudo }),
    sshKeys: keysOf(context, options.sshKey),
    nics: nics.filter((nic) => nic !== 'none').map(parseNic),
    mounts,
    disks: parseDisks(options.disk),
    ...(memory === undefined ? {} : { memoryMebibytes: memory }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}
