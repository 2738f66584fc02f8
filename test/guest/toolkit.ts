import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { DiskFile } from './disk.ts';
import { type Image, type ImageOptions, rootImage } from './image.ts';
import { installPrerequisites } from './prerequisites.ts';
import { rootFileSystem } from './rootfs.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** The programs as they were built for this machine. */
export const builtProgram = join(project, 'dist/gandi');

/** What an installation adds to a guest, as a tree; the caller removes it. */
export async function installedTree(): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'gandi-guest-install-'));
  await execa('make', ['--no-print-directory', 'install', `DESTDIR=${tree}`], { cwd: project });
  return tree;
}

/** The variable that names a tree which all tests of a run share: test/guest/global-setup.ts. */
export const SHARED_TREE = 'GUEST_INSTALLED_TREE';

/** Hands over what an installation adds to a guest, as a tree that is not to be changed. */
export async function withInstalledTree<T>(use: (tree: string) => Promise<T>): Promise<T> {
  const shared = process.env[SHARED_TREE];
  if (shared !== undefined) return use(shared);
  const tree = await installedTree();
  try {
    return await use(tree);
  } finally {
    await rm(tree, { recursive: true });
  }
}

/**
 * A bootable image with the toolkit in it, installed as a package would install it.
 *
 * @param options - what is special about this image; by default a Debian 12 on one ext4 file system.
 */
export async function toolkitImage(options: Partial<ImageOptions> = {}): Promise<Image> {
  await installPrerequisites();
  const rootfs = options.rootfs ?? (await rootFileSystem());
  return withInstalledTree((tree) =>
    rootImage({ ...options, rootfs, overlays: [tree, ...(options.overlays ?? [])] }),
  );
}

/** What a test's host gives its guest. */
export interface Seed {
  config: unknown;
  layout?: 'gpt' | 'raw' | 'xen';
  script?: string;
  /** Path of a modules archive, named as the host names it. */
  modules?: string;
  mebibytes?: number;
  /** The configuration is known to be wrong. */
  force?: boolean;
}

/** Makes a seed disk with `gandi-guest seed`, in the file of that name in a folder. */
export async function seedDisk(folder: string, name: string, seed: Seed): Promise<DiskFile> {
  const file = join(folder, name);
  const config = `${file}.json`;
  await writeFile(config, typeof seed.config === 'string' ? seed.config : JSON.stringify(seed.config));
  const { layout = 'gpt', mebibytes = 64, script, modules } = seed;
  const options = ['--layout', layout, '--size', String(mebibytes)];
  if (script !== undefined) {
    await writeFile(`${file}.script`, script);
    options.push('--script', `${file}.script`);
  }
  if (modules !== undefined) options.push('--modules', modules);
  if (seed.force === true) options.push('--force');
  await execa(builtProgram, ['gandi-guest', 'seed', config, '--output', file, ...options]);
  return { file, format: 'raw' };
}

/** The network that the host of most tests has, and the guest's place in it. */
export const publicNetwork = {
  network: '92.243.10.0/24',
  hostAddress: '92.243.10.254',
  guestAddress: '92.243.10.20',
} as const;

/** The other network of that host, and its own place in it. */
export const privateNetwork = { network: '192.168.10.0/24', hostAddress: '192.168.10.1' } as const;

/** Both, as a machine has interfaces in them. */
export const hostNetworks = [publicNetwork, privateNetwork] as const;

/** A configuration as hosts write it, for a guest in both of these networks, with one field or another replaced. */
export function hostConfig(
  publicKey: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    vm_hostname: 'web1',
    nameservers: ['92.243.10.253', '92.243.10.252', '2001:4b98:dc2:49::193'],
    vif: [
      {
        vif_number: 0,
        pna: [
          {
            pna_address: publicNetwork.guestAddress,
            pbn: { pbn_network: publicNetwork.network, pbn_gateway: publicNetwork.hostAddress },
          },
        ],
      },
      {
        vif_number: 1,
        pna: [
          { pna_address: '192.168.10.2', pvn: { pvn_network: privateNetwork.network, pvn_gateway: null } },
        ],
      },
    ],
    vm_conf: { user: 'admin1', password: passwordHash, ssh_key: publicKey },
    ...changes,
  };
}

/** Made by `openssl passwd -6 -salt gandiguest throw-away`. */
export const passwordHash =
  '$6$gandiguest$h0URcWRhmHUu95sHBZw8dNr9de5XTkuymHzoTs07cSX9njq7EmBx9iQ3KXlDbh4zYrdbyTkcrMB6F/Al36YcV0';
