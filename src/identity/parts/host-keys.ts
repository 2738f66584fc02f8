import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { defaultHostKey, HOST_KEY_TYPES, hostKeysOf } from '../../machine/system/sshd-config.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
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

/** What is to be done about host keys that another guest has, too. */
export interface Renewal {
  changes: Change[];
  /** The changes only make the new keys: the next plan puts them in place. */
  next?: string;
  /** Paths of host keys that sshd loads and that stay as they are. */
  kept: string[];
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

function make(files: FileView, pair: KeyPair): Change[] {
  const stale = [pair.made, `${pair.made}.pub`].filter((path) => isThere(files, path));
  return [
    ...stale.map((path): Change => ({ kind: 'remove-file', path })),
    // One that this guest refuses, such as ed25519 in FIPS mode, keeps none of the others from being made.
    { ...makeHostKey(files, pair.type, pair.made), optional: true },
  ];
}

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

/** Also what a run left that was cut off, on this guest or on one that this is a copy of. */
function removeMade(files: FileView): Change[] {
  const names = files.list(SSH_DIRECTORY).filter((name) => MADE.test(name));
  return names.map((name) => ({ kind: 'remove-file', path: `${SSH_DIRECTORY}/${name}` }));
}

/**
 * Replaces the host keys that sshd loads by default. Each is replaced whole, once the new one is there: at no moment is
 * there none, for nobody could log in to a guest whose SSH server does not start.
 * @param guest hexadecimal digits that tell this guest from others: no other takes the keys that it made
 */
export function renewHostKeys(files: FileView, guest: string): Renewal {
  const pairs = keysToRenew(files, guest);
  const renewed = pairs.map(({ path }) => path);
  const kept = hostKeysOf(files).filter((path) => !renewed.includes(path) && isThere(files, path));
  const made = pairs.filter((pair) => isMade(files, pair));
  const missing = pairs.filter((pair) => !made.includes(pair));
  const placed = made.flatMap((pair) => putInPlace(files, pair));
  if (missing.length === 0) return { changes: [...placed, ...removeMade(files)], kept };
  const next = 'put the new host keys in the place of the old ones';
  return { changes: [...placed, ...missing.flatMap((pair) => make(files, pair))], next, kept };
}
