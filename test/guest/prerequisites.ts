import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { withProgress } from './progress.ts';

/** Outside programs, and the Debian package that brings each. */
export type Programs = Readonly<Record<string, string>>;

/** Those that the guest tests call. */
const guestPrograms: Programs = {
  bzip2: 'bzip2',
  'dpkg-scanpackages': 'dpkg-dev',
  fish: 'fish',
  fusermount3: 'fuse3',
  genisoimage: 'genisoimage',
  lz4: 'lz4',
  mandoc: 'mandoc',
  'mkfs.btrfs': 'btrfs-progs',
  'mkfs.vfat': 'dosfstools',
  'mkfs.xfs': 'xfsprogs',
  mmdebstrap: 'mmdebstrap',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  sfdisk: 'fdisk',
  sgdisk: 'gdisk',
  ssh: 'openssh-client',
  xz: 'xz-utils',
  zsh: 'zsh',
  zstd: 'zstd',
};

/** Makes sure that all outside programs of the guest tests are there. */
export async function installPrerequisites(): Promise<void> {
  await installPrograms(guestPrograms);
}

/**
 * Makes sure that outside programs are there: installs the missing Debian packages when run as root.
 *
 * @throws naming the packages and the command that installs them when that is left to the user.
 */
export async function installPrograms(programs: Programs): Promise<void> {
  const missing = missingPackages(programs);
  if (missing.length === 0) return;
  await installPackages(missing);
  const still = missingPackages(programs);
  if (still.length > 0)
    throw new Error(`${commandFor(missing)} was run, yet these are missing: ${still.join(' ')}`);
}

const commandFor = (packages: readonly string[]) => `apt-get install ${packages.join(' ')}`;

/**
 * Installs Debian packages when run as root.
 *
 * @throws naming the command that installs them when that is left to the user.
 */
export async function installPackages(packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0 || !findProgram('apt-get')) {
    throw new Error(`the tests need packages that are not installed; as root: ${commandFor(packages)}`);
  }
  await withProgress(`install ${packages.join(' ')}`, async () => {
    const environment = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdin: 'ignore' } as const;
    await execa('apt-get', ['update', '--quiet'], environment);
    await execa('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], environment);
  });
}

function missingPackages(programs: Programs): string[] {
  const missing = Object.entries(programs).filter(([program]) => !findProgram(program));
  return missing.map(([, name]) => name);
}

function findProgram(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
