import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { defaultHostKey, HOST_KEY_TYPES, hostKeysOf } from '../../machine/system/sshd-config.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { CloneView, IdentityPart, IdentityView, Renewal } from '../part.ts';
import { makeHostKey } from '../ssh-keys.ts';

const SSH_KEYGEN = '/usr/bin/ssh-keygen';

const SSH_DIRECTORY = '/etc/ssh';

/** New keys until all of them are made: beside the old ones, for elsewhere SELinux does not let ssh-keygen write. */
const MADE = /^\.ssh_host_.*\.gandi-[0-9a-f]+(\.pub)?$/;

/** How a private key ends that was written whole. */
const KEY_END = /-----END [A-Z ]*PRIVATE KEY-----\s*$/;

interface KeyPair {
  type: (typeof HOST_KEY_TYPES)[number];
  path: string;
  /** Where the new one is made. */
  made: string;
}

const isThere = (files: FileView, path: string) => files.status(path) !== undefined;

/** The default keys that there are, if new ones can be made. A guest has no more to renew: others are the admin's. */
function keysToRenew(files: FileView, guest: string): KeyPair[] {
  if (!isThere(files, SSH_KEYGEN)) return [];
  return HOST_KEY_TYPES.flatMap((type) => {
    const path = defaultHostKey(type);
    const made = `${SSH_DIRECTORY}/.ssh_host_${type}_key.gandi-${guest}`;
    return isThere(files, path) ? [{ type, path, made }] : [];
  });
}

/** ssh-keygen writes the public half last, in one line. */
const isMade = (files: FileView, { made }: KeyPair) =>
  KEY_END.test(files.readText(made) ?? '') && files.readText(`${made}.pub`)?.endsWith('\n') === true;

function make(files: FileView, pair: KeyPair, hostName: string | undefined): Change[] {
  const stale = [pair.made, `${pair.made}.pub`].filter((path) => isThere(files, path));
  return [
    ...stale.map((path): Change => ({ kind: 'remove-file', path })),
    makeHostKey(files, pair.type, pair.made, hostName),
  ];
}

/** Each is replaced whole, once the new one is there; what was made stays until the guest is recorded. */
function putInPlace(files: FileView, { path, made }: KeyPair): Change[] {
  return [
    { path, from: made, mode: 0o600 },
    { path: `${path}.pub`, from: `${made}.pub`, mode: 0o644 },
  ].flatMap(({ path, from, mode }) =>
    ensureFile(files, { path, content: files.readText(from) ?? '', mode }).map((change) =>
      change.kind === 'write-file' ? { ...change, secret: true } : change,
    ),
  );
}

/**
 * One that this guest refuses, such as ed25519 in FIPS mode, keeps none of the others from being made. At no moment is there
 * none: nobody could log in to a guest whose SSH server does not start.
 */
function renew({ files, clone }: IdentityView & { clone: CloneView }): Renewal[] {
  const { guest, hostName } = clone;
  return keysToRenew(files, guest).flatMap((pair) => {
    const changes = isMade(files, pair) ? putInPlace(files, pair) : make(files, pair, hostName);
    return changes.length === 0 ? [] : [{ name: `host-keys ${pair.type}`, changes }];
  });
}

/** The host keys that sshd loads by default. */
export const hostKeys: IdentityPart = {
  name: 'host-keys',
  what: 'SSH host keys',
  find: ({ files }) =>
    hostKeysOf(files)
      .filter((path) => isThere(files, path))
      .map((path) => ({ path, severity: 'error', what: 'an SSH host key' })),
  renew,
  kept: ({ files, clone }) => {
    const renewed = keysToRenew(files, clone.guest).map(({ path }) => path);
    return hostKeysOf(files).filter((path) => !renewed.includes(path) && isThere(files, path));
  },
  // Also what a run left that was cut off, on this guest or on one that this is a copy of.
  tidy: ({ files }) =>
    files
      .list(SSH_DIRECTORY)
      .filter((name) => MADE.test(name))
      .map((name) => ({ kind: 'remove-file', path: `${SSH_DIRECTORY}/${name}` })),
};
