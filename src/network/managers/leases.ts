import type { RemoveFile } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';

/** Files in which a DHCP client keeps leases over boots. */
interface LeaseFiles {
  directory: string;
  /** What stands before and after the interface's name. */
  before: RegExp;
  after: RegExp;
}

const UUID = '[0-9a-f-]{36}';

const LEASE_FILES: readonly LeaseFiles[] = [
  { directory: '/var/lib/dhcp', before: /^dhclient6?\.$/, after: /^\.leases$/ },
  { directory: '/var/lib/dhclient', before: RegExp(`^dhclient6?-(${UUID})?-$`), after: /^\.lease$/ },
  { directory: '/var/lib/dhcpcd', before: /^$/, after: /^\.lease6?$/ },
  { directory: '/var/lib/dhcpcd5', before: /^dhcpcd-$/, after: /^\.lease6?$/ },
  {
    directory: '/var/lib/NetworkManager',
    before: RegExp(`^(internal|dhclient)6?-${UUID}-$`),
    after: /^\.lease$/,
  },
  { directory: '/var/lib/wicked', before: /^lease6?-$/, after: /^-dhcp-ipv[46]\.xml$/ },
];

/** Removes what an interface of that name was once given: the one that is there now may be in another network. */
export function removeLeases(files: FileView, name: string): RemoveFile[] {
  return LEASE_FILES.flatMap(({ directory, before, after }) => {
    const ofInterface = files.list(directory).filter((file) => {
      const at = file.lastIndexOf(name);
      return at >= 0 && before.test(file.slice(0, at)) && after.test(file.slice(at + name.length));
    });
    return ofInterface.map((file): RemoveFile => ({ kind: 'remove-file', path: `${directory}/${file}` }));
  });
}
