import { basename, join, resolve } from 'node:path';
import { makeDiskImage, readWhole } from '../machine/devices/disk-image.ts';
import { Files } from '../machine/files/files.ts';
import { parseConfig } from '../metadata/gandi/parse.ts';
import { packArchive, type SeedLayout, seedLayout } from '../metadata/gandi/seed-disk.ts';
import type { Problem } from '../metadata/guest-config.ts';
import type { System } from '../plan/system.ts';
import { areWarnings, describeProblem } from '../state/report.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { SEED_FORMATS, type SeedFormat } from './seed-formats.ts';

export interface SeedOptions {
  output: string;
  /** `gandi`, or one of SEED_FORMATS. */
  format: string;
  script?: string;
  init?: string;
  modules?: string;
  layout: SeedLayout;
  /** Size of the disk in MiB. */
  size: number;
  force?: boolean;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Makes a disk image that configures the guest it is attached to, the way a host makes one.
 * @param path of the configuration; of another format than Gandi's, of the directory that has its files
 * @param given names of the options that were on the command line
 * @param refuse throws for a wrong usage: an option that is one of Gandi's alone, a directory for Gandi's disk
 * @returns exit status: 1 if the configuration has problems and `force` is not set, or if it has no file of the format
 * @throws Error for people if the output exists
 */
export async function makeSeed(
  path: string,
  options: SeedOptions,
  given: readonly string[],
  system: System,
  refuse: (text: string) => never,
): Promise<number> {
  const format = SEED_FORMATS[options.format];
  if (format === undefined) {
    if (new Files().status(resolve(path))?.kind === 'directory')
      refuse(
        `${path} is a directory; say with --format whose seed it is: ${Object.keys(SEED_FORMATS).join(', ')}`,
      );
    return await makeGandiSeed(path, options, system);
  }
  const foreign = given.find((name) => GANDI_OPTIONS.includes(name));
  if (foreign !== undefined) {
    refuse(`--${foreign} goes with --format gandi alone: a seed of ${options.format} has no such part`);
  }
  return await makeSeedOfFiles(path, format, options, system);
}

/** Options that only Gandi's disk has. */
const GANDI_OPTIONS = ['script', 'init', 'modules', 'layout', 'size'];

/** Whether a seed with these problems is made. */
function isWanted(
  path: string,
  problems: readonly Problem[],
  { force }: SeedOptions,
  { output }: Pick<System, 'output'>,
): boolean {
  for (const problem of problems) output.printError(`${path}: ${describeProblem(problem)}\n`);
  if (areWarnings(problems) || force === true) return true;
  output.printError('gandi-guest: no seed disk was made; correct the configuration, or use --force\n');
  return false;
}

async function makeSeedOfFiles(
  directory: string,
  format: SeedFormat,
  options: SeedOptions,
  system: System,
): Promise<number> {
  const { output } = system;
  const { fileNames, folder, needed = [] } = format;
  const listed = new Files().list(resolve(directory));
  const below = folder === undefined ? [] : new Files().list(resolve(directory, folder));
  const names = [
    ...fileNames.filter((name) => listed.includes(name)),
    ...below.map((name) => `${folder}/${name}`),
  ];
  const others = listed.filter((name) => !fileNames.includes(name) && name !== folder);
  if (others.length > 0) {
    output.printError(
      `${directory}: left out, for ${options.format} has no such files: ${others.join(', ')}\n`,
    );
  }
  if (names.length === 0) {
    output.printError(
      `gandi-guest: ${directory} has no file of ${options.format}: ${fileNames.join(', ')}\n`,
    );
    return EXIT.failed;
  }
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    output.printError(
      `gandi-guest: ${directory} has no ${missing.join(', ')}, without which a guest takes it for no seed of ${options.format}\n`,
    );
    return EXIT.failed;
  }
  const files = Object.fromEntries(names.map((name) => [name, readWhole(join(directory, name))]));
  if (!isWanted(directory, await format.problems(files), options, system)) return EXIT.failed;
  const content = await format.make(files);
  await makeDiskImage(
    { path: resolve(options.output), bytes: content.length, content, offset: 0 },
    system.commands,
  );
  output.print(
    `${options.output}: seed of ${options.format}, ${content.length} bytes, with ${names.join(', ')}\n`,
  );
  return EXIT.ok;
}

async function makeGandiSeed(configPath: string, options: SeedOptions, system: System): Promise<number> {
  const { commands, output } = system;
  const config = readWhole(configPath);
  if (!isWanted(configPath, parseConfig(config).problems, options, system)) return EXIT.failed;
  const { script, init, modules } = options;
  const content = await packArchive({
    config,
    ...(script === undefined ? {} : { script: readWhole(script) }),
    ...(init === undefined ? {} : { init: readWhole(init) }),
    ...(modules === undefined ? {} : { modules: { name: basename(modules), content: readWhole(modules) } }),
  });
  const bytes = options.size * MEBIBYTE;
  const { sfdiskScript, archiveOffset } = seedLayout(options.layout, bytes, content.length);
  const image = { path: resolve(options.output), bytes, content, offset: archiveOffset };
  const table = sfdiskScript === undefined ? {} : { partitionScript: sfdiskScript };
  await makeDiskImage({ ...image, ...table }, commands);
  output.print(
    `${options.output}: layout ${options.layout}, archive of ${content.length} bytes at ${archiveOffset}\n`,
  );
  return EXIT.ok;
}
