import { describe, expect, it } from 'vitest';
import { showStatus } from '../../../src/guest/status.ts';
import { Files } from '../../../src/machine/files/files.ts';
import type { Report } from '../../../src/state/report.ts';
import { captureOutput } from '../captured-output.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const report: Report = {
  program: 'gandi-bootstrap',
  version: '1',
  startedAt: '2026-01-01T00:00:00.000Z',
  bootId: 'b',
  status: 'failed',
  source: '/gandi/config',
  problems: [{ group: 'network', path: 'vif[0]', found: '"x"', expected: 'an address' }],
  steps: [
    {
      name: 'identity',
      status: 'changed',
      changes: ['write /etc/hostname (0644)', 'other'],
      notes: [],
      durationMilliseconds: 1,
    },
    { name: 'network', status: 'off', changes: [], notes: [], durationMilliseconds: 0 },
  ],
};

const said = captureOutput();

const show = (entries: Parameters<typeof temporaryRoot>[0], options: { json?: boolean } = {}) =>
  showStatus(
    { timeout: 1, root: temporaryRoot({ '/etc/x': '', ...entries }).root, ...options },
    simulatedSystem(),
  );

describe('gandi-guest status', () => {
  it('shows steps, what they did and refused fields as plain text in a pipe', async () => {
    expect(await show({ '/var/lib/gandi/gandi-bootstrap.json': JSON.stringify(report) })).toBe(1);
    expect(said.stdout).toBe(
      [
        'failed',
        'gandi-bootstrap: failed (the last run, 2026-01-01T00:00:00.000Z, from /gandi/config)',
        'identity\tchanged\twrite /etc/hostname (0644), and 1 more',
        'network\toff',
        'refused network: vif[0]: found "x", expected an address',
        '',
      ].join('\n'),
    );
  });

  it('says of a running system that the report is of an earlier boot', async () => {
    const files = temporaryRoot({ '/var/lib/gandi/gandi-bootstrap.json': JSON.stringify(report) });
    const system = simulatedSystem({ open: () => ({ files, live: true }) });
    expect(await showStatus({ timeout: 1, root: '/' }, system)).toBe(3);
    expect(said.stdout).toContain('gandi-bootstrap: failed (an earlier boot, 2026-01-01T00:00:00.000Z, from');
  });

  it('tells of a boot in which no program had to start', async () => {
    const steady: Report = { ...report, status: 'unchanged', steady: true, problems: [], steps: [] };
    expect(await show({ '/run/gandi/gandi-bootstrap.json': JSON.stringify(steady) })).toBe(0);
    expect(said.stdout).toContain('(this boot, in which nothing was new, from /gandi/config)');
  });

  it('gives the same as JSON', async () => {
    await show({ '/run/gandi/gandi-bootstrap.json': JSON.stringify(report) }, { json: true });
    expect(JSON.parse(said.stdout)).toEqual({
      status: 'failed',
      programs: [{ ...report, thisBoot: true }],
      disks: [],
    });
  });

  it('shows what was done for each interface that came, and counts one that failed', async () => {
    const served = (name: string, status: Report['status']) => ({
      [`/run/gandi/gandi-iface@${name}.json`]: JSON.stringify({
        ...report,
        program: `gandi-iface@${name}`,
        status,
        problems: [],
        steps: [{ ...report.steps[0], name: `interface ${name}`, changes: [`configure ${name}`] }],
      }),
    });
    const boot = {
      '/run/gandi/gandi-bootstrap.json': JSON.stringify({ ...report, status: 'unchanged', problems: [] }),
    };
    expect(await show({ ...boot, ...served('eth1', 'configured'), ...served('eth2', 'failed') })).toBe(1);
    expect(said.stdout).toContain('gandi-iface@eth1: configured (this boot, from /gandi/config)\n');
    expect(said.stdout).toContain('interface eth2\tchanged\tconfigure eth2\n');
  });

  it('waits for gandi-config where it is enabled, and for gandi-postboot where it has work', async () => {
    const unit = (name: string) => ({
      [`/usr/lib/systemd/system/${name}`]: '',
      [`/etc/systemd/system/multi-user.target.wants/${name}`]: '',
    });
    const entries = {
      '/run/gandi/gandi-bootstrap.json': JSON.stringify({ ...report, status: 'unchanged', problems: [] }),
      ...unit('gandi-config.service'),
      ...unit('gandi-postboot.service'),
    };
    await show(entries, { json: true });
    const names = (): string[] =>
      (JSON.parse(said.stdout) as { programs: { program: string }[] }).programs.map(({ program }) => program);
    expect(names()).toEqual(['gandi-bootstrap', 'gandi-config']);
    said.stdout = '';
    expect(await show({ ...entries, '/run/gandi/postboot': '{}' }, { json: true })).toBe(3);
    expect(names()).toEqual(['gandi-bootstrap', 'gandi-config', 'gandi-postboot']);
  });

  it('waits for no unit that is masked, by an empty file or at the boot prompt', async () => {
    const unit = 'gandi-config.service';
    const entries = {
      '/run/gandi/gandi-bootstrap.json': JSON.stringify({ ...report, status: 'unchanged', problems: [] }),
      [`/usr/lib/systemd/system/${unit}`]: '',
      [`/etc/systemd/system/multi-user.target.wants/${unit}`]: '',
    };
    expect(await show(entries)).toBe(3);
    expect(await show({ ...entries, [`/run/systemd/generator.early/${unit}`]: { link: '/dev/null' } })).toBe(
      0,
    );
    expect(await show({ ...entries, [`/etc/systemd/system/${unit}`]: '' })).toBe(0);
    expect(said.stdout).toMatch(/\nunchanged\ngandi-bootstrap: unchanged/);
  });

  it('shows the last words of a script', async () => {
    const [step] = report.steps;
    const last = { ...report, steps: [{ ...step, name: 'script', output: 'one\ntwo' }] };
    await show({ '/run/gandi/gandi-bootstrap.json': JSON.stringify(last) });
    expect(said.stdout).toContain('output of script, its end:\n  | one\n  | two\n');
  });

  it.each<[string, Parameters<typeof temporaryRoot>[0], string]>([
    [
      'a directory',
      { '/run/gandi/gandi-config.json/x': '' },
      '/run/gandi/gandi-config.json: illegal operation on a directory',
    ],
    [
      'a text that is cut off',
      { '/run/gandi/gandi-config.json': '{"program":' },
      '/run/gandi/gandi-config.json: it is not what a program of the toolkit leaves there',
    ],
    [
      'too large',
      { '/run/gandi/gandi-config.json': ' '.repeat(16 * 1024 * 1024 + 1) },
      '/run/gandi/gandi-config.json: larger than 16 MiB, not read',
    ],
  ])('shows what is known beside a report that is %s', async (_, damaged, reason) => {
    const boot = { ...report, status: 'unchanged', problems: [] };
    const entries = { '/run/gandi/gandi-bootstrap.json': JSON.stringify(boot), ...damaged };
    expect(await show(entries)).toBe(0);
    expect(said.stdout).toContain('gandi-bootstrap: unchanged (this boot, from /gandi/config)\n');
    expect(said.stderr).toBe(`gandi-guest: ${reason}; remove it: the next boot leaves another\n`);
  });

  it('shows the programs where the records of disks are damaged', async () => {
    const boot = { ...report, status: 'unchanged', problems: [] };
    const { root } = temporaryRoot({
      '/run/gandi/gandi-bootstrap.json': JSON.stringify(boot),
      '/run/gandi/disks.json/x': '',
    });
    const system = simulatedSystem({ open: () => ({ files: new Files(root), live: true }) });
    expect(await showStatus({ timeout: 1, root: '/' }, system)).toBe(0);
    expect(said.stdout).toContain('gandi-bootstrap: unchanged');
    expect(said.stderr).toContain('gandi-guest: /run/gandi/disks.json: illegal operation on a directory;');
  });

  it('says when nothing has run', async () => {
    expect(await show({})).toBe(3);
    expect(said.stdout).toContain('gandi-bootstrap: not-run');
  });
});
