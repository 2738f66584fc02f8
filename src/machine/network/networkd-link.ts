import type { FileView } from '../files/files.ts';
import { indexOf } from './network-interfaces.ts';

/** What systemd-networkd says of a link. */
export interface NetworkdLink {
  /** Such as `configured`, `configuring`, `unmanaged` (networkctl(1)). */
  state: string;
  /** The .network file that it uses. */
  file?: string;
}

/**
 * Reads networkd's own record of a link, which `networkctl` reads too (link_save of systemd's src/network).
 * @returns undefined where networkd does not run, or does not know the link
 */
export function networkdLink(files: FileView, name: string): NetworkdLink | undefined {
  const text = files.readText(`/run/systemd/netif/links/${indexOf(files, name)}`);
  if (text === undefined) return undefined;
  const textOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
  const file = textOf('NETWORK_FILE');
  return { state: textOf('ADMIN_STATE') ?? '', ...(file === undefined ? {} : { file }) };
}
