import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../../src/machine/changes/apply.ts';
import type { CommandResult } from '../../../../src/machine/commands/commands.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const DIRECTORY = '/run/systemd/network';

describe('a command that writes files anew', () => {
  const files = () => temporaryRoot({ [`${DIRECTORY}/same`]: 'a', [`${DIRECTORY}/other`]: 'b' });

  /** Runs a command that removes and writes files, with what is to be kept told or not. */
  async function rewrite(guest: ReturnType<typeof files>, kept: boolean, failure?: string) {
    const run = async (argv: readonly string[]): Promise<CommandResult> => {
      for (const [name, text] of Object.entries({ same: 'a', other: 'changed', more: 'c' })) {
        const path = guest.locate(`${DIRECTORY}/${name}`);
        rmSync(path, { force: true });
        writeFileSync(path, text);
      }
      const result = { argv, exitCode: 0, stdout: '', stderr: '' };
      return failure === undefined ? result : { ...result, failure };
    };
    await applyChange(
      {
        kind: 'run-command',
        argv: ['generate'],
        timeoutSeconds: 1,
        why: 'test',
        ...(kept ? { unchangedFilesStayIn: DIRECTORY } : {}),
      },
      { files: guest, commands: { run }, live: true },
    );
  }

  it.each([
    [true, undefined],
    [false, undefined],
    [true, 'exit status 1'],
  ])('leaves those of the same content as they were, if told to: %s, %s', async (kept, failure) => {
    const guest = files();
    const path = (name: string) => guest.locate(`${DIRECTORY}/${name}`);
    const isOld = (name: string) => statSync(path(name)).mtimeMs === 1_000_000;
    for (const name of ['same', 'other']) utimesSync(path(name), 1000, 1000);
    const run = rewrite(guest, kept, failure);
    if (failure === undefined) await run;
    else await expect(run).rejects.toThrow(failure);
    expect(isOld('same')).toBe(kept);
    expect(isOld('other')).toBe(false);
    expect(guest.readText(`${DIRECTORY}/other`)).toBe('changed');
    expect(guest.list(DIRECTORY)).toEqual(['more', 'other', 'same']);
    expect(guest.list('/run/gandi')).toEqual([]);
  });
});
