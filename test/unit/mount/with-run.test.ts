import { describe, expect, it } from 'vitest';
import { withRun } from '../../../src/mount/with-run.ts';
import type { System } from '../../../src/plan/system.ts';
import { captureOutput } from '../captured-output.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();

/** A guest in which process 42 has the turn for a moment; counts how often the turn was given back. */
function guest(entries: Record<string, string> = {}) {
  const files = temporaryRoot({ '/proc/self/mountinfo': '', ...entries });
  const turns = { released: 0, asked: 0 };
  const locks: System['locks'] = {
    async take(_name, _seconds, onWait) {
      turns.asked++;
      onWait?.(42);
      return () => {
        turns.released++;
      };
    },
    isTaken: () => false,
  };
  return { turns, system: simulatedSystem({ open: () => ({ files, live: true }), locks }) };
}

const WAITS = 'gandi-mount: another gandi-mount (process 42) works on the disks';

describe('a run', () => {
  it('that somebody called says what it waits for, and gives its turn back', async () => {
    const { system, turns } = guest();
    expect(await withRun(system, false, async () => 7)).toBe(7);
    expect(said.stderr).toBe(`${WAITS}; waiting\n`);
    expect(turns).toEqual({ asked: 1, released: 1 });
  });

  it('of the boot waits without a word', async () => {
    const { system, turns } = guest();
    await withRun(system, false, async () => 0, false);
    expect(said.stderr).toBe('');
    expect(turns).toEqual({ asked: 1, released: 1 });
  });

  it('that changes nothing waits for nobody', async () => {
    const { system, turns } = guest();
    await withRun(system, true, async () => 0);
    expect(turns).toEqual({ asked: 0, released: 0 });
  });

  it('that fails gives its turn back', async () => {
    const { system, turns } = guest();
    const work = () => Promise.reject(new Error('no disk'));
    await expect(withRun(system, false, work)).rejects.toThrow('no disk');
    expect(turns.released).toBe(1);
  });

  it('warns of faults in the settings that are about disks, with their lines', async () => {
    const settings = 'CONFIG_CRN=0\nCONFIG_ALLOW_MOUNT=perhaps\n';
    const { system } = guest({ '/etc/default/gandi': settings });
    await withRun(system, true, async () => 0);
    expect(said.stderr).toMatch(/^gandi-mount: warning: \/etc\/default\/gandi:2: .*CONFIG_ALLOW_MOUNT.*\n$/);
  });
});
