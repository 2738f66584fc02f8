import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { blankDisk, type DiskFile, overlayDisk } from '../test/guest/disk.ts';
import { Guest } from '../test/guest/guest.ts';
import { type Image, rootImage } from '../test/guest/image.ts';
import type { MachineOptions } from '../test/guest/machine.ts';
import { modulesArchive } from '../test/guest/modules-archive.ts';
import { type RootFileSystem, rootFileSystem } from '../test/guest/rootfs.ts';
import { makeKeyPair } from '../test/guest/ssh.ts';
import { hostConfig, hostNetworks, seedDisk, toolkitImage } from '../test/guest/toolkit.ts';
import { noCloudDisk } from './cloud-init.ts';
import { diskSliceFiles, systemdMountRule } from './disk-slice.ts';
import { peakMemoryFiles } from './peak-memory.ts';

/**
 * `toolkit` is configured by the toolkit from a seed disk; `plain` is the same guest without the toolkit; `cloud-init`
 * is that with cloud-init from Debian's package, configured alike. In these instructions are counted. `memory` is
 * `toolkit` in a machine at full speed, where programs tell their peak memory. `disks` is the toolkit
 * without anything from the host, to attach disks to, and `disks-systemd-mount` is `plain` with a rule that mounts them.
 */
export type BenchGuest = 'toolkit' | 'plain' | 'cloud-init' | 'memory' | 'disks' | 'disks-systemd-mount';

/** The image has 1536 MiB: the root file system can be grown. */
const rootMebibytes = 4096;

const swapLabel = 'swap';

/** What all guests are made of, prepared once. */
export interface BenchImages {
  readonly rootfs: RootFileSystem;
  readonly images: Readonly<Record<BenchGuest, Image>>;
}

/** Builds the images, or takes them from the cache. */
export async function benchImages(): Promise<BenchImages> {
  const rootfs = await rootFileSystem();
  const withCloudInit = await rootFileSystem('bookworm', ['cloud-init']);
  // Otherwise it asks each known cloud in turn.
  const sources = { '/etc/cloud/cloud.cfg.d/99-bench.cfg': 'datasource_list: [NoCloud, None]\n' };
  return {
    rootfs,
    images: {
      toolkit: await toolkitImage(),
      memory: await toolkitImage({ files: peakMemoryFiles }),
      plain: await rootImage({ rootfs }),
      disks: await toolkitImage({ files: diskSliceFiles }),
      'disks-systemd-mount': await rootImage({ rootfs, files: systemdMountRule }),
      'cloud-init': await rootImage({ rootfs: withCloudInit, files: sources }),
    },
  };
}

/** Boots a guest for the first time; its disks lie in `folder`, which is made. */
export async function bootBenchGuest(
  name: BenchGuest,
  { rootfs, images }: BenchImages,
  folder: string,
): Promise<Guest> {
  await mkdir(folder);
  const image = images[name];
  const root = await overlayDisk(image, join(folder, 'root.qcow2'), rootMebibytes);
  const disks = [root, ...(await hostDisks(name, rootfs, folder))];
  const machine: MachineOptions = {
    image,
    disks: disks.map((disk) => ({ disk })),
    interfaces: hostNetworks,
    countInstructions: name !== 'memory',
    // With all that Debian starts, also where instructions are not counted.
    asDistributed: true,
  };
  return Guest.boot({ name, ...machine });
}

/** The disks that the host attaches beside the root disk. */
async function hostDisks(name: BenchGuest, rootfs: RootFileSystem, folder: string): Promise<DiskFile[]> {
  if (name === 'disks' || name === 'disks-systemd-mount') return [];
  const { publicKey } = await makeKeyPair(join(folder, 'key'));
  if (name === 'toolkit' || name === 'memory') {
    const modules = await modulesArchive(folder, rootfs.tree, '6.12.0-gandi');
    const script = '#!/bin/sh\ntrue\n';
    return [await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey), script, modules })];
  }
  const swap = await blankDisk(join(folder, 'swap.img'), 64);
  await execa('mkswap', ['--label', swapLabel, swap.file]);
  return name === 'plain' ? [swap] : [swap, await noCloudDisk(folder, publicKey, swapLabel)];
}
