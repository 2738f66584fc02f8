import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { Machine } from '../../../src/machine/changes/machine.ts';
import { type RunOptions, runStep } from '../../../src/plan/runner.ts';
import type { Plan, PlanPart, Step } from '../../../src/plan/step.ts';
import { makeContext } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

function machine(live = true): Machine {
  return {
    files: temporaryRoot({ '/etc/x': '' }),
    commands: { run: () => Promise.reject(new Error('none')) },
    live,
  };
}

function step(plan: (round: number) => Plan): Step {
  let round = 0;
  return {
    name: 'example',
    setting: 'CONFIG_SWAP',
    summary: '',
    plan: () => plan(round++),
  };
}

const write = (path: string) => ({ kind: 'write-file', path, content: 'x', mode: 0o644 }) as const;
const run = (tested: Step, m = machine(), options: RunOptions = { dryRun: false }) =>
  runStep(tested, () => makeContext(), m, options);

describe('runStep', () => {
  it('says unchanged when there is nothing to do', async () => {
    const { report, digests } = await run(step(() => ({ changes: [], digest: 'd' })));
    expect(report).toMatchObject({ status: 'unchanged', changes: [], notes: [] });
    expect(digests).toEqual({ example: 'd' });
  });

  it('plans again as long as something is to follow, and no more than four times', async () => {
    const asked: number[] = [];
    const chain = step((round) => {
      asked.push(round);
      return { changes: [write(`/etc/${round}`)], ...(round < 2 ? { next: 'then more' } : {}) };
    });
    const { report } = await run(chain);
    expect(report.changes).toHaveLength(3);
    expect(asked).toEqual([0, 1, 2]);
    const endless = await run(step((round) => ({ changes: [write(`/etc/${round}`)], next: 'then more' })));
    expect(endless.report.changes).toHaveLength(4);
  });

  it('has not done its work if something is still to follow in the end', async () => {
    const plan = { changes: [write('/etc/y')], next: 'then more', digest: 'd' };
    const { report, digests } = await run(step(() => plan));
    expect(report).toMatchObject({
      status: 'failed',
      notes: [{ level: 'problem', text: 'after 4 rounds it is not done: then more' }],
    });
    expect(digests).toEqual({});
  });

  it('stops at the first change that fails, says which, and records nothing', async () => {
    const m = machine();
    const { report, digests } = await run(
      step(() => ({ changes: [write('/etc/x/below-a-file'), write('/etc/after')], digest: 'd' })),
      m,
    );
    expect(report.status).toBe('failed');
    expect(report.notes).toEqual([
      { level: 'problem', text: 'could not write /etc/x/below-a-file (0644): not a directory' },
    ]);
    expect(digests).toEqual({});
    expect(m.files.list('/etc')).toEqual(['x']);
  });

  it('records parts that were done, whatever problem the step tells of', async () => {
    const notes = [{ level: 'problem' as const, text: 'eth1 is not there' }];
    const { report, digests } = await run(
      step(() => ({ changes: [write('/etc/y')], notes, digest: 'd', parts: { 'interface eth0': 'e' } })),
    );
    expect(report.status).toBe('failed');
    expect(digests).toEqual({ 'interface eth0': 'e' });
  });

  describe('with separate parts', () => {
    const bad = write('/etc/x/below-a-file');
    const part = (name: string, changes: Change[], more: Partial<PlanPart> = {}): PlanPart => ({
      name,
      changes,
      digests: { [name]: 'd' },
      ...more,
    });

    it('goes on behind one that fails, leaves what needs it, and does not try it again', async () => {
      const seen: (readonly string[])[] = [];
      const tested: Step = {
        ...step(() => ({ changes: [] })),
        plan: ({ failed }) => {
          seen.push(failed);
          const separate = [
            part('a', [bad, write('/etc/never')]),
            part('b', [write('/etc/b')]),
            part('c', [write('/etc/c')], { needs: 'a' }),
          ];
          return { changes: [], separate, digest: 'd', ...(seen.length === 1 ? { next: 'again' } : {}) };
        },
      };
      const m = machine();
      const { report, digests } = await run(tested, m);
      expect(report.status).toBe('failed');
      expect(report.notes).toHaveLength(1);
      expect(digests).toEqual({ b: 'd' });
      expect(m.files.list('/etc')).toEqual(['b', 'x']);
      expect(seen).toEqual([[], ['a', 'c']]);
    });

    it('fails by a problem that it tells of, and makes its changes all the same', async () => {
      const notes = [{ level: 'problem' as const, text: 'half of it' }];
      const { report, digests } = await run(
        step(() => ({ changes: [], separate: [part('a', [write('/etc/a')], { notes })] })),
      );
      expect(report).toMatchObject({ status: 'failed', notes });
      expect(digests).toEqual({});
    });

    it('only warns of one that is done another way', async () => {
      const orElse = [part('b', [write('/etc/b')])];
      const m = machine();
      const { report, digests } = await run(
        step(() => ({ changes: [], separate: [part('a', [bad], { orElse })], digest: 'd' })),
        m,
      );
      expect(report).toMatchObject({ status: 'changed', notes: [{ level: 'warning' }] });
      expect(digests).toEqual({ b: 'd', example: 'd' });
      expect(m.files.list('/etc')).toEqual(['b', 'x']);
    });

    it('does nothing in the place of one that is done', async () => {
      const m = machine();
      const orElse = [part('b', [write('/etc/b')])];
      await run(
        step(() => ({ changes: [], separate: [part('a', [write('/etc/a')], { orElse })] })),
        m,
      );
      expect(m.files.list('/etc')).toEqual(['a', 'x']);
    });

    it('keeps what was done on record where a later plan throws', async () => {
      const { digests } = await run(
        step((round) => {
          if (round > 0) throw new Error('no');
          return { changes: [], separate: [part('a', [write('/etc/a')])], next: 'more' };
        }),
      );
      expect(digests).toEqual({ a: 'd' });
    });
  });

  it('goes on after a kernel value that is refused', async () => {
    const refused = { kind: 'set-kernel-value', path: '/proc/sys/no/such/value', value: '1' } as const;
    const { report } = await run(step(() => ({ changes: [refused, write('/etc/y')] })));
    expect(report).toMatchObject({ status: 'failed', changes: ['write /etc/y (0644)'] });
    expect(report.notes[0]?.text).toMatch(/^could not set \/proc\/sys\/no\/such\/value to "1": no such file/);
  });

  it('survives a step that throws', async () => {
    const { report } = await run(
      step(() => {
        throw new Error('first line\nsecond line');
      }),
    );
    expect(report).toMatchObject({ status: 'failed', notes: [{ level: 'problem', text: 'first line' }] });
  });

  it('changes nothing in a dry run', async () => {
    const m = machine();
    const shown: string[] = [];
    const { report, digests } = await run(
      step(() => ({ changes: [write('/etc/y')], next: 'then more', digest: 'd' })),
      m,
      {
        dryRun: true,
        onChange: (_, change, outcome) => shown.push(`${outcome} ${change.kind}`),
      },
    );
    expect(report.status).toBe('changed');
    expect(shown).toEqual(['planned write-file']);
    expect(digests).toEqual({});
    expect(m.files.list('/etc')).toEqual(['x']);
  });

  it('skips what needs a running system for an unpacked image', async () => {
    const command = { kind: 'run-command', argv: ['x'], timeoutSeconds: 1, why: '' } as const;
    const { report, digests } = await run(
      step(() => ({ changes: [{ ...command, argv: ['x'] }], digest: 'd' })),
      machine(false),
    );
    expect(report.status).toBe('skipped');
    expect(digests).toEqual({});
  });
});
