import { join } from 'node:path';
import { execa } from 'execa';
import { blankDisk } from '../test/guest/disk.ts';
import type { GuestFile } from '../test/guest/image.ts';
import type { GuestDisk } from '../test/guest/machine.ts';
import { publicNetwork } from '../test/guest/toolkit.ts';
import { nameServers } from './cloud-init.ts';

/** As Gandi's hosts name it in /etc/fstab. */
const SWAP_LABEL = 'swap';

const MEBIBYTES = 64;
/** Left to the partition table and, at the end, to its copy. */
const TABLE_MEBIBYTES = 1;

/**
 * What an admin writes to have of a guest what a boot makes of it by hostConfig(): name, addresses, route and name
 * servers. Nothing of it is left to be done at a boot but by the distribution's own services.
 */
export const handConfiguredFiles: Readonly<Record<string, GuestFile>> = {
  '/etc/hostname': 'web1\n',
  '/etc/resolv.conf': nameServers.map((server) => `nameserver ${server}\n`).join(''),
  '/etc/network/interfaces': `auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
    address ${publicNetwork.guestAddress}/24
    gateway ${publicNetwork.hostAddress}

auto eth1
iface eth1 inet static
    address 192.168.10.2/24
`,
};

/** The line of /etc/fstab for the disk of {@link handMadeSwap}. */
export const SWAP_LINE = `LABEL=${SWAP_LABEL} none swap sw 0 0`;

/** A disk like Gandi's: a GPT, whose partition is a swap area, and no configuration in it. */
export async function handMadeSwap(folder: string): Promise<GuestDisk> {
  const mebibytes = MEBIBYTES - 2 * TABLE_MEBIBYTES;
  const area = await blankDisk(join(folder, 'swap-area.img'), mebibytes);
  await execa('mkswap', ['--label', SWAP_LABEL, area.file]);
  const disk = await blankDisk(join(folder, 'swap.img'), MEBIBYTES);
  const table = `label: gpt\nstart=${TABLE_MEBIBYTES}MiB, size=${mebibytes}MiB, type=swap, name="gandiswap"\n`;
  await execa('sfdisk', ['--quiet', disk.file], { input: table });
  const place = ['bs=1M', `seek=${TABLE_MEBIBYTES}`, 'conv=notrunc,sparse', 'status=none'];
  await execa('dd', [`if=${area.file}`, `of=${disk.file}`, ...place]);
  return { disk };
}
