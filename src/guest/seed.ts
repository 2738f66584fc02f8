import { basename, resolve } from 'node:path';
import { makeDiskImage, readWhole } from '../machine/devices/disk-image.ts';
import { parseConfig } from '../metadata/gandi/parse.ts';
import { packArchive, type SeedLayout, seedLayout } from '../metadata/gandi/seed-disk.ts';
import type { System } from '../plan/system.ts';
import { describeProblem } from '../state/report.ts';
import { EXIT } from '../terminal/exit-status.ts';

export interface SeedOptions {
  output: string;
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
 * @returns exit status: 1 if the configuration has problems and `force` is not set
 */
export async function makeSeed(
  configPath: string,
  options: SeedOptions,
  { commands, output }: System,
): Promise<number> {
  const config = readWhole(configPath);
  const { problems } = parseConfig(config);
  for (const problem of problems) output.printError(`${configPath}: ${describeProblem(problem)}\n`);
  if (problems.length > 0 && options.force !== true) {
    output.printError('gandi-guest: no seed disk was made; correct the configuration, or use --force\n');
    return EXIT.failed;
  }
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
