import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../../src/machine/changes/apply.ts';
import type { CommandResult } from '../../../../src/machine/commands/commands.ts';
import { runWhenReady } from '../../../../src/machine/system/run-when-ready.ts';
import { RELOAD_PROFILES } from '../../../../src/network/managers/keyfile-writer.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const argv = ['nmcli', 'connection', 'reload'];
const done: CommandResult = { argv, exitCode: 0, stdout: '', stderr: '' };
const failed = (stderr: string): CommandResult => ({
  argv,
  exitCode: 1,
  stdout: '',
  stderr,
  failure: `nmcli: exit status 1: ${stderr}`,
});

const NO_OBJECT = failed(
  'Error: failed to reload connections: Object does not exist at path “/org/freedesktop/NetworkManager/Settings”.',
);
const NOT_RUNNING = failed('Error: NetworkManager is not running.');
const REFUSED = failed('Error: failed to reload connections: Not authorized.');

/** A program that says one thing after the other, the last one for ever, each time within a millisecond. */
function program(...results: [CommandResult, ...CommandResult[]]) {
  let time = 0;
  const waits: number[] = [];
  let runs = 0;
  const run = () => {
    time += 1;
    const result = results[Math.min(runs, results.length - 1)] ?? results[0];
    runs += 1;
    return Promise.resolve(result);
  };
  const wait = (milliseconds: number) => {
    waits.push(milliseconds);
    time += milliseconds;
    return Promise.resolve();
  };
  const start = (seconds: number) =>
    runWhenReady(run, { says: RELOAD_PROFILES.whenReady?.says ?? '', seconds }, () => time, wait);
  return { start, run, waits, runs: () => runs, time: () => time };
}

describe('runWhenReady', () => {
  it('runs a program once where the service answers, be it in success or not', async () => {
    for (const result of [done, REFUSED]) {
      const nmcli = program(result);
      expect(await nmcli.start(30)).toBe(result);
      expect([nmcli.runs(), nmcli.waits]).toEqual([1, []]);
    }
  });

  it('waits longer each time while the service starts, and no more once it answers', async () => {
    const nmcli = program(NOT_RUNNING, NO_OBJECT, NO_OBJECT, NO_OBJECT, NO_OBJECT, NO_OBJECT, done);
    expect(await nmcli.start(30)).toBe(done);
    expect(nmcli.waits).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('tells a failure that comes once the service is there', async () => {
    const nmcli = program(NO_OBJECT, REFUSED);
    expect(await nmcli.start(30)).toBe(REFUSED);
    expect(nmcli.runs()).toBe(2);
  });

  it('gives up on a service that never answers, with a last look at the end', async () => {
    const nmcli = program(NO_OBJECT);
    expect(await nmcli.start(2)).toBe(NO_OBJECT);
    expect(nmcli.time()).toBeGreaterThanOrEqual(2000);
    expect(nmcli.time()).toBeLessThan(2010);
    expect(nmcli.runs()).toBeLessThan(8);
  });
});

describe('a command for NetworkManager', () => {
  it('is carried out once that answers', async () => {
    const nmcli = program(NO_OBJECT, done);
    await applyChange(RELOAD_PROFILES, { files: temporaryRoot({}), commands: nmcli, live: true });
    expect(nmcli.runs()).toBe(2);
  });
});
