import { inHomes, removals, traitsOf } from '../home-files.ts';
import type { SealPart } from '../part.ts';

/** Where people keep what opens other machines. */
const SECRETS = [
  ['.ssh', /^(id_.*|identity)$/] as const,
  '.netrc',
  '.pgpass',
  '.my.cnf',
  '.git-credentials',
  '.aws',
  '.azure',
  '.config/gcloud',
  '.kube',
  '.docker/config.json',
  '.gnupg',
  '.vault-token',
];

/** By choice alone: an admin may want them in each guest of a fleet. */
export const userSecrets: SealPart = {
  name: 'user-secrets',
  what: 'private keys and passwords for other machines',
  find: (view) => traitsOf(inHomes(view, SECRETS), 'error', 'a secret'),
  seal: (view) => (view.choices.allUsers ? removals(inHomes(view, SECRETS)) : []),
};
