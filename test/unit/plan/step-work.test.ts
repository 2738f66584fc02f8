import { describe, expect, it, vi } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { StepWork, type WorkOptions } from '../../../src/plan/step-work.ts';
import { temporaryRoot } from '../temporary-root.ts';

const write = (path: string): Change => ({ kind: 'write-file', path, content: 'x', mode: 0o644 });
const command: Change = { kind: 'run-command', argv: ['true'], timeoutSeconds: 1, why: 'x' };
/** Its parent is a file. */
const impossible = write('/etc/x/y');

function work(options: Partial<WorkOptions> = {}) {
  const files = temporaryRoot({ '/etc/x': '' });
  const commands = { run: () => Promise.reject(new Error('none')) };
  return { files, made: new StepWork({ files, commands, live: true }, { dryRun: false, ...options }) };
}

describe('the work of a step', () => {
  it('counts what it has changed, and says so in its report', async () => {
    const { made } = work();
    await made.change(write('/etc/y'));
    expect(made.report('example', 12.4)).toMatchObject({
      name: 'example',
      status: 'changed',
      changes: [expect.stringMatching(/^write \/etc\/y/)],
      durationMilliseconds: 12,
    });
  });

  it('stops at a change that fails, and goes on where nothing depends on it', async () => {
    const { files, made } = work();
    await expect(made.change(impossible)).rejects.toThrow(/^could not write \/etc\/x\/y/);
    const { failures } = await made.attempt([impossible, write('/etc/z')]);
    expect(failures).toEqual([expect.stringContaining('could not write /etc/x/y')]);
    expect(made.notes).toEqual([{ level: 'warning', text: failures[0] }]);
    expect(files.readText('/etc/z')).toBe('x');
    expect(made.status()).toBe('changed');
    await made.attempt([impossible], 'problem');
    expect(made.status()).toBe('failed');
  });

  it.each([
    [0, 'EPERM', write('/etc/y'), true],
    [1000, 'EPERM', write('/etc/y'), false],
    [0, 'ENOSPC', write('/etc/y'), false],
    [0, 'EPERM', command, false],
  ])(
    'says to user %i of %s where an attribute of a file may be the reason',
    async (user, code, change, isHinted) => {
      const getuid = vi.spyOn(process, 'getuid').mockReturnValue(user);
      const { files } = work();
      const commands = { run: () => Promise.reject(new Error('none')) };
      const intercept = () => Promise.reject(Object.assign(new Error(`${code}: no, open`), { code }));
      const made = new StepWork({ files, commands, live: true, intercept }, { dryRun: false });
      const { failures } = await made.attempt([change]);
      getuid.mockRestore();
      expect(failures[0]?.includes('chattr -ia')).toBe(isHinted);
    },
  );

  it('shows what it would do in a dry run, and does nothing', async () => {
    const shown: string[] = [];
    const { files, made } = work({
      dryRun: true,
      onChange: ({ kind }, outcome) => shown.push(`${kind} ${outcome}`),
    });
    await made.attempt([write('/etc/y')]);
    expect(shown).toEqual(['write-file planned']);
    expect(files.status('/etc/y')).toBeUndefined();
  });

  it('has failed where one of its parts has, until that is made up for', () => {
    const { made } = work();
    made.part({ name: '/dev/sdb', status: 'failed', text: 'it is in use' });
    made.part({ name: '/dev/sdc', status: 'changed', text: 'mounted' });
    expect(made.status()).toBe('failed');
    made.part({ name: '/dev/sdb', status: 'changed', text: 'mounted' });
    expect(made.report('disks', 0)).toMatchObject({
      status: 'unchanged',
      parts: [
        { name: '/dev/sdb', status: 'changed', text: 'mounted' },
        { name: '/dev/sdc', status: 'changed', text: 'mounted' },
      ],
    });
  });

  it('says twice what comes twice, unless its step plans again', () => {
    const note = { level: 'info', text: 'again' } as const;
    const said = (notesOnce: boolean) => {
      const { made } = work({ notesOnce });
      made.note(note);
      made.note(note);
      return made.notes.length;
    };
    expect([said(false), said(true)]).toEqual([2, 1]);
  });
});
