import { isHostName } from '../../metadata/fields/host-name.ts';
import { makeNoCloudSeed } from '../../metadata/nocloud/seed.ts';
import type { CopiedUser } from './copied-users.ts';
import type { Nic } from './interfaces.ts';
import { type GuestMount, mountEntry } from './mounts.ts';

/** What a guest is told by its seed. */
export interface SeedContent {
  /** Of the guest: another one is another instance. */
  uuid: string;
  hostName: string;
  /** For root, one a string. */
  sshKeys: readonly string[];
  users: readonly CopiedUser[];
  nics: readonly (Nic & { mac: string })[];
  mounts: readonly GuestMount[];
  /** Run once behind the boot; begins with `#!`. */
  script?: string;
}

function userEntry(user: CopiedUser): Record<string, unknown> {
  return {
    name: user.name,
    uid: user.uid,
    gecos: user.gecos,
    shell: user.shell,
    groups: user.groups,
    ssh_authorized_keys: user.sshKeys,
    lock_passwd: user.passwordHash === undefined,
    ...(user.passwordHash === undefined ? {} : { hashed_passwd: user.passwordHash }),
    ...(user.sudo ? { sudo: ['ALL=(ALL) NOPASSWD:ALL'] } : {}),
  };
}

/** Version 2 of network-config: each interface is known by its MAC address. */
function networkConfig(nics: SeedContent['nics']): Record<string, unknown> {
  const ethernets = nics.map(({ mac, address, gateway }, index) => {
    const family = address?.includes(':') ? '::/0' : '0.0.0.0/0';
    const addressing =
      address === undefined
        ? { dhcp4: true }
        : {
            addresses: [address],
            ...(gateway === undefined ? {} : { routes: [{ to: family, via: gateway }] }),
          };
    return [`nic${index}`, { match: { macaddress: mac }, ...addressing }] as const;
  });
  return { version: 2, ethernets: Object.fromEntries(ethernets) };
}

/** The files of a NoCloud seed. JSON is YAML as well. */
export function seedFiles(
  content: SeedContent,
): Record<'meta-data' | 'user-data' | 'network-config', string> {
  const { uuid, hostName, sshKeys, users, nics, mounts, script } = content;
  const root = sshKeys.length === 0 ? [] : [{ name: 'root', ssh_authorized_keys: sshKeys }];
  const config = {
    users: [...users.map(userEntry), ...root],
    disable_root: false,
    ...(mounts.length === 0 ? {} : { mounts: mounts.map(mountEntry) }),
    ...(script === undefined
      ? {}
      : {
          write_files: [{ path: '/var/lib/gandi-host/script', permissions: '0700', content: script }],
          runcmd: [['/var/lib/gandi-host/script']],
        }),
  };
  return {
    'meta-data': `${JSON.stringify({ 'instance-id': uuid, 'local-hostname': hostName })}\n`,
    'user-data': `#cloud-config\n${JSON.stringify(config)}\n`,
    'network-config': `${JSON.stringify(networkConfig(nics))}\n`,
  };
}

/** The seed disk of a guest. */
export function guestSeed(content: SeedContent): Uint8Array {
  const files = Object.entries(seedFiles(content)).map(([name, text]) => [name, Buffer.from(text)] as const);
  return makeNoCloudSeed(Object.fromEntries(files));
}

/** A guest's name where that is a legal host name. @throws Error in one line */
export function hostNameOf(name: string, given: string | undefined): string {
  const hostName = given ?? name;
  if (isHostName(hostName)) return hostName;
  throw new Error(`"${hostName}" is no host name: name another one with --host-name`);
}
