import type { GuestDisk } from '../test/guest/machine.ts';
import { cpioDisk, isoSeed, type SeedFiles } from '../test/guest/nocloud-seed.ts';
import { nameServers, networkConfig } from './cloud-init.ts';

/** What a host has its guest run after the boot: nothing but the start of a process. */
export const idleScript = '#!/bin/sh\ntrue\n';

/** The files of a NoCloud seed that asks for what hostConfig() does, but a password: it has no word for one. */
export function noCloudFiles(publicKey: string): SeedFiles {
  const { version, config } = networkConfig();
  return {
    'meta-data': yaml({
      'instance-id': 'bench-1',
      'local-hostname': 'web1',
      'public-keys': [publicKey],
    }),
    'network-config': yaml({ version, config: [...config, { type: 'nameserver', address: nameServers }] }),
    'user-data': idleScript,
  };
}

/** JSON is YAML. */
const yaml = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;

/** The files of a CPIO device, which has no words for addresses: the first interface asks by DHCP. */
export function archiveFiles(publicKey: string): SeedFiles {
  return { nodename: 'web1\n', authorized_keys: `${publicKey}\n`, 'firstboot.sh': idleScript };
}

/** A CD from which the toolkit configures a guest; it has nothing for swap and modules. */
export async function noCloudCd(folder: string, publicKey: string): Promise<GuestDisk> {
  const disk = await isoSeed(folder, 'seed.iso', noCloudFiles(publicKey));
  return { disk, bus: 'optical', readOnly: true };
}

/** A disk with the archive of a CPIO device. */
export async function archiveDisk(folder: string, publicKey: string): Promise<GuestDisk> {
  return { disk: await cpioDisk(folder, 'seed.cpio', archiveFiles(publicKey), 'odc'), readOnly: true };
}
