import { describe, expect, it } from 'vitest';
import { confirm } from '../../../../src/host/record/confirm.ts';
import { SimulatedHost } from '../simulated-host.ts';

describe('what cannot be undone', () => {
  it('is done where --yes says so, and shown in a dry run, without a question', async () => {
    const host = new SimulatedHost();
    expect(await confirm(host.context({ yes: true }), 'remove guest a')).toBe(true);
    expect(await confirm(host.context({ dryRun: true }), 'remove guest a')).toBe(true);
  });

  it('is not done where nobody can be asked', async () => {
    const terminal = process.stdin.isTTY;
    process.stdin.isTTY = false;
    try {
      const host = new SimulatedHost();
      const said: string[] = [];
      const context = host.context();
      const output = { ...context.system.output, printError: (text: string) => void said.push(text) };
      const asked = { ...context, system: { ...context.system, output } };
      expect(await confirm(asked, 'remove guest a')).toBe(false);
      expect(said).toEqual(['gandi-host: nobody can be asked whether to remove guest a; use --yes\n']);
    } finally {
      process.stdin.isTTY = terminal;
    }
  });
});
