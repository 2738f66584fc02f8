import type { Change } from '../../machine/changes/change.ts';
import { type HomeFile, inHomes, removals, traitsOf } from '../home-files.ts';
import type { SealPart, SealView } from '../part.ts';

/** Where people keep what opens other machines. */
const SECRETS = [
  ['.ssh', /^(id_.*|identity)$/] as const,
  '.netrc',
  '.pgpass',
  '.my.cnf',
  '.git-credentials',
  '.aws',
  '.azure',
  '.oci',
  '.s3cfg',
  '.config/gcloud',
  '.config/gh/hosts.yml',
  '.config/openstack',
  '.config/rclone/rclone.conf',
  '.config/hcloud/cli.toml',
  '.config/doctl/config.yaml',
  '.config/scw/config.yaml',
  '.config/containers/auth.json',
  '.terraform.d/credentials.tfrc.json',
  '.pypirc',
  '.cargo/credentials.toml',
  '.kube',
  '.docker/config.json',
  '.gnupg',
  '.password-store',
  '.local/share/keyrings',
  '.vault-token',
  '.cloudflared',
];

/** Where keys lie that have names of the user's choice. */
const KEYS = [['.ssh', /./] as const];

const PRIVATE_KEY = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/m;
const LARGEST_KEY_BYTES = 64 * 1024;

function isPrivateKey({ files }: SealView, { home, path, kind }: HomeFile): boolean {
  if (kind !== 'file' || (files.status(path)?.size ?? 0) > LARGEST_KEY_BYTES) return false;
  return PRIVATE_KEY.test(files.readTextWithoutLinks(home, path) ?? '');
}

function secretsOf(view: SealView): HomeFile[] {
  const found = [
    ...inHomes(view, SECRETS),
    ...inHomes(view, KEYS).filter((file) => isPrivateKey(view, file)),
  ];
  return [...new Map(found.map((file) => [file.path, file])).values()];
}

/** By choice alone: an admin may want them in each guest of a fleet. */
export const userSecrets: SealPart = {
  name: 'user-secrets',
  what: 'private keys and passwords for other machines',
  find: (view) => traitsOf(secretsOf(view), 'error', 'a secret'),
  seal: (view): Change[] => (view.choices.allUsers ? removals(secretsOf(view)) : []),
};
