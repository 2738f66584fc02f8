import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/guest/doctor/diagnosis.ts';
import { showStatus } from '../../../src/guest/status.ts';
import type { Report } from '../../../src/state/report.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { EDITOR, main, simulatedGuest } from './simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

function report(): Report {
  const text = guest.disks.files.readText('/run/gandi/gandi-mount.json');
  if (text === undefined) throw new Error('there is no report');
  return JSON.parse(text) as Report;
}

const partsOf = (name: string) => report().steps.find((step) => step.name === name)?.parts;

/** What `gandi-guest status` says once the boot has begun well. */
async function status(): Promise<{ status: string; programs: { program: string }[] }> {
  const boot = { ...report(), program: 'gandi-bootstrap', status: 'unchanged', steps: [] };
  guest.disks.write('/run/gandi/gandi-bootstrap.json', JSON.stringify(boot));
  said.stdout = '';
  await showStatus({ root: '/', timeout: 1, json: true }, simulatedSystem(guest.disks.system));
  return JSON.parse(said.stdout);
}

describe('the report of gandi-mount', () => {
  it('says what each step did, and what became of each disk', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan'])).toBe(0);
    expect(report()).toMatchObject({
      program: 'gandi-mount',
      status: 'configured',
      source: '/etc/default/gandi',
      steps: [
        { name: 'mode', status: 'unchanged' },
        {
          name: 'disks',
          status: 'changed',
          changes: [
            expect.stringMatching(/^make directory /),
            expect.stringMatching(/^run mount /),
            expect.stringMatching(/^make directory /),
          ],
          notes: [{ level: 'info', text: expect.stringContaining('is mounted at') }],
          parts: [{ name: guest.disks.node('sdb'), status: 'changed' }],
        },
      ],
    });
    expect(await status()).toMatchObject({
      status: 'configured',
      programs: [{ program: 'gandi-bootstrap' }, { program: 'gandi-mount', thisBoot: true }],
    });
    await main(['eject', 'data']);
    expect(partsOf('eject')).toEqual([
      {
        name: guest.disks.node('sdb'),
        status: 'changed',
        text: `ejected: it was ejected from ${guest.disks.mountPoint('data')}`,
      },
    ]);
  });

  it('goes on to say that autofs could not be set up, until that is made up for', async () => {
    const { disks } = guest;
    disks.write('/etc/default/gandi', 'CONFIG_MOUNT_MODE=autofs\n');
    expect(await main(['rescan'])).toBe(1);
    expect(await main(['rescan', '--new'])).toBe(0);
    const [mode] = report().steps;
    expect(mode).toMatchObject({
      name: 'mode',
      status: 'failed',
      notes: [{ level: 'problem', text: expect.stringContaining('autofs is not installed') }],
    });
    expect((await status()).status).toBe('failed');
    const findings = () =>
      diagnose({ ...makeContext(), files: disks.files, rows: [], disks: [] }).map(({ subject }) => subject);
    expect(findings()).toContain('gandi-mount, step mode');
    disks.write('/etc/default/gandi', '');
    expect(await main(['apply-mode'])).toBe(0);
    expect((await status()).status).toBe('unchanged');
    expect(findings()).not.toContain('gandi-mount, step mode');
  });

  it('has failed with a disk, whose record then says what is left to be done', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.fail = (line) => (line.startsWith('mount ') ? 'mount: exit status 32' : undefined);
    expect(await main(['rescan', '--new'])).toBe(1);
    expect(report()).toMatchObject({ status: 'failed', steps: [{ name: 'disks', status: 'failed' }] });
    expect(partsOf('disks')).toEqual([
      { name: disks.node('sdb'), status: 'failed', text: expect.stringMatching(/^failed: /) },
    ]);
    expect((await status()).status).toBe('failed');
    await main(['eject', disks.node('sdb')]);
    expect((await status()).status).toBe('unchanged');
  });

  it('does not count it as a failure of the guest that a disk in use stays mounted', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    guest.holders = [EDITOR];
    expect(await main(['eject', 'data'])).toBe(1);
    expect(partsOf('eject')).toMatchObject([{ status: 'changed', text: expect.stringMatching(/^mounted /) }]);
    expect((await status()).status).toBe('unchanged');
  });

  it('says why a run ended that could not go on', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    // Records cannot be written where a directory has their name.
    disks.write('/run/gandi/disks.json/x', '');
    await expect(main(['rescan', '--new'])).rejects.toThrow();
    expect(report()).toMatchObject({ status: 'failed', steps: [{ name: 'disks', status: 'failed' }] });
  });

  it('is shown after a dry run, and not kept', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new', '--dry-run']);
    expect(said.stdout).toMatch(
      /\n\ngandi-mount: would configure \(from \/etc\/default\/gandi\)\ndisks\twould/,
    );
    expect(guest.disks.files.status('/run/gandi/gandi-mount.json')).toBeUndefined();
  });

  it('is not made of a lookup of autofs: there is one for each access', async () => {
    const { disks } = guest;
    disks.write('/etc/default/gandi', 'CONFIG_MOUNT_MODE=autofs\n');
    disks.write('/usr/sbin/automount', '');
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    const before = report();
    expect(await main(['autofs', 'data'])).toBe(0);
    expect(report()).toEqual(before);
  });
});
