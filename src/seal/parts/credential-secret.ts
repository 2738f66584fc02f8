import type { Trait } from '../../identity/part.ts';
import type { SealPart } from '../part.ts';
import { isThere, walk } from '../walk.ts';

const SECRET = '/var/lib/systemd/credential.secret';

/** Where systemd looks for encrypted credentials (systemd.exec(5), ImportCredential). */
const STORES = [
  '/etc/credstore.encrypted',
  '/usr/lib/credstore.encrypted',
  '/usr/local/lib/credstore.encrypted',
];

/** What was encrypted with it cannot be read any more: it has to be encrypted anew in each clone. */
export const credentialSecret: SealPart = {
  name: 'credential-secret',
  what: 'the secret of encrypted credentials',
  find: (view) => [
    ...(isThere(view.files, SECRET)
      ? [{ path: SECRET, severity: 'error', what: 'the secret of encrypted credentials' } as const]
      : []),
    ...STORES.flatMap((store) => walk(view, store)).map(
      ({ path }): Trait => ({ path, severity: 'warning', what: 'a credential that no clone can decrypt' }),
    ),
  ],
  seal: ({ files }) => (isThere(files, SECRET) ? [{ kind: 'remove-file', path: SECRET }] : []),
};
