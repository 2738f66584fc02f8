import { readdirSync, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../../src/machine/changes/apply.ts';
import type { Change, RunCommand } from '../../../../src/machine/changes/change.ts';
import type { Said } from '../../../../src/machine/changes/machine.ts';
import type { CommandOptions, CommandResult } from '../../../../src/machine/commands/commands.ts';
import { CommandError, Refused } from '../../../../src/machine/runtime/errors.ts';
import { temporaryRoot } from '../../temporary-root.ts';

/** What a program does when it is run, and how it ends; `undefined`: with 0, without a word. */
type Program = (options: CommandOptions) => Partial<CommandResult> | undefined;

function guest(entries: Parameters<typeof temporaryRoot>[0] = {}, ...programs: Program[]) {
  const files = temporaryRoot(entries);
  const ran: string[] = [];
  const said: Said[] = [];
  const machine = {
    files,
    live: true,
    commands: {
      async run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult> {
        ran.push(argv.join(' '));
        return { argv, stdout: '', stderr: '', ...(programs.shift()?.(options) ?? { exitCode: 0 }) };
      },
    },
  };
  const apply = (change: Change) => applyChange(change, machine, (words) => said.push(words));
  const run = (more: Partial<RunCommand> = {}) =>
    apply({ kind: 'run-command', argv: ['x', 'y'], timeoutSeconds: 1, why: 'test', ...more });
  return { files, machine, ran, said, apply, run, at: (path: string) => `${files.root}${path}` };
}

const fails = (exitCode: number, more: Partial<CommandResult> = {}): Partial<CommandResult> => ({
  exitCode,
  failure: `x: ended by ${exitCode}`,
  ...more,
});

const inodes = (directory: string) =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, statSync(`${directory}/${name}`).ino]));

describe('a command', () => {
  it('that exits with a status which counts as success has not failed', async () => {
    const { run } = guest({}, () => fails(1));
    expect(await run({ successStatuses: [1] })).toBe('done');
  });

  it.each([[undefined], [[2]]])('has failed with a status that is not among %j', async (successStatuses) => {
    const { run } = guest({}, () => fails(1, { stdout: 'out', stderr: 'err' }));
    const failure = run(successStatuses === undefined ? {} : { successStatuses });
    await expect(failure).rejects.toMatchObject({ message: 'x: ended by 1', output: 'outerr' });
    await expect(failure).rejects.toBeInstanceOf(Refused);
  });

  it.each([
    'resize2fs: Device or resource busy While checking for on-line resizing support',
    'resize2fs: Cannot allocate memory While trying to extend the last group',
    'resize2fs: Input/output error while trying to open /dev/sdb',
  ])('that could not do it at that moment has refused nothing: %s', async (stderr) => {
    const failure = guest({}, () => fails(1, { stderr })).run();
    await expect(failure).rejects.toBeInstanceOf(CommandError);
    await expect(failure).rejects.not.toBeInstanceOf(Refused);
  });

  it('that was killed has refused nothing', async () => {
    const { run } = guest({}, () => ({ failure: 'x: ended by SIGKILL' }));
    const failure = run();
    await expect(failure).rejects.toBeInstanceOf(CommandError);
    await expect(failure).rejects.not.toBeInstanceOf(Refused);
  });

  it('has the end of what it printed told where it is the admin’s, also where it fails', async () => {
    const ends: Program = () => fails(3, { stdout: 'first\n', stderr: 'no server\n' });
    const told = guest({}, ends);
    await expect(told.run({ reportOutput: true })).rejects.toThrow();
    expect(told.said).toEqual([{ output: 'first\nno server' }]);
    const ours = guest({}, ends);
    await expect(ours.run()).rejects.toThrow();
    expect(ours.said).toEqual([]);
  });

  it('finds the partition open that it works on, and nobody has it open afterwards', async () => {
    const openPaths = () =>
      readdirSync('/proc/self/fd').flatMap((name) => {
        try {
          return [readlinkSync(`/proc/self/fd/${name}`)];
        } catch {
          // The directory's own descriptor is closed by now.
          return [];
        }
      });
    let seen: string[] = [];
    const { run, at } = guest({ '/partition': 'x' }, () => {
      seen = openPaths();
      return undefined;
    });
    await run({ partition: at('/partition') });
    expect(seen).toContain(at('/partition'));
    expect(openPaths()).not.toContain(at('/partition'));
  });

  it('is run again while the service that it speaks to is starting, and not after another failure', async () => {
    const starting: Program = () => fails(1, { stderr: 'is starting' });
    const whenReady = { says: 'starting', seconds: 5 };
    const soon = guest({}, starting, () => undefined);
    await soon.run({ whenReady });
    expect(soon.ran).toEqual(['x y', 'x y']);
    const broken = guest({}, () => fails(1, { stderr: 'no such object' }));
    await expect(broken.run({ whenReady })).rejects.toThrow('ended by 1');
    expect(broken.ran).toHaveLength(1);
  });

  it('is watched together with the disk that it works on, where it names one', async () => {
    const given: (CommandOptions['givesUpFor'] | undefined)[] = [];
    const look: Program = ({ givesUpFor }) => {
      given.push(givesUpFor);
      return undefined;
    };
    const { run } = guest({ '/sys/class/block/sdb/stat': '1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n' }, look, look);
    await run({ worksOn: 'sdb' });
    await run();
    expect(given[0]?.()).toBeUndefined();
    expect(given.map((each) => typeof each)).toEqual(['function', 'undefined']);
  });

  it('leaves files as they were that it writes anew with the same content, also where it fails', async () => {
    const { run, at } = guest({ '/run/x/same': 'same', '/run/x/other': 'old' }, () => {
      for (const [name, content] of Object.entries({ same: 'same', other: 'new' })) {
        writeFileSync(at(`/run/x/.${name}`), content);
        renameSync(at(`/run/x/.${name}`), at(`/run/x/${name}`));
      }
      return fails(1);
    });
    const before = inodes(at('/run/x'));
    await expect(run({ unchangedFilesStayIn: '/run/x' })).rejects.toThrow('ended by 1');
    const after = inodes(at('/run/x'));
    expect(after.same).toBe(before.same);
    expect(after.other).not.toBe(before.other);
    expect(readFileSync(at('/run/x/other'), 'utf8')).toBe('new');
    expect(readdirSync(at('/run/gandi'))).toEqual([]);
  });
});

it('a file that is added to keeps what it has', async () => {
  const { apply, at } = guest({ '/etc/x': 'the admin’s\n' });
  await apply({
    kind: 'write-file',
    path: '/etc/x',
    content: 'ours\nand more\n',
    mode: 0o644,
    appended: true,
  });
  expect(readFileSync(at('/etc/x'), 'utf8')).toBe('the admin’s\nours\nand more\n');
});

it('an address is waited for: one that is there is found, one that does not come is named as missing', async () => {
  const wait = { kind: 'wait-for-address', interface: 'lo', timeoutSeconds: 0.01 } as const;
  const { apply } = guest();
  expect(await apply({ ...wait, addresses: ['127.0.0.1'] })).toBe('done');
  const missing = apply({ ...wait, addresses: ['192.0.2.1'] });
  await expect(missing).rejects.toThrow(/^after 0\.01 s it has 127\.0\.0\.1/);
});
