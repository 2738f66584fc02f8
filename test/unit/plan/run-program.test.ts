import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { Machine } from '../../../src/machine/changes/machine.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
import type { Plan, Step } from '../../../src/plan/step.ts';
import { makeContext } from '../context.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const write = (path: string): Change => ({ kind: 'write-file', path, content: 'x', mode: 0o644 });

/** A step that looks at the facts and gives one plan after the other. */
function step(name: string, ...plans: Plan[]): Step {
  return { name, summary: '', plan: () => plans.shift() ?? { changes: [] } };
}

/** @returns how often the machine was observed */
async function observations(...steps: Step[]): Promise<number> {
  const files = temporaryRoot({ '/etc/file': '' });
  const { settings, host, facts } = makeContext();
  let count = 0;
  const observe = () => {
    count++;
    return facts;
  };
  const machine = { files, commands: systemCommands, live: true };
  await runProgram({
    system: simulatedSystem(),
    program: 'gandi-test',
    steps,
    machine,
    settings,
    host,
    observe,
    dryRun: false,
  });
  return count;
}

describe('the machine is observed', () => {
  it('once where nothing changes', async () => {
    expect(await observations(step('a'), step('b'), step('c'))).toBe(1);
  });

  it('again after a step that changed something', async () => {
    expect(await observations(step('a', { changes: [write('/etc/x')] }), step('b'), step('c'))).toBe(2);
  });

  it('again after a change that failed: it may have had half of its effect', async () => {
    expect(await observations(step('a', { changes: [write('/etc/file/x')] }), step('b'))).toBe(2);
  });

  it('again for each plan of a step that plans again', async () => {
    const plans = [{ changes: [write('/etc/x')], next: 'then more' }, { changes: [] }];
    expect(await observations(step('a', ...plans), step('b'))).toBe(3);
  });
});

describe('SELinux labels', () => {
  const link: Change = { kind: 'make-link', path: '/etc/localtime', target: '/usr/share/zoneinfo/UTC' };
  const mark: Change = { ...write('/run/gandi/mark'), thisBootOnly: true } as Change;

  /** @returns the commands of a run that makes these changes */
  async function commandsOf(
    changes: Change[],
    entries: Record<string, string>,
    failure?: string,
    slow = false,
  ) {
    const run: string[][] = [];
    const commands = {
      run: (argv: readonly string[]) => {
        run.push([...argv]);
        return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '', failure });
      },
    };
    const { settings, host, facts } = makeContext();
    const machine = { files: temporaryRoot(entries), commands, live: true } as unknown as Machine;
    const b = step('b', { changes: [write('/root/.ssh/authorized_keys')] });
    const steps = [step('a', { changes }), slow ? { ...b, slow } : b];
    const program = { program: 'gandi-test', steps, machine, settings, host, dryRun: false };
    const report = await runProgram({ system: simulatedSystem(), ...program, observe: () => facts });
    return { run, report };
  }

  const ENFORCING = { '/sys/fs/selinux/enforce': '1', '/etc/hosts': '' };

  it('are given to all files that were written, with the directories they may have come with', async () => {
    const { run, report } = await commandsOf([link, mark], ENFORCING);
    expect(run).toEqual([
      ['restorecon', '-i', '/etc', '/etc/localtime', '/root/.ssh', '/root/.ssh/authorized_keys'],
    ]);
    expect(report.steps.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'a: changed',
      'b: changed',
      'labels: changed',
    ]);
  });

  it('are given before a step that may be cut off', async () => {
    const { run } = await commandsOf([link], ENFORCING, undefined, true);
    expect(run).toEqual([
      ['restorecon', '-i', '/etc', '/etc/localtime'],
      ['restorecon', '-i', '/root/.ssh', '/root/.ssh/authorized_keys'],
    ]);
  });

  it('are a warning where they cannot be given', async () => {
    const { report } = await commandsOf([], ENFORCING, 'restorecon is not installed');
    expect(report.steps.at(-1)).toMatchObject({ name: 'labels', notes: [{ level: 'warning' }] });
  });

  it('start no program in a guest without SELinux', async () => {
    expect((await commandsOf([link], {})).run).toEqual([]);
  });
});

it.each([
  [undefined, 'failed', 'problem'],
  [true, 'unchanged', 'warning'],
] as const)(
  'what is wrong with the source fails the run, unless it is a warning: %s',
  async (isWarning, status, level) => {
    const { settings, host, facts } = makeContext();
    const problem = {
      group: 'source',
      path: 'x',
      found: 'a',
      expected: 'b',
      ...(isWarning && { isWarning }),
    } as const;
    const said: string[] = [];
    const report = await runProgram({
      system: { ...simulatedSystem(), say: (_, how, text) => said.push(`${how}: ${text}`) },
      program: 'gandi-test',
      steps: [step('a')],
      machine: { files: temporaryRoot({ '/var/log/x': '' }), commands: systemCommands, live: true },
      settings,
      host: { ...host, state: 'new', parsed: { ...host.parsed, problems: [problem] } },
      observe: () => facts,
      dryRun: false,
    });
    expect(report.status).toBe(status);
    expect(said).toEqual([`${level}: source: x: found a, expected b`]);
  },
);
