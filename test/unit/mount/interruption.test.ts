import { rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { MIB, writeAt } from '../images.ts';
import { SimulatedDisks } from './simulated-disks.ts';
import { main, rowsByName, simulatedGuest } from './simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

/** Position of s_state (ext4's super.rst); 0 if it was not unmounted in order. */
const STATE = 1024 + 58;

/** Older than what has just been changed: a run keeps what it made of units for the next (seen-mount-units.ts), always or never. */
const SETTLED_MILLISECONDS = 30;

const HOOKS = ['post-disk-attach', 'pre-disk-detach'];

/** A guest in which one disk went away while it was mounted, and four came: two with equal labels, one that is to grow. */
async function scene(): Promise<void> {
  guest.disks.remove();
  guest.disks = new SimulatedDisks();
  const { disks } = guest;
  // Which has units made of disks.
  disks.write('/run/systemd/system/.keep', '');
  await sleep(SETTLED_MILLISECONDS);
  disks.attach({ name: 'sdb', label: 'old' });
  expect(await main(['rescan', '--new']), said.stderr).toBe(0);
  for (const hook of HOOKS) disks.addHook(hook);
  disks.takeAway('sdb');
  disks.attach({ name: 'sdc', label: 'data' });
  disks.attach({ name: 'sdd', label: 'data' });
  disks.attach({ name: 'sde', label: 'small', fileSystemBytes: 8 * MIB });
  disks.attach({ name: 'sdf', type: 'none' });
  disks.ran.length = 0;
  await sleep(SETTLED_MILLISECONDS);
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
    units: files
      .list('/etc/systemd/system')
      .map((name) => name.replace(/.*-root-srv-/, ''))
      .sort(),
    half: files.list('/var/lib/gandi').filter((name) => name.endsWith('.gandi-new')),
  };
}

const ranHooks = () => guest.disks.ran.filter((line) => line.startsWith('/etc/gandi/hooks/')).sort();

describe('gandi-mount, broken off at each single change', { timeout: 240_000 }, () => {
  async function peacefulRun(): Promise<{ changes: Change[]; state: unknown; hooks: string[] }> {
    await scene();
    const { changes, result } = await recordChanges(() => main(['rescan', '--new']));
    expect(result, said.stderr).toBe(0);
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
      await cutPower(() => main(['rescan', '--new']), number);
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
      said.stderr = '';
      // What cannot be noted ends a run.
      await withoutSpaceFor(number, () => main(['rescan', '--new'])).catch((error: Error) => {
        said.stderr += error.message;
      });
      const where = `failed at change ${number}, ${JSON.stringify(change)}`;
      expect(said.stderr, where).toContain('no space left on device');
      expect(await main(['rescan']), said.stderr).toBe(0);
      // An empty directory that nobody needs stays: what is gone is not looked at again.
      if (change.kind === 'remove-empty-directory') rmdirSync(guest.disks.mountPoint('old'));
      expect(await stateNow(), where).toEqual(state);
    }
  });
});

describe('the records of many disks', () => {
  const COUNT = 12;
  const timesStored = async () => {
    for (let number = 0; number < COUNT; number++)
      guest.disks.attach({ name: `sd${String.fromCharCode(98 + number)}`, label: `data${number}` });
    const { changes } = await recordChanges(() => main(['rescan', '--new']));
    expect(guest.disks.mounts()).toHaveLength(COUNT);
    const path = '/run/gandi/disks.json';
    return changes.filter((change) => change.kind === 'write-file' && change.path === path).length;
  };

  it('are not written once more for each disk', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    // When they are announced, and at the end.
    expect(await timesStored()).toBe(2);
    vi.restoreAllMocks();
  });

  it('are where a hook runs for each, and while time goes by', async () => {
    guest.disks.addHook('post-disk-attach');
    expect(await timesStored()).toBeGreaterThan(COUNT);
    guest.disks.remove();
    guest.disks = new SimulatedDisks();
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 300));
    expect(await timesStored()).toBeGreaterThan(3);
    vi.restoreAllMocks();
  });
});

describe('gandi-mount, broken off at each single change while a disk is checked', {
  timeout: 120_000,
}, () => {
  /** One disk was not unmounted in order, the other was. */
  async function checkScene(): Promise<void> {
    guest.disks.remove();
    guest.disks = new SimulatedDisks();
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'cut' });
    disks.attach({ name: 'sdc', label: 'clean' });
    writeAt(disks.node('sdb'), STATE, new Uint8Array([0, 0]));
    disks.addHook('post-disk-attach');
    await sleep(SETTLED_MILLISECONDS);
  }

  async function peacefulRun(): Promise<{ changes: Change[]; state: unknown }> {
    await checkScene();
    const { changes, result } = await recordChanges(() => main(['rescan', '--new']));
    expect(result, said.stderr).toBe(0);
    expect(guest.disks.ran.filter((line) => line.startsWith('e2fsck'))).toHaveLength(1);
    return { changes, state: await stateNow() };
  }

  it('comes to the same end in the next run, each hook run once or, where that could not be noted, twice', async () => {
    const { changes, state } = await peacefulRun();
    expect(state).toMatchObject({ mounts: ['/srv/clean', '/srv/cut'] });
    for (const [number, change] of changes.entries()) {
      await checkScene();
      await cutPower(() => main(['rescan', '--new']), number);
      expect(await main(['rescan', '--new']), said.stderr).toBe(0);
      const where = `stopped before change ${number}, ${JSON.stringify(change)}`;
      expect(await stateNow(), where).toEqual(state);
      expect(ranHooks().length, where).toBeLessThanOrEqual(3);
    }
  });
});
