import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { blankDisk, overlayDisk } from '../test/guest/disk.ts';
import { AMAZON, ec2Instance, ec2Networks } from '../test/guest/ec2-instance.ts';
import { Guest } from '../test/guest/guest.ts';
import { type Image, rootImage } from '../test/guest/image.ts';
import type { GuestDisk, MachineOptions } from '../test/guest/machine.ts';
import { byTokens, startMetadataServer } from '../test/guest/metadata-server.ts';
import { modulesArchive } from '../test/guest/modules-archive.ts';
import { type RootFileSystem, rootFileSystem } from '../test/guest/rootfs.ts';
import { makeKeyPair } from '../test/guest/ssh.ts';
import { hostConfig, hostNetworks, seedDisk, toolkitImage } from '../test/guest/toolkit.ts';
import { noCloudDisk } from './cloud-init.ts';
import { diskSliceFiles, systemdMountRule } from './disk-slice.ts';
import { handConfiguredFiles, handMadeSwap, SWAP_LINE } from './hand-configured.ts';
import { EMPTY_OPERATOR_SCRIPT, perBootScript, usedFiles } from './operator-stage.ts';
import { peakMemoryFiles } from './peak-memory.ts';
import { archiveDisk, configDriveCd, idleScript, noCloudCd, smartOsMachine } from './source-disks.ts';
import { credentialsOf, unprovisionedFiles } from './systemd-credentials.ts';

/**
 * `toolkit` is configured by the toolkit from a seed disk; `partitioned` is that with root in a GPT partition, `fresh`
 * the same without SSH host keys, `partitioned-nocloud` `nocloud` with such a root; `nocloud`, `configdrive`, `smartos` and `cpio` are that with a source of another kind, `ec2` with a metadata service; `plain` is the same guest without the toolkit, and `plain-configured` has by hand what `toolkit` is given;
 * `cloud-init` is that with cloud-init from Debian's package, configured as `toolkit` is but for the modules, and
 * `cloud-init-nocloud` the same with the CD of `nocloud`. In these instructions are counted. `memory` is `toolkit` in a
 * machine at full speed, where programs tell their peak memory. `disks` is the toolkit without anything from the host, to
 * attach disks to, `disks-crowd` the same for very many of them, and `disks-systemd-mount` is `plain` with a rule that
 * mounts them. `plain-trixie`, `toolkit-trixie` and `cloud-init-trixie` are those of Debian 13; `credentials` is Debian 13 with what systemd
 * alone takes from the firmware; `ignition` is `plain` with Ignition. `operator` is `nocloud` with an empty operator script,
 * `operator-login` the same without, and `cloud-init-per-boot` is `cloud-init-nocloud` with a script that powers off.
 */
export const BENCH_GUESTS = [
  'toolkit',
  'partitioned',
  'partitioned-nocloud',
  'fresh',
  'nocloud',
  'configdrive',
  'smartos',
  'cpio',
  'ec2',
  'plain',
  'plain-configured',
  'cloud-init',
  'cloud-init-nocloud',
  'memory',
  'disks',
  'disks-crowd',
  'disks-systemd-mount',
  'plain-trixie',
  'toolkit-trixie',
  'cloud-init-trixie',
  'credentials',
  'ignition',
  'operator',
  'operator-login',
  'cloud-init-per-boot',
] as const;

export type BenchGuest = (typeof BENCH_GUESTS)[number];

/** Whether its first boot ends with the power off. */
export const endsItself = (name: BenchGuest) => name === 'operator' || name === 'cloud-init-per-boot';

/** The image has 1536 MiB: the root file system can be grown. */
const rootMebibytes = 4096;

const swapLabel = 'swap';

/** Of Gandi's images. */
const GPT = { type: 'gpt', label: 'gandiroot' } as const;

/** Those that Debian's package makes; the machine ID of all images is empty. */
const SSH_HOST_KEYS = ['rsa', 'ecdsa', 'ed25519'].flatMap((type) =>
  ['', '.pub'].map((end) => `/etc/ssh/ssh_host_${type}_key${end}`),
);

/** What all guests are made of, prepared once. */
export interface BenchImages {
  readonly rootfs: RootFileSystem;
  readonly images: ReadonlyMap<BenchGuest, Image>;
}

/**
 * Builds the images of some guests, or takes them from the cache.
 * @param overlays trees over that of the toolkit
 */
export async function benchImages(
  names: readonly BenchGuest[] = BENCH_GUESTS,
  overlays: readonly string[] = [],
): Promise<BenchImages> {
  const rootfs = await rootFileSystem();
  const images = new Map<BenchGuest, Image>();
  for (const name of names) images.set(name, await benchImage(name, rootfs, overlays));
  return { rootfs, images };
}

async function benchImage(
  name: BenchGuest,
  rootfs: RootFileSystem,
  overlays: readonly string[],
): Promise<Image> {
  switch (name) {
    case 'toolkit':
    case 'nocloud':
    case 'configdrive':
    case 'smartos':
    case 'cpio':
    case 'ec2':
      return toolkitImage({ overlays });
    case 'operator':
    case 'operator-login':
      return toolkitImage({ overlays, files: usedFiles });
    case 'partitioned':
    case 'partitioned-nocloud':
      return toolkitImage({ overlays, partitionTable: GPT });
    case 'fresh':
      return toolkitImage({ overlays, partitionTable: GPT, without: SSH_HOST_KEYS });
    case 'memory':
      return toolkitImage({ files: peakMemoryFiles });
    case 'plain':
      return rootImage({ rootfs });
    case 'plain-configured':
      return rootImage({ rootfs, files: handConfiguredFiles, moreFileSystems: [SWAP_LINE] });
    case 'disks':
    case 'disks-crowd':
      return toolkitImage({ overlays, files: diskSliceFiles });
    case 'disks-systemd-mount':
      return rootImage({ rootfs, files: systemdMountRule });
    case 'cloud-init':
    case 'cloud-init-nocloud':
      return rootImage({ rootfs: await rootFileSystem('bookworm', ['cloud-init']), files: cloudInitFiles });
    case 'cloud-init-per-boot': {
      const files = { ...cloudInitFiles, ...usedFiles, ...perBootScript };
      return rootImage({ rootfs: await rootFileSystem('bookworm', ['cloud-init']), files });
    }
    case 'toolkit-trixie':
      return toolkitImage({ overlays, rootfs: await rootFileSystem('trixie') });
    case 'plain-trixie':
      return rootImage({ rootfs: await rootFileSystem('trixie') });
    case 'cloud-init-trixie':
      return rootImage({ rootfs: await rootFileSystem('trixie', ['cloud-init']), files: cloudInitFiles });
    case 'credentials': {
      const trixie = await rootFileSystem('trixie');
      return rootImage({ rootfs: trixie, files: await unprovisionedFiles(trixie.tree) });
    }
    case 'ignition':
      return rootImage({ rootfs: await rootFileSystem('bookworm', ['ignition']), files: ignitionFiles });
  }
}

/**
 * What an image of cloud-init's has of its own. Otherwise it asks each known cloud in turn; the SSH server's keys are in the
 * image, and making new ones is no part of the comparison; nor is a locale, for which the image has no package.
 */
const imageSettings = 'datasource_list: [NoCloud, None]\nssh_deletekeys: false\nlocale: false\n';
const cloudInitFiles = { '/etc/cloud/cloud.cfg.d/99-bench.cfg': imageSettings };

/**
 * Debian's Ignition 2.14 labels what it wrote for SELinux, and fails where it cannot, although there is no SELinux: what
 * it reads for that, and a program that does nothing in place of setfiles(8).
 */
const ignitionFiles = {
  '/etc/selinux/config': 'SELINUX=disabled\nSELINUXTYPE=default\n',
  '/usr/local/sbin/setfiles': { text: '#!/bin/sh\n', mode: 0o755 },
};

/** Boots a guest for the first time; its disks lie in `folder`, which is made. */
export async function bootBenchGuest(
  name: BenchGuest,
  { rootfs, images }: BenchImages,
  folder: string,
): Promise<{ guest: Guest; end(): Promise<void> }> {
  const image = images.get(name);
  if (image === undefined) throw new Error(`there is no image of the guest "${name}"`);
  await mkdir(folder);
  const root = await overlayDisk(image, join(folder, 'root.qcow2'), rootMebibytes);
  const host = name === 'smartos' ? await smartOsHost(folder) : undefined;
  const machine: MachineOptions = {
    ...host?.machine,
    image,
    disks: [{ disk: root }, ...(await hostDisks(name, rootfs, folder))],
    // A CPIO device has words for one interface; another would be given a lease at each boot, by none of the four services.
    interfaces: name === 'cpio' ? hostNetworks.slice(0, 1) : hostNetworks,
    ...(name === 'ec2' ? await amazonsHost(folder) : {}),
    countInstructions: name !== 'memory',
    ...(name === 'credentials' ? { oemStrings: await credentialsOf(folder) } : {}),
    // With all that Debian starts, also where instructions are not counted.
    asDistributed: true,
  };
  const guest = await Guest.boot({ name, ...machine });
  const end = async () => {
    await guest.powerCut();
    host?.close();
  };
  return { guest, end };
}

async function smartOsHost(folder: string) {
  const { publicKey } = await makeKeyPair(join(folder, 'key'));
  return smartOsMachine(folder, publicKey);
}

/** A host with a metadata service, which ends with this program. */
async function amazonsHost(folder: string): Promise<Pick<MachineOptions, 'system' | 'interfaces'>> {
  const { publicKey } = await makeKeyPair(join(folder, 'key'));
  const service = await startMetadataServer(folder, byTokens);
  service.content = ec2Instance(publicKey);
  return { system: AMAZON, interfaces: ec2Networks(service.command) };
}

/** The disks that the host attaches beside the root disk. */
async function hostDisks(name: BenchGuest, rootfs: RootFileSystem, folder: string): Promise<GuestDisk[]> {
  if (name.startsWith('disks') || name === 'smartos' || name === 'credentials' || name === 'ec2') return [];
  const { publicKey } = await makeKeyPair(join(folder, 'key'));
  switch (name) {
    case 'toolkit':
    case 'toolkit-trixie':
    case 'partitioned':
    case 'fresh':
    case 'memory': {
      const modules = await modulesArchive(folder, rootfs.tree, '6.12.0-gandi');
      const seed = { config: hostConfig(publicKey), script: idleScript, modules };
      return [{ disk: await seedDisk(folder, 'seed.img', seed) }];
    }
    case 'nocloud':
    case 'partitioned-nocloud':
    case 'cloud-init-nocloud':
    case 'operator-login':
    case 'cloud-init-per-boot':
      return [await noCloudCd(folder, publicKey)];
    case 'operator':
      return [await noCloudCd(folder, publicKey, { 'operator-script': EMPTY_OPERATOR_SCRIPT })];
    case 'configdrive':
      return [await configDriveCd(folder, publicKey)];
    case 'cpio':
      return [await archiveDisk(folder, publicKey)];
    case 'plain-configured':
      return [await handMadeSwap(folder)];
  }
  const disk = await blankDisk(join(folder, 'swap.img'), 64);
  await execa('mkswap', ['--label', swapLabel, disk.file]);
  return name.startsWith('cloud-init')
    ? [{ disk }, { disk: await noCloudDisk(folder, publicKey, swapLabel) }]
    : [{ disk }];
}
