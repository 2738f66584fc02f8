import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { DiskFile } from './disk.ts';

/** Files of a seed by name, such as `meta-data`. */
export type SeedFiles = Readonly<Record<string, string>>;

/** How the names are written: as most tools do, as Proxmox does, as multipass does, and as Terraform's libvirt provider does. */
const NAMES = {
  'rock ridge and joliet': ['-rational-rock', '-joliet'],
  'rock ridge': ['-iso-level', '3', '-rational-rock'],
  joliet: ['-joliet'],
  plain: ['-allow-lowercase', '-iso-level', '4', '-relaxed-filenames'],
} as const;

export type NamesForm = keyof typeof NAMES;

/** A NoCloud volume that genisoimage made. */
export async function isoSeed(
  folder: string,
  name: string,
  files: SeedFiles,
  names: NamesForm = 'rock ridge and joliet',
): Promise<DiskFile> {
  const directory = join(folder, `${name}.files`);
  await mkdir(directory);
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
  const file = join(folder, name);
  await execa('genisoimage', ['-quiet', '-output', file, '-volid', 'cidata', ...NAMES[names], directory]);
  return { file, format: 'raw' };
}

/** A drive as nova has it made (nova/virt/configdrive.py). */
export async function novaDrive(folder: string, files: SeedFiles): Promise<DiskFile> {
  const directory = join(folder, 'drive');
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  const file = join(folder, 'drive.iso');
  await execa('genisoimage', [
    ...['-o', file, '-ldots', '-allow-lowercase', '-allow-multidot', '-l', '-publisher', 'OpenStack Nova'],
    ...['-quiet', '-J', '-r', '-V', 'config-2', directory],
  ]);
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
