import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHost, IMAGE } from './fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const told = async (...args: string[]) =>
  (await run('--yes', '--json', ...args)).stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run('golden', 'update', 'base');
  await run('guest', 'create', 'web', '--from', 'base', '--disk', 'data:1G:keep');
  await run('guest', 'snapshot', 'web', 'first');
  host.effects();
});

describe('what was done', () => {
  it('is a line of JSON for each part, for programs', async () => {
    expect(await told('golden', 'create', 'other', '--from', IMAGE)).toEqual([{ name: 'other', version: 1 }]);
    expect(await told('golden', 'rollback', 'base')).toEqual([{ name: 'base', version: 1 }]);
    expect(await told('golden', 'check', 'base@2')).toEqual([{ name: 'base', version: 2 }]);
    expect(await told('golden', 'update', '--all')).toEqual([
      { name: 'base', version: 3 },
      { name: 'other', version: 2 },
    ]);
    expect(await told('golden', 'prune', 'base', '--keep', '1')).toEqual([{ removed: 'base@1' }]);
    expect(await told('guest', 'snapshot', 'web', 'second')).toEqual([{ guest: 'web', snapshot: 'second' }]);
    expect(await told('guest', 'rollback', 'web', 'first')).toEqual([
      { guest: 'web', kept: 'before-20260304-050607' },
    ]);
    expect(await told('guest', 'destroy', 'web')).toEqual([{ kept: 'web.data.qcow2' }]);
  });

  it('is nothing in a dry run, which tells what would be done, for programs as well', async () => {
    const before = host.state();
    for (const words of [
      ['golden', 'create', 'other', '--from', IMAGE],
      ['golden', 'rollback', 'base'],
      ['golden', 'update', '--all'],
      ['golden', 'prune', '--keep', '1'],
      ['guest', 'create', 'more', '--from', 'base'],
      ['guest', 'snapshot', 'web', 'second'],
      ['guest', 'rollback', 'web', 'first'],
      ['guest', 'destroy', 'web'],
    ]) {
      const lines = await told('--dry-run', ...words);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines)
        expect(line).toMatchObject({ kind: expect.any(String), argv: expect.any(Array) });
      const { stdout } = await run('--yes', '--dry-run', ...words);
      expect(stdout).not.toMatch(/^(?:kept|\w+@\d+|.* removed|second|more)/m);
      expect(host.state()).toEqual(before);
    }
  });
});

describe('help', () => {
  it('is in the words of people', async () => {
    const { status, stdout } = await run('golden', 'create', '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('(default: "8G")');
    expect(stdout).not.toContain('[])');
  });
});

describe('a failure of ours', () => {
  it.each([
    ['no command', ['run', '--from', 'base']],
    ['a wrong option', ['exec', '--sometimes', 'web', '--', 'true']],
    ['no file of settings', ['--config', '/nowhere', 'run', '--from', 'base', '--', 'true']],
    ['no URI', ['--connect', 'nonsense', 'exec', 'web', '--', 'true']],
    ['no command by another name', ['exec-diz', '--from', 'base']],
  ])('is none of the command in a guest: %s', async (_, words) => {
    const { status, stderr } = await run(...words);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^gandi-host: /);
  });
});
