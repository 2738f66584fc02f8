import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/change.ts';
import { systemCommands } from '../../../src/machine/commands.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
import type { Plan, Step } from '../../../src/plan/step.ts';
import { makeContext } from '../context.ts';
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
  await runProgram({ program: 'gandi-test', steps, machine, settings, host, observe, dryRun: false });
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
