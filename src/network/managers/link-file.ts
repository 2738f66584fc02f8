import type { WantedFile } from '../../plan/ensure-file.ts';
import type { NamedInterface } from '../addresses.ts';
import { NETWORK_DIRECTORY } from './networkd/files.ts';
import { renderSections } from './networkd.ts';

/**
 * The file by which udev gives an interface its name when it comes (systemd.link(5)), whichever the network manager is.
 * @returns nothing where the interface keeps the name that it has
 */
export function linkFiles(header: string, { name, mac, renamed }: NamedInterface): WantedFile[] {
  if (renamed === undefined) return [];
  const match =
    mac === undefined ? [`OriginalName=${renamed.from ?? name}`] : [`MACAddress=${mac}`, 'Type=ether'];
  const content = renderSections(header, [
    ['[Match]', ...match],
    ['[Link]', `Name=${name}`],
  ]);
  return [{ path: `${NETWORK_DIRECTORY}/50-gandi-${name}.link`, content, mode: 0o644 }];
}
