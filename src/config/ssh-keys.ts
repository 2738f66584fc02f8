import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';

const DIRECTORY = '/etc/ssh';

/** The types that ssh-keygen -A makes; DSA is long refused by clients. */
const TYPES = ['rsa', 'ecdsa', 'ed25519'];

/** Making an RSA key takes seconds on a slow machine. */
const KEYGEN_SECONDS = 120;

const defaultKey = (type: string) => `${DIRECTORY}/ssh_host_${type}_key`;

/**
 * Makes the host keys that are missing. An empty file, as a power cut leaves it, counts as missing.
 * @param configured values of HostKey; empty for sshd's defaults, one of each type
 */
export function planHostKeys(files: FileView, configured: readonly string[]): Change[] {
  const wanted = TYPES.filter((type) => configured.length === 0 || configured.includes(defaultKey(type)));
  return wanted.flatMap((type): Change[] => {
    const path = defaultKey(type);
    const status = files.status(path);
    if (status !== undefined && (status.kind !== 'file' || status.size > 0)) return [];
    const stale: Change[] = status === undefined ? [] : [{ kind: 'remove-file', path }];
    const keygen: Change = {
      kind: 'run-command',
      argv: ['ssh-keygen', '-q', '-t', type, '-N', '', '-C', `root@${hostName(files)}`, '-f', path],
      timeoutSeconds: KEYGEN_SECONDS,
      why: `make the ${type} host key`,
    };
    return [...stale, keygen];
  });
}

function hostName(files: FileView): string {
  return files.readText('/etc/hostname')?.trim() || 'localhost';
}
