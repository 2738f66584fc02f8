import { removedPart, type Trait } from '../part.ts';
import { type NamedFiles, namedFiles } from './named-files.ts';

/** What DHCP clients keep: leases, by which they ask for the same address, and how they call themselves. */
const CLIENTS: NamedFiles = [
  // dhclient, in Debian and in Red Hat's; a DHCP server's leases lie beside them.
  ['/var/lib/dhcp', /^dhclient.*\.leases?~?$/],
  ['/var/lib/dhclient', /^dhclient.*\.leases?~?$/],
  // dhcpcd 7 and later, and where Debian and older versions have it.
  ['/var/lib/dhcpcd', /(\.lease6?|^duid|^secret)$/],
  ['/var/lib/dhcpcd5', /(\.lease6?|^duid|^secret)$/],
  ['/etc', /^dhcpcd\.(duid|secret)$/],
  ['/var/lib/wicked', /^(lease-.*|duid|iaid)\.xml$/],
  // networkd derives its own from the machine ID, and keeps leases in /run alone.
];

/** Leases and identifiers of DHCP clients, which give two guests one address in spite of two MAC addresses. */
export const dhcpLeases = removedPart({
  name: 'dhcp-leases',
  what: 'DHCP leases',
  find: ({ files }) =>
    namedFiles(files, CLIENTS).map(
      (path): Trait => ({ path, severity: 'warning', what: 'what a DHCP client keeps' }),
    ),
});
