import type { Change, RunCommand } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { defaultHostKey, HOST_KEY_TYPES } from '../machine/system/sshd-config.ts';

type KeyType = (typeof HOST_KEY_TYPES)[number];

/** Making an RSA key takes seconds on a slow machine. */
const KEYGEN_SECONDS = 120;

/**
 * The command that makes a host key and, beside it, its public half; nothing may be at the path.
 * @param hostName that the comment names; absent: as the guest is called now
 */
export function makeHostKey(files: FileView, type: KeyType, path: string, hostName?: string): RunCommand {
  const name = hostName ?? (files.readText('/etc/hostname')?.trim() || 'localhost');
  return {
    kind: 'run-command',
    argv: ['ssh-keygen', '-q', '-t', type, '-N', '', '-C', `root@${name}`, '-f', path],
    timeoutSeconds: KEYGEN_SECONDS,
    why: `make the ${type} host key`,
  };
}

/**
 * Makes the host keys that are missing. An empty file, as a power cut leaves it, counts as missing.
 * @param configured values of HostKey; empty for sshd's defaults, one of each type
 */
export function planHostKeys(files: FileView, configured: readonly string[]): Change[] {
  const wanted = HOST_KEY_TYPES.filter(
    (type) => configured.length === 0 || configured.includes(defaultHostKey(type)),
  );
  return wanted.flatMap((type): Change[] => {
    const path = defaultHostKey(type);
    const status = files.status(path);
    if (status !== undefined && (status.kind !== 'file' || status.size > 0)) return [];
    const stale: Change[] = status === undefined ? [] : [{ kind: 'remove-file', path }];
    return [...stale, makeHostKey(files, type, path)];
  });
}
