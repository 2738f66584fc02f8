import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { DiskFile } from './disk.ts';

/** Files of a seed by name, such as `meta-data`. */
export type SeedFiles = Readonly<Record<string, string>>;

/** How the names are written: as most tools do, as multipass does, and as Terraform's libvirt provider does. */
const NAMES = {
  'rock ridge': ['-rational-rock', '-joliet'],
  joliet: ['-joliet'],
  plain: ['-allow-lowercase', '-iso-level', '4', '-relaxed-filenames'],
} as const;

/** A NoCloud volume that genisoimage made. */
export async function isoSeed(
  folder: string,
  name: string,
  files: SeedFiles,
  names: keyof typeof NAMES = 'rock ridge',
): Promise<DiskFile> {
  const directory = join(folder, `${name}.files`);
  await mkdir(directory);
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
  const file = join(folder, name);
  await execa('genisoimage', ['-quiet', '-output', file, '-volid', 'cidata', ...NAMES[names], directory]);
  return { file, format: 'raw' };
}

/** A disk that begins with an archive that GNU cpio made. */
export async function cpioDisk(
  folder: string,
  name: string,
  files: SeedFiles,
  format: 'odc' | 'bin' | 'newc' | 'crc',
): Promise<DiskFile> {
  const directory = join(folder, `${name}.files`);
  await mkdir(directory);
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
  const file = join(folder, name);
  const names = Object.keys(files).join('\n');
  await execa('cpio', ['--create', '--quiet', `--format=${format}`, `--file=${file}`], {
    cwd: directory,
    input: `${names}\n`,
  });
  await execa('truncate', ['--size=4M', file]);
  return { file, format: 'raw' };
}
