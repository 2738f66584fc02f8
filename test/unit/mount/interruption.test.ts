import { rmdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Machine } from '../../../src/machine/apply.ts';
import type { Change } from '../../../src/machine/change.ts';
import { main } from '../../../src/mount/program.ts';
import { captureOutput } from '../captured-output.ts';
import { MIB } from '../images.ts';
import { SimulatedDisks } from './simulated-disks.ts';
import { rowsByName, simulatedGuest } from './simulated-run.ts';

vi.mock('../../../src/mount/with-run.ts', () => import('./simulated-run.ts'));
vi.mock('../../../src/machine/holders.ts', () => import('./simulated-run.ts'));

type Apply = (change: Change, machine: Machine) => Promise<'done' | 'skipped'>;

/** What stands between the program and the machine. */
const between = vi.hoisted(() => ({
  interfere: undefined as ((change: Change) => Promise<void> | void) | undefined,
}));

vi.mock('../../../src/machine/apply.ts', async (original) => {
  const { applyChange } = await original<{ applyChange: Apply }>();
  return {
    async applyChange(change: Change, machine: Machine) {
      await between.interfere?.(change);
      return await applyChange(change, machine);
    },
  };
});

const said = captureOutput();
const guest = simulatedGuest();

afterEach(() => {
  between.interfere = undefined;
});

const HOOKS = ['post-disk-attach', 'pre-disk-detach'];

/** A guest in which one disk went away while it was mounted, and four came: two with equal labels, one that is to grow. */
async function scene(): Promise<void> {
  guest.disks.remove();
  guest.disks = new SimulatedDisks();
  const { disks } = guest;
  disks.attach({ name: 'sdb', label: 'old' });
  expect(await main(['rescan', '--new']), said.stderr).toBe(0);
  for (const hook of HOOKS) disks.addHook(hook);
  disks.takeAway('sdb');
  disks.attach({ name: 'sdc', label: 'data' });
  disks.attach({ name: 'sdd', label: 'data' });
  disks.attach({ name: 'sde', label: 'small', fileSystemBytes: 8 * MIB });
  disks.attach({ name: 'sdf', type: 'none' });
  disks.ran.length = 0;
}

/** Mounts, directories below the disk root, and what the program tells of each disk. */
async function stateNow(): Promise<unknown> {
  said.stdout = '';
  expect(await main(['list', '--json'])).toBe(0);
  const rows = Object.entries(rowsByName(said.stdout)).map(([name, { state, present, mountPoint }]) => ({
    name,
    state,
    present,
    mountPoint: mountPoint?.replace(guest.disks.files.root, ''),
  }));
  const { files } = guest.disks;
  const memory = files.readText('/var/lib/gandi/disks.json') ?? '';
  return {
    rows: rows.sort((one, other) => one.name.localeCompare(other.name)),
    mounts: guest.disks.mounts().sort(),
    directories: files.list('/srv'),
    remembered: [...memory.matchAll(/"name": *"([^"]+)"/g)].map(([, name]) => name).sort(),
    half: files.list('/var/lib/gandi').filter((name) => name.endsWith('.gandi-new')),
  };
}

const ranHooks = () => guest.disks.ran.filter((line) => line.startsWith('/etc/gandi/hooks/')).sort();

describe('gandi-mount, broken off at each single change', { timeout: 120_000 }, () => {
  async function peacefulRun(): Promise<{ changes: Change[]; state: unknown; hooks: string[] }> {
    await scene();
    const changes: Change[] = [];
    between.interfere = (change) => void changes.push(change);
    expect(await main(['rescan', '--new']), said.stderr).toBe(0);
    between.interfere = undefined;
    const state = await stateNow();
    expect(state).toMatchObject({ mounts: ['/srv/data', '/srv/data_2', '/srv/small'] });
    return { changes, state, hooks: ranHooks() };
  }

  it('makes changes of these kinds', async () => {
    const { changes, hooks } = await peacefulRun();
    const kinds = new Set(changes.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([
      'make-directory',
      'remove-empty-directory',
      'run-command',
      'write-file',
    ]);
    expect(hooks).toHaveLength(4);
  });

  it('comes to the same end in the next run, whatever it had done when it stopped', async () => {
    const { changes, state, hooks } = await peacefulRun();
    for (const [number, change] of changes.entries()) {
      await scene();
      let count = 0;
      const cut = new Promise<void>((resolve) => {
        between.interfere = () => {
          if (count++ !== number) return;
          resolve();
          // Nothing of this run happens any more.
          return new Promise<void>(() => undefined);
        };
      });
      await Promise.race([cut, main(['rescan', '--new']).then(() => expect.unreachable(`change ${number}`))]);
      between.interfere = undefined;
      expect(await main(['rescan', '--new']), said.stderr).toBe(0);
      const where = `stopped before change ${number}, ${JSON.stringify(change)}`;
      expect(await stateNow(), where).toEqual(state);
      // Each is run for each disk, and a second time only if nobody could note that it had been.
      expect([...new Set(ranHooks())], where).toEqual(hooks);
      expect(ranHooks().length, where).toBeLessThanOrEqual(hooks.length + 1);
    }
  });

  it('comes to the same end in the next boot’s run, whatever had failed', async () => {
    const { changes, state } = await peacefulRun();
    for (const [number, change] of changes.entries()) {
      await scene();
      let count = 0;
      between.interfere = () => {
        if (count++ === number) throw new Error('it was made to fail');
      };
      said.stderr = '';
      // What cannot be noted ends a run; the exit status is of no concern here.
      await main(['rescan', '--new']).catch((error: Error) => {
        said.stderr += error.message;
      });
      between.interfere = undefined;
      const where = `failed at change ${number}, ${JSON.stringify(change)}`;
      expect(said.stderr, where).toContain('it was made to fail');
      expect(await main(['rescan']), said.stderr).toBe(0);
      // An empty directory that nobody needs stays: what is gone is not looked at again.
      if (change.kind === 'remove-empty-directory') rmdirSync(guest.disks.mountPoint('old'));
      expect(await stateNow(), where).toEqual(state);
    }
  });
});
