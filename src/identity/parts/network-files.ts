import type { FileView } from '../../machine/files/files.ts';
import { isOwn } from '../../plan/own-file.ts';
import { type IdentityPart, type IdentityView, removedPart, type Trait } from '../part.ts';
import { type NamedFiles, namedFiles } from './named-files.ts';

/** Where network managers and udev read files that may name an interface by its MAC address. */
export const NETWORK_FILES: NamedFiles = [
  ['/etc/network/interfaces.d', /./],
  ['/etc/netplan', /\.yaml$/],
  ['/etc/systemd/network', /\.(network|link|netdev)$/],
  ['/etc/NetworkManager/system-connections', /./],
  ['/etc/sysconfig/network-scripts', /^ifcfg-/],
  ['/etc/sysconfig/network', /^ifcfg-/],
  ['/etc/udev/rules.d', /persistent-net|gandi.*\.rules$/],
];

/** MAC addresses of the other guest that no interface has here. */
function goneMacs({ clone }: IdentityView): string[] {
  const { before, now } = clone ?? {};
  return (before?.macs ?? []).filter((mac) => now?.macs.includes(mac) !== true);
}

/** Files that name an interface which is not here. */
function withGoneMacs(files: FileView, macs: readonly string[]) {
  if (macs.length === 0) return [];
  return namedFiles(files, NETWORK_FILES).flatMap((path) => {
    if (files.status(path)?.kind !== 'file') return [];
    const text = files.readText(path) ?? '';
    return macs.some((mac) => text.toLowerCase().includes(mac)) ? [{ path, isOurs: isOwn(text) }] : [];
  });
}

const find = (view: IdentityView, isOurs: boolean): Trait[] =>
  withGoneMacs(view.files, goneMacs(view))
    .filter((file) => file.isOurs === isOurs)
    .map(({ path }) => ({
      path,
      severity: 'warning',
      what: 'the MAC address of an interface that is not here',
    }));

/** Ours: the step `network` writes anew what is asked for. */
export const ownNetworkFiles = removedPart({
  name: 'network-files',
  what: 'network files of ours for its interfaces',
  find: (view) => find(view, true),
});

/** The admin's, and the distribution's: they may mean an interface that is to come. */
export const othersNetworkFiles: IdentityPart = {
  name: 'network-profiles',
  what: 'network files that name its MAC addresses',
  find: (view) => find(view, false),
};
