import { removedPart, type Trait } from '../part.ts';
import { type NamedFiles, namedFiles } from './named-files.ts';

/** NetworkManager(8), /var/lib/NetworkManager; what tells nothing of the guest, such as its own settings, stays. */
const STATE: NamedFiles = [['/var/lib/NetworkManager', /^(secret_key|timestamps|seen-bssids|.*\.leases?)$/]];

/** By which two guests would have the same stable IPv6 address and DHCP identifier. */
export const networkManagerState = removedPart({
  name: 'network-manager',
  what: 'state of NetworkManager',
  find: ({ files }) =>
    namedFiles(files, STATE).map(
      (path): Trait => ({ path, severity: 'warning', what: 'state of NetworkManager' }),
    ),
});
