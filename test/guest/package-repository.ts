import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { blankDisk, type DiskFile } from './disk.ts';

/** In MiB; the package is 40 of them compressed, and three times as many otherwise. */
const DISK_SIZE = 256;

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

/** The same package as a later version, not compressed. */
export async function laterPackage(deb: string, version: string, folder: string): Promise<string> {
  const tree = join(folder, 'later');
  await execa('dpkg-deb', ['--raw-extract', deb, tree]);
  const control = join(tree, 'DEBIAN/control');
  const fields = await readFile(control, 'utf8');
  await writeFile(control, fields.replace(/^Version: .*$/m, `Version: ${version}`));
  const file = join(folder, `gandi-guest_${version}_amd64.deb`);
  await execa('dpkg-deb', ['-Znone', '--root-owner-group', '--build', tree, file]);
  return file;
}
