import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Commands, systemCommands } from '../../../../src/machine/commands/commands.ts';
import { Files } from '../../../../src/machine/files/files.ts';
import { isPristine, readRoot } from '../../../../src/mount/mounts/root-directory.ts';
import { captureOutput } from '../../captured-output.ts';
import { newRunOn } from '../new-run.ts';

const said = captureOutput();

describe('the root directory of a disk', () => {
  let disk: string;
  const read = async (commands: Commands = systemCommands) => {
    const machine = { files: new Files(), commands, live: true };
    const root = await readRoot(newRunOn(machine), disk);
    return root && isPristine(root);
  };

  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'gandi-guest-'));
    chmodSync(disk, 0o755);
  });
  afterEach(() => rmSync(disk, { recursive: true }));

  it('is new while only lost+found is in it', async () => {
    expect(await read()).toBe(true);
    mkdirSync(join(disk, 'lost+found'));
    expect(await read()).toBe(true);
  });

  it.each(['www', '.hidden', ' ', 'line\nbreak', '-quit'])('is in use with %j in it', async (name) => {
    writeFileSync(join(disk, name), '');
    expect(await read()).toBe(false);
  });

  it('is not read at all where its mode was changed', async () => {
    chmodSync(disk, 0o775);
    expect(await read({ run: () => Promise.reject(new Error('not to be run')) })).toBe(false);
  });

  it('is not read where the superblock says that nothing was put into it', async () => {
    const machine = {
      files: new Files(),
      commands: { run: () => Promise.reject(new Error('not to be run')) },
      live: true,
    };
    const run = newRunOn(machine);
    const whether = async () => {
      const root = await readRoot(run, disk, true);
      return root && isPristine(root);
    };
    expect(await whether()).toBe(true);
    chmodSync(disk, 0o700);
    expect(await whether()).toBe(false);
  });

  it('is asked for one name, however many it has', async () => {
    for (let number = 0; number < 2000; number++) writeFileSync(join(disk, `file${number}`), '');
    const printed: string[] = [];
    const commands: Commands = {
      run: async (argv, options) => {
        const result = await systemCommands.run(argv, options);
        printed.push(result.stdout);
        return result;
      },
    };
    expect(await read(commands)).toBe(false);
    expect(printed).toEqual(['x']);
  });

  it('is told where it cannot be read, and nothing else fails for it', async () => {
    const failure = 'find: exit status 1: Structure needs cleaning';
    const commands: Commands = {
      run: (argv) => Promise.resolve({ argv, stdout: '', stderr: '', exitCode: 1, failure }),
    };
    expect(await read(commands)).toBeUndefined();
    expect(said.stderr).toContain(`its root directory cannot be read: ${failure}`);
  });
});
