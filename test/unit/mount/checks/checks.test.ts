import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attach, eject } from '../../../../src/mount/commands.ts';
import { listDisks } from '../../../../src/mount/list.ts';
import { rescan } from '../../../../src/mount/rescan.ts';
import { readDiskRecords, storeDiskRecords } from '../../../../src/state/disk-records.ts';
import { captureOutput } from '../../captured-output.ts';
import { SimulatedDisks } from '../simulated-disks.ts';
import { rowsByName } from '../simulated-run.ts';
import { SlowChecks } from '../slow-checks.ts';

const said = captureOutput();
let disks: SimulatedDisks;
let checks: SlowChecks;

function begin(settings = ''): void {
  disks?.remove();
  disks = new SimulatedDisks(settings);
  checks = new SlowChecks(disks);
}

beforeEach(() => {
  disks = new SimulatedDisks();
  checks = new SlowChecks(disks);
  disks.write('/proc/uptime', '100.00 90.00\n');
});
afterEach(() => disks.remove());

/** Disks that are labelled by their names; those that are named second were not unmounted in order. */
function attachDisks(clean: readonly string[], cutOff: readonly string[]): void {
  for (const name of [...clean, ...cutOff]) disks.attach({ name, label: `of-${name}` });
  for (const name of cutOff) checks.cutOff(name);
}

const recordOf = (name: string) =>
  readDiskRecords(disks.files).findLast(({ node }) => node.endsWith(`/${name}`));
const serveNew = () => checks.run((run) => rescan(run, true));
const boot = () => checks.run((run) => rescan(run, false, true));
const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 10_000, interval: 20 });
const NO_WAIT = { force: false, waitSeconds: 0 };
const ejectNow = (name: string) => checks.run((run) => eject(run, name, NO_WAIT));
const started = () => disks.ran.filter((line) => line.includes('start gandi-'));

describe('a disk that is checked', { timeout: 30_000 }, () => {
  it('keeps no other disk waiting, also none that comes meanwhile, and is mounted at its end', async () => {
    attachDisks(['sdc'], ['sdb']);
    const run = serveNew();
    await until(() => expect(disks.mounts()).toEqual(['/srv/of-sdc']));
    expect(recordOf('sdb')).toMatchObject({
      state: 'checking',
      mountPoint: disks.mountPoint('of-sdb'),
      sinceUptime: 100,
    });
    attachDisks(['sdd'], []);
    await until(() => expect(disks.mounts()).toEqual(['/srv/of-sdc', '/srv/of-sdd']));
    expect(checks.underWay).toEqual(['sdb']);
    checks.end('sdb');
    expect(await run).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/of-sdc', '/srv/of-sdd', '/srv/of-sdb']);
    expect(recordOf('sdb')).toMatchObject({ state: 'mounted' });
    expect(disks.ran.filter((line) => line.startsWith('e2fsck'))).toHaveLength(1);
  });

  it('keeps no other run waiting: another disk is ejected and mounted again', async () => {
    attachDisks(['sdc'], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    expect(await ejectNow('of-sdc'), said.stderr).toBe(0);
    expect(disks.mounts()).toEqual([]);
    expect(await checks.run((one) => attach(one, disks.node('sdc').slice('/dev/'.length)))).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/of-sdc']);
    checks.end('sdb');
    await run;
    expect(disks.mounts()).toEqual(['/srv/of-sdc', '/srv/of-sdb']);
  });

  it('is shown with its progress', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    disks.write('/proc/uptime', '112.40 90.00\n');
    await listDisks(disks.run(true), true);
    expect(rowsByName(said.stdout).sdb).toMatchObject({
      state: 'checking',
      present: true,
      label: 'of-sdb',
      progress: { doing: 'check', seconds: 12 },
      why: 'it was not unmounted in order; its check is under way, since 12 s',
    });
    checks.end('sdb');
    await run;
  });

  it('is one of three at most; the next begins when one has ended, and is told as queued until then', async () => {
    attachDisks([], ['sdb', 'sdc', 'sdd', 'sde', 'sdf']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toHaveLength(3));
    await until(() => expect(recordOf('sdf')).toMatchObject({ state: 'checking', isQueued: true }));
    expect(recordOf('sdb')).not.toHaveProperty('isQueued');
    checks.end('sdc');
    await until(() => expect(disks.mounts()).toEqual(['/srv/of-sdc']));
    await until(() => expect(checks.underWay).toEqual(['sdb', 'sdd', 'sde']));
    await until(() => expect(recordOf('sde')).not.toHaveProperty('isQueued'));
    for (const name of ['sdd', 'sdb', 'sde']) checks.end(name);
    await until(() => expect(checks.underWay).toEqual(['sdf']));
    checks.end('sdf');
    expect(await run).toBe(0);
    expect(checks.most).toBe(3);
    expect(disks.mounts()).toHaveLength(5);
  });

  it('has failed if the check says so', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    checks.end('sdb', 4);
    expect(await run).toBe(1);
    expect(recordOf('sdb')).toMatchObject({ state: 'failed', why: expect.stringContaining('repair') });
    expect(disks.mounts()).toEqual([]);
  });

  it('is cleaned up after if it goes away', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    disks.takeAway('sdb');
    await until(() => expect(recordOf('sdb')).toMatchObject({ state: 'gone' }));
    checks.end('sdb', 8);
    expect(await run).toBe(0);
    expect(disks.mounts()).toEqual([]);
  });

  it('keeps its name from a disk that comes meanwhile', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    disks.attach({ name: 'sdc', label: 'of-sdb' });
    await until(() => expect(disks.mounts()).toEqual(['/srv/of-sdb_2']));
    checks.end('sdb');
    await run;
    expect(recordOf('sdb')).toMatchObject({ mountPoint: disks.mountPoint('of-sdb') });
  });

  it('is taken up if the run that checked it is not there any more', async () => {
    attachDisks([], ['sdb']);
    const { name, node, deviceNumber, sequence, uuid } = await (async () => {
      checks.end('sdb');
      await serveNew();
      await ejectNow('of-sdb');
      const record = recordOf('sdb');
      if (record === undefined) throw new Error('no record');
      return record;
    })();
    checks.cutOff('sdb');
    const left = { name, node, deviceNumber, sequence, uuid, type: 'ext4', since: 'then' };
    await storeDiskRecords({ files: disks.files, commands: disks.commands, live: true }, [
      { ...left, state: 'checking', mountPoint: disks.mountPoint('of-sdb') } as never,
    ]);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    checks.end('sdb');
    expect(await run).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/of-sdb']);
  });
});

describe('who waits for a check', { timeout: 30_000 }, () => {
  it('eject says so at once; the disk stays unmounted and can be detached', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    disks.write('/proc/uptime', '112.40 90.00\n');
    const ejection = ejectNow('of-sdb');
    await until(() =>
      expect(said.stderr).toMatch(/check of \S+\/sdb \(of-sdb\) is under way, since 12 s; waiting\n/),
    );
    expect(said.stdout).toBe('');
    checks.end('sdb');
    expect(await ejection).toBe(0);
    expect(said.stdout).toMatch(/sdb is not mounted: it can be detached/);
    expect(await run).toBe(0);
    expect(disks.mounts()).toEqual([]);
    expect(recordOf('sdb')).toMatchObject({ state: 'ejected' });
  });

  it('eject does not wait for the check of one that is still to begin', async () => {
    attachDisks([], ['sdb', 'sdc', 'sdd', 'sde']);
    const run = serveNew();
    await until(() => expect(recordOf('sde')).toMatchObject({ isQueued: true }));
    expect(await ejectNow('of-sde')).toBe(0);
    expect(said.stderr).toContain('check of');
    for (const name of ['sdb', 'sdc', 'sdd']) checks.end(name);
    expect(await run).toBe(0);
    expect(disks.ran.filter((line) => line.startsWith('e2fsck')).join()).not.toContain('sde');
    expect(recordOf('sde')).toMatchObject({ state: 'ejected' });
  });

  it('attach says so, too, and tells where it is mounted in the end', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    const attachment = checks.run((one) => attach(one, disks.node('sdb').slice('/dev/'.length)));
    await until(() => expect(said.stderr).toContain('is under way, since 0 s; waiting'));
    checks.end('sdb');
    expect(await attachment).toBe(0);
    expect(said.stdout).toMatch(/sdb is mounted at .*of-sdb/);
    await run;
    expect(disks.ran.filter((line) => line.startsWith('e2fsck'))).toHaveLength(1);
  });

  it('the boot does not: a unit has it checked afterwards', async () => {
    attachDisks(['sdc'], ['sdb']);
    expect(await boot()).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/of-sdc']);
    expect(recordOf('sdb')).toMatchObject({ state: 'checking' });
    expect(started()).toEqual(['systemctl --no-block start gandi-checks.service']);
    expect(disks.ran.filter((line) => line.startsWith('e2fsck'))).toEqual([]);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    checks.end('sdb');
    expect(await run).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/of-sdc', '/srv/of-sdb']);
  });

  it('a run that checks already takes up what the boot leaves', async () => {
    attachDisks([], ['sdb']);
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    attachDisks([], ['sdc']);
    // It is the boot's that sees it first.
    await boot();
    await until(() => expect(checks.underWay).toEqual(['sdb', 'sdc']));
    for (const name of ['sdb', 'sdc']) checks.end(name);
    expect(await run).toBe(0);
    expect(disks.mounts().toSorted()).toEqual(['/srv/of-sdb', '/srv/of-sdc']);
  });

  it('the boot starts nothing where all disks are clean', async () => {
    attachDisks(['sdb', 'sdc'], []);
    expect(await boot()).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/of-sdb', '/srv/of-sdc']);
    expect(disks.ran.filter((line) => line.startsWith('systemctl'))).toEqual([]);
  });

  it.each([
    ['as long as CONFIG_DISK_WAIT says', 1, false],
    ['no longer than it takes', 3000, true],
  ])('the boot does %s', async (_, seconds, ends) => {
    begin(`CONFIG_DISK_WAIT=${seconds}\n`);
    attachDisks([], ['sdb']);
    const began = performance.now();
    const booting = boot();
    await until(() => expect(started()).toEqual(['systemctl --no-block start gandi-checks.service']));
    const run = serveNew();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    if (ends) checks.end('sdb');
    expect(await booting).toBe(0);
    if (!ends) expect(performance.now() - began).toBeGreaterThan(900);
    expect(disks.mounts()).toEqual(ends ? ['/srv/of-sdb'] : []);
    checks.end('sdb');
    await run;
  });

  it('the boot does where no unit can be started', async () => {
    attachDisks([], ['sdb']);
    disks.fail = (line) => (line.startsWith('systemctl') ? 'systemctl is not installed' : undefined);
    const booting = boot();
    await until(() => expect(checks.underWay).toEqual(['sdb']));
    checks.end('sdb');
    await booting;
    expect(disks.mounts()).toEqual(['/srv/of-sdb']);
  });
});
