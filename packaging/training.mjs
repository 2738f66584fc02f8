/**
 * Runs the executable so that Bun learns in which order functions are used. Their bytecode then lies together in the
 * file: a cold start reads 2 MiB less.
 *
 * What a run looks at decides which functions it uses. So that each machine makes the same file, the runs look at nothing
 * of the builder's: not at its devices, programs, settings or environment. They have an empty root folder, and neither
 * tools nor rights are needed. Hence a raw seed disk, which needs no sfdisk(8), and no `gandi-mount rescan`, which looks
 * at the disks of the machine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a started program finds of the builder's environment. */
export const fixedEnvironment = { PATH: '/nonexistent', HOME: '/nonexistent', LC_ALL: 'C', TZ: 'UTC' };

/**
 * @param {'gandi' | 'gandi-host'} name of the executable
 * @param {string} folder for the seed disk and the root folder
 */
function trainingRuns(name, folder) {
  // Its other commands look at the machine's libvirt and settings.
  if (name === 'gandi-host') return [['order', '--help'], ['--help']];
  const seed = join(folder, 'seed.img');
  const target = ['--dry-run', '--root', join(folder, 'root')];
  return [
    ['gandi-guest', 'seed', join(root, 'docs/example-config.json'), '--layout', 'raw', '-o', seed],
    ['gandi-mount', '--help'],
    ['gandi-config', ...target],
    ['gandi-bootstrap', ...target, '--seed', seed],
    ['gandi-guest', '--version'],
  ];
}

/**
 * @param {'gandi' | 'gandi-host'} name of the executable
 * @param {string} program the executable, made by Bun with bytecode
 * @param {string} folder an existing one that is empty and may be written to
 * @returns {Promise<string[]>} files for Bun's option --bytecode-order, the most important last
 * @throws if a run does not end within 30 seconds, or Bun has noted down nothing
 */
export async function train(name, program, folder) {
  await mkdir(join(folder, 'root'));
  return trainingRuns(name, folder).map((args, index) => {
    const order = join(folder, `order-${index}`);
    const run = spawnSync(program, args, {
      env: { ...fixedEnvironment, BUN_BYTECODE_ORDER_OUT: order },
      cwd: '/',
      timeout: 30_000,
    });
    // Its exit status says nothing: an empty root has problems of its own, such as no network manager.
    if (run.error !== undefined || !existsSync(order))
      throw new Error(
        `build: the training run "${args.join(' ')}" left no order: ${run.error ?? run.stderr}`,
      );
    return order;
  });
}
