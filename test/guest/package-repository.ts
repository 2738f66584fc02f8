import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { blankDisk, type DiskFile } from './disk.ts';

/** In MiB; the package has about 50 of them. */
const DISK_SIZE = 256;

/** Of the guests' libraries, which their programs need on this machine. */
const libraries = 'usr/lib/x86_64-linux-gnu';

/**
 * A disk, labelled `packages`, with repositories as apt reads them (sources.list(5), a directory and `./`).
 *
 * @param folder - where the disk is made, with what goes on it.
 * @param repositories - the package in each, by the repository's directory.
 */
export async function repositoryDisk(
  folder: string,
  repositories: Readonly<Record<string, string>>,
): Promise<DiskFile> {
  const tree = join(folder, 'repositories');
  for (const [name, deb] of Object.entries(repositories)) {
    const directory = join(tree, name);
    await mkdir(directory, { recursive: true });
    await copyFile(deb, join(directory, basename(deb)));
    const { stdout } = await execa('dpkg-scanpackages', ['--hash', 'sha256', '.'], { cwd: directory });
    await writeFile(join(directory, 'Packages'), `${stdout}\n`);
  }
  const disk = await blankDisk(join(folder, 'packages.img'), DISK_SIZE);
  await execa('mkfs.ext4', ['-q', '-L', 'packages', '-d', tree, disk.file]);
  return disk;
}

/**
 * A package that costs an emulated guest less to unpack: the guest’s own dpkg-deb unpacks the one given, on this
 * machine, and packs it again by a method that is cheap to undo. So the release has unpacked the package as it is
 * delivered, and what is in it is what the guest gets.
 *
 * @param rootTree - of the guest.
 * @param later - a later version, that of the second package.
 * @returns the package, and the same as a later version.
 */
export async function repackedPackages(
  deb: string,
  rootTree: string,
  later: string,
  folder: string,
): Promise<{ released: string; next: string }> {
  const loader = join(rootTree, libraries, 'ld-linux-x86-64.so.2');
  const dpkgDeb = (...options: string[]) =>
    execa(loader, [
      '--library-path',
      join(rootTree, libraries),
      join(rootTree, 'usr/bin/dpkg-deb'),
      ...options,
    ]);
  const tree = join(folder, 'package');
  const build = async (file: string) => {
    await dpkgDeb('-Zzstd', '-z1', '--root-owner-group', '--build', tree, file);
    return file;
  };
  await dpkgDeb('--raw-extract', deb, tree);
  const released = await build(join(folder, basename(deb)));
  const control = join(tree, 'DEBIAN/control');
  const fields = await readFile(control, 'utf8');
  await writeFile(control, fields.replace(/^Version: .*$/m, `Version: ${later}`));
  return { released, next: await build(join(folder, `gandi-guest_${later}_amd64.deb`)) };
}
