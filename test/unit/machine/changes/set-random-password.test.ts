import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../../src/machine/changes/apply.ts';
import { describeChange } from '../../../../src/machine/changes/change-kinds.ts';
import { randomPassword } from '../../../../src/machine/changes/set-random-password.ts';
import type { CommandResult } from '../../../../src/machine/commands/commands.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const CHANGE = { kind: 'set-random-password', account: 'bob' } as const;

/** A machine whose programs get what is given to them, and fail where that is said. */
function machine(failing?: string) {
  const given: { argv: readonly string[]; input: string | undefined }[] = [];
  const run = async (
    argv: readonly [string, ...string[]],
    { input }: { input?: string },
  ): Promise<CommandResult> => {
    given.push({ argv, input });
    const failure = argv[0] === failing ? { failure: `${failing}: refused`, exitCode: 1 } : { exitCode: 0 };
    // A program may print what it read.
    return { argv, stdout: input ?? '', stderr: '', ...failure };
  };
  return { given, machine: { files: temporaryRoot(), commands: { run }, live: true } };
}

describe('a random password', () => {
  it('is set, and shown on the console once, in one line', async () => {
    const { given, machine: own } = machine();
    const said: unknown[] = [];
    await applyChange(CHANGE, own, (one) => said.push(one));
    const [set, shown] = given;
    const [, password = ''] = /^bob:(\S{20})\n$/.exec(set?.input ?? '') ?? [];
    expect(password).not.toBe('');
    expect(given.map(({ argv }) => argv.join(' '))).toEqual([
      'chpasswd',
      'dd of=/dev/console conv=notrunc status=none',
    ]);
    expect(shown?.input).toBe(`Set the following random password for bob, shown here alone: ${password}\n`);
    expect(said).toEqual([]);
    expect(describeChange(CHANGE)).not.toContain(password);
  });

  it.each(['chpasswd', 'dd'])('is in no message where %s fails', async (program) => {
    const { given, machine: own } = machine(program);
    const failure = await applyChange(CHANGE, own).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const [, password = ''] = /^bob:(\S{20})\n$/.exec(given[0]?.input ?? '') ?? [];
    expect(password).not.toBe('');
    expect(JSON.stringify({ ...(failure as Error), text: String(failure) })).not.toContain(password);
  });

  it('is another one each time, of characters that are read right', () => {
    const all = new Set(Array.from({ length: 100 }, () => randomPassword()));
    expect(all.size).toBe(100);
    for (const password of all) expect(password).toMatch(/^[a-km-zA-HJ-NP-Z2-9]{20}$/);
  });

  it('has no character more often than others', () => {
    let byte = 0;
    const drawn = Array.from({ length: 57 }, () => randomPassword(() => byte++ % 256)).join('');
    const times = new Map<string, number>();
    for (const character of drawn) times.set(character, (times.get(character) ?? 0) + 1);
    expect(new Set(times.values())).toEqual(new Set([20]));
  });
});
