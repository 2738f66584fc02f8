import type { NetworkManagerName } from '../../machine/system/facts.ts';
import { ifcfg, wicked } from './ifcfg-writer.ts';
import { ifupdown } from './ifupdown/writer.ts';
import { networkManager } from './keyfile-writer.ts';
import { netplan } from './netplan/writer.ts';
import { networkd } from './networkd/writer.ts';
import type { Writer } from './writer.ts';

/** A writer for each network manager that is known. */
export const WRITERS: Readonly<Record<NetworkManagerName, Writer>> = {
  ifupdown,
  'systemd-networkd': networkd,
  netplan,
  NetworkManager: networkManager,
  ifcfg,
  wicked,
};
