import { execFileSync } from 'node:child_process';
import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { drawBoot } from '../../../../src/guest/analyze/time-chart.ts';
import { analyze, collectBoots } from '../../../../src/guest/analyze.ts';
import { Files } from '../../../../src/machine/files/files.ts';
import type { Report } from '../../../../src/state/report.ts';
import { captureOutput } from '../../captured-output.ts';
import { simulatedSystem } from '../../simulated-system.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const BOOT = '5e04e2f0-9d1c-4a53-8c9a-0123456789ab';
const EARLIER = 'aaaaaaaa9d1c4a538c9a0123456789ab';

/** As `systemctl show` of systemd 252 prints three units. */
const SHOWN = `Id=gandi-bootstrap.service
Result=success
InactiveExitTimestampMonotonic=2000000
ActiveEnterTimestampMonotonic=2600000
InactiveEnterTimestampMonotonic=0
ExecMainExitTimestampMonotonic=2590000
CPUUsageNSec=431000000

Id=gandi-config.service
Result=success
InactiveExitTimestampMonotonic=2700000
ActiveEnterTimestampMonotonic=2750000
InactiveEnterTimestampMonotonic=0
ExecMainExitTimestampMonotonic=2740000
CPUUsageNSec=[not set]

Id=gandi-mount.service
Result=success
InactiveExitTimestampMonotonic=0
ActiveEnterTimestampMonotonic=0
InactiveEnterTimestampMonotonic=0
ExecMainExitTimestampMonotonic=0
CPUUsageNSec=18446744073709551615
`;

const LONG = `gandi-${'long-'.repeat(20)}service`;

/** A run for a disk: the unit is at its work while it stops. */
const SHOWN_DISK = `Id=gandi-disks.service
Type=simple
Result=success
InactiveExitTimestampMonotonic=40000000
ActiveEnterTimestampMonotonic=40001000
InactiveEnterTimestampMonotonic=40400000
ExecMainExitTimestampMonotonic=40002000
CPUUsageNSec=61000000
`;

/** The guest's clock at the start of the kernel, in milliseconds since 1970. */
const KERNEL_START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (milliseconds: number) => new Date(KERNEL_START + milliseconds).toISOString();

function entry(bootId: string, milliseconds: number, fields: Record<string, string>): string {
  return JSON.stringify({
    __REALTIME_TIMESTAMP: String((KERNEL_START + milliseconds) * 1000),
    __MONOTONIC_TIMESTAMP: String(milliseconds * 1000),
    _BOOT_ID: bootId,
    ...fields,
  });
}

const JOURNAL = [
  entry(EARLIER, 3000, {
    MESSAGE_ID: '7d4958e842da4a758f6c1cdc7b36dcc5',
    UNIT: 'gandi-config.service',
  }),
  entry(EARLIER, 3500, { MESSAGE_ID: 'be02cf6855d2428ba40df7e9d022f03d', UNIT: 'gandi-config.service' }),
  entry(EARLIER, 3501, {
    MESSAGE_ID: 'ae8f7b866b0347b9af31fe1c80b127c0',
    UNIT: 'gandi-config.service',
    CPU_USAGE_NSEC: '120000000',
  }),
  entry(EARLIER, 9000, { MESSAGE_ID: 'b07a249cd024414a82dd00cd181378ff' }),
  'not JSON, as the last line of a journal that was cut off',
].join('\n');

const report = (program: string, startedAt: string, steps: Report['steps']): Report => ({
  program,
  version: '1',
  startedAt,
  bootId: BOOT,
  status: 'configured',
  source: 'x',
  problems: [],
  steps,
});

const step = (name: string, durationMilliseconds: number, more: Partial<Report['steps'][0]> = {}) => ({
  name,
  status: 'changed' as const,
  changes: [],
  notes: [],
  durationMilliseconds,
  ...more,
});

const REPORTS = {
  '/run/gandi/gandi-bootstrap.json': JSON.stringify(
    report('gandi-bootstrap', at(2100), [
      step('network', 20),
      step('users', 200, { slowChanges: [{ change: 'run useradd admin', durationMilliseconds: 150 }] }),
      step('short', 0),
    ]),
  ),
  // Done by the start of gandi-bootstrap.
  '/run/gandi/gandi-config.json': JSON.stringify(report('gandi-config', at(2400), [step('ssh', 100)])),
  '/proc/sys/kernel/random/boot_id': `${BOOT}\n`,
  '/proc/uptime': '60.00 50.00\n',
};

function ask(argv: readonly string[]) {
  if (argv[0] === 'journalctl') return { stdout: JOURNAL, failure: '' };
  if (argv.some((word) => word.includes('FinishTimestamp')))
    return { stdout: 'FinishTimestampMonotonic=8000000\n', failure: '' };
  return { stdout: SHOWN, failure: '' };
}

const none = () => ({ stdout: '', failure: 'Not booted with systemd.\nCannot operate.' });
const said = captureOutput();

const boots = (asked = ask, files: Record<string, string> = REPORTS) =>
  collectBoots(new Files(temporaryRoot(files).root), asked, new Date(at(60_000)));

describe('gandi-guest analyze', () => {
  it('puts what the programs did into the times of the units, the work of gandi-config where it was done', () => {
    const [now] = boots();
    expect(now?.finished).toBe(8000);
    expect(now?.units.map(({ unit, start, duration }) => [unit, start, duration])).toEqual([
      ['gandi-bootstrap.service', 2000, 590],
      ['gandi-config.service', 2700, 40],
    ]);
    expect(now?.units[0]?.processorTime).toBe(431);
    expect(now?.units[1]).not.toHaveProperty('processorTime');
    const programs = now?.units[0]?.programs ?? [];
    expect(programs.map(({ program, start }) => [program, start])).toEqual([
      ['gandi-bootstrap', 2100],
      ['gandi-config', 2400],
    ]);
    expect(programs[0]?.steps.map(({ name, start }) => [name, start])).toEqual([
      ['network', 2100],
      ['users', 2120],
      ['short', 2320],
    ]);
  });

  it('counts a report once that is kept for this boot and for later ones', () => {
    const same = REPORTS['/run/gandi/gandi-bootstrap.json'];
    const [now] = boots(ask, { ...REPORTS, '/var/lib/gandi/gandi-bootstrap.json': same });
    expect(now?.units[0]?.programs).toHaveLength(2);
  });

  it('has earlier boots from the journal, a unit that failed among them', () => {
    expect(boots()[1]).toEqual({
      bootId: EARLIER,
      isThisBoot: false,
      startedAt: '2026-01-01T00:00:00.000Z',
      finished: 9000,
      units: [
        {
          unit: 'gandi-config.service',
          start: 3000,
          duration: 500,
          hasFailed: true,
          processorTime: 120,
          programs: [],
        },
      ],
    });
  });

  it('keeps steps within their unit where the clock was set during the boot', () => {
    const wrong = report('gandi-bootstrap', '1970-01-01T00:00:02.000Z', [step('network', 100)]);
    const [now] = boots(ask, { ...REPORTS, '/run/gandi/gandi-bootstrap.json': JSON.stringify(wrong) });
    expect(now?.units[0]?.programs[0]?.start).toBe(2490);
  });

  it('leaves out a program that somebody called later, and disks that came later', () => {
    const later = report('gandi-config', at(50_000), [step('ssh', 100)]);
    const ofDisk = report('gandi-mount', at(40_010), [step('disks', 100)]);
    const known = entry(BOOT.replaceAll('-', ''), 2000, { UNIT: 'gandi-bootstrap.service' });
    const [now] = boots(
      (argv) => {
        if (argv[0] === 'journalctl') return { stdout: known, failure: '' };
        if (argv.some((word) => word.includes('FinishTimestamp'))) return ask(argv);
        return { stdout: `${SHOWN}\n${SHOWN_DISK}`, failure: '' };
      },
      {
        ...REPORTS,
        '/run/gandi/gandi-config.json': JSON.stringify(later),
        '/run/gandi/gandi-mount.json': JSON.stringify(ofDisk),
      },
    );
    const shown = now?.units.map(({ unit, programs }) => [unit, ...programs.map(({ program }) => program)]);
    expect(shown).toEqual([['gandi-bootstrap.service', 'gandi-bootstrap'], ['gandi-config.service']]);
  });

  it('has disks that came during the boot where they were served, until that is done', () => {
    const ofDisk = report('gandi-mount', at(40_010), [step('disks', 100)]);
    const [now] = boots(
      (argv) => ({
        stdout: argv[0] === 'systemctl' && argv.includes('--all') ? SHOWN_DISK : '',
        failure: '',
      }),
      { ...REPORTS, '/run/gandi/gandi-mount.json': JSON.stringify(ofDisk) },
    );
    expect(now?.units).toMatchObject([
      { unit: 'gandi-disks.service', start: 40_000, duration: 400, programs: [{ program: 'gandi-mount' }] },
    ]);
  });

  it('has no failure where a condition of a unit said that there is nothing to do', () => {
    const skipped = SHOWN.replace('Result=success', 'Result=exec-condition');
    const told = JOURNAL.replace(
      '"MESSAGE_ID":"be02cf6855d2428ba40df7e9d022f03d"',
      '"MESSAGE_ID":"be02cf6855d2428ba40df7e9d022f03d","JOB_RESULT":"skipped"',
    );
    const found = boots((argv) => {
      if (argv[0] === 'journalctl') return { stdout: told, failure: '' };
      return argv.includes('--all') ? { stdout: skipped, failure: '' } : ask(argv);
    });
    expect(found.flatMap(({ units }) => units.map(({ hasFailed }) => hasFailed))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('passes over a report that says of no boot', () => {
    const { bootId: _, ...nobody } = report('gandi-bootstrap', at(2100), [step('network', 20)]);
    const [now] = boots(ask, { ...REPORTS, '/run/gandi/gandi-bootstrap.json': JSON.stringify(nobody) });
    expect(now?.units[0]?.programs.map(({ program }) => program)).toEqual(['gandi-config']);
  });

  it('says of a guest without systemd and journal that nothing is known', async () => {
    const { root } = temporaryRoot(REPORTS);
    const system = simulatedSystem({ open: () => ({ files: new Files(root), live: true }) });
    expect(await analyze({}, system, none)).toBe(3);
    expect(said.stdout).toBe('no boot is known\n');
    expect(said.stderr).toBe(
      ['journalctl', 'systemctl']
        .map((name) => `gandi-guest: ${name}: Not booted with systemd; what it would tell is missing\n`)
        .join(''),
    );
  });

  it('takes this boot from the journal where the service manager does not answer', () => {
    const noted = JOURNAL.replaceAll(EARLIER, BOOT.replaceAll('-', ''));
    const found = boots((argv) => (argv[0] === 'journalctl' ? { stdout: noted, failure: '' } : none()));
    expect(found).toMatchObject([{ isThisBoot: true, finished: 9000, units: [{ duration: 500 }] }]);
  });

  it('says that there is nothing to draw, and leaves no picture', async () => {
    const files = temporaryRoot({ '/proc/uptime': '60.00 50.00\n' });
    const system = simulatedSystem({ open: () => ({ files, live: true }) });
    const silent = () => ({ stdout: '', failure: '' });
    const svg = `${files.root}/boot.svg`;
    expect(await analyze({ svg }, system, silent)).toBe(3);
    expect(said.stdout).toBe('this boot: not finished; none of the toolkit’s units ran\n');
    expect(said.stderr).toBe(`gandi-guest: ${svg} is not written: there is nothing to draw\n`);
    expect(files.status('/boot.svg')).toBeUndefined();
  });

  it('shows the units where a report is damaged, and names it', async () => {
    const files = temporaryRoot({ ...REPORTS, '/run/gandi/gandi-bootstrap.json': '{"program":' });
    const system = simulatedSystem({
      open: () => ({ files, live: true }),
      now: () => new Date(at(60_000)),
    });
    expect(await analyze({}, system, ask)).toBe(0);
    expect(said.stdout).toContain('gandi-bootstrap.service\t2.000 s\t590 ms\t431 ms\n  gandi-config: ssh');
    expect(said.stderr).toMatch(/^gandi-guest: \/run\/gandi\/gandi-bootstrap.json: it is not /);
  });

  it('tells the longest first, each with what it is part of', async () => {
    const files = temporaryRoot(REPORTS);
    const system = simulatedSystem({
      open: () => ({ files, live: true }),
      now: () => new Date(at(60_000)),
    });
    expect(await analyze({ blame: true }, system, ask)).toBe(0);
    expect(said.stdout.split('\n').slice(1)).toEqual([
      '590 ms\t431 ms\t2.000 s\tgandi-bootstrap.service',
      '200 ms\t\t2.120 s\tgandi-bootstrap.service: users',
      '150 ms\t\t\tgandi-bootstrap.service: users: run useradd admin',
      '100 ms\t\t2.400 s\tgandi-bootstrap.service: gandi-config: ssh',
      '40 ms\t\t2.700 s\tgandi-config.service',
      '20 ms\t\t2.100 s\tgandi-bootstrap.service: network',
      '',
    ]);
  });

  it('prints a line for each thing in a pipe, JSON, and a picture', async () => {
    const { root } = temporaryRoot(REPORTS);
    const system = simulatedSystem({
      open: () => ({ files: new Files(root), live: true }),
      now: () => new Date(at(60_000)),
    });
    const svg = `${root}/boot.svg`;
    expect(await analyze({ svg }, system, ask)).toBe(0);
    expect(said.stdout.split('\n')).toEqual([
      'this boot: done after 8.000 s; the toolkit’s units: 630 ms, with 431 ms of processor time',
      'gandi-bootstrap.service\t2.000 s\t590 ms\t431 ms',
      '  network\t2.100 s\t20 ms',
      '  users\t2.120 s\t200 ms',
      '    run useradd admin\t\t150 ms',
      '  gandi-config: ssh\t2.400 s\t100 ms',
      'gandi-config.service\t2.700 s\t40 ms',
      `boot ${EARLIER} of 2026-01-01 00:00:00 UTC: done after 9.000 s; the toolkit’s units: 500 ms, with 120 ms of processor time`,
      '',
    ]);
    const picture = new Files().readText(svg) ?? '';
    expect(picture.match(/<rect /g)).toHaveLength(1 + 6);
    expect(picture).toContain('>run useradd admin<');
  });

  it.each<[string, string, string]>([
    ['a directory', 'place', 'this is no file; name one, or what is to be one'],
    ['a pipe', 'pipe', 'this is no file; name one, or what is to be one'],
    ['a link to a pipe', 'link', 'this is no file; name one, or what is to be one'],
    ['in a directory that is not there', 'none/boot.svg', 'its directory does not exist'],
  ])('leaves %s as it is, and says so', async (_, name, reason) => {
    const files = temporaryRoot({ ...REPORTS, '/place/.keep': '', '/link': { link: 'pipe' } });
    execFileSync('mkfifo', [`${files.root}/pipe`]);
    const system = simulatedSystem({ open: () => ({ files, live: true }) });
    const svg = `${files.root}/${name}`;
    await expect(analyze({ svg }, system, ask)).rejects.toThrow(`cannot write ${svg}: ${reason}`);
    expect(files.list('/').sort()).toEqual(['link', 'pipe', 'place', 'proc', 'run']);
    expect(files.status('/pipe')?.kind).toBe('other');
  });

  it('draws a picture that readers take, whatever names and times there are', () => {
    const unit = { hasFailed: false, programs: [] };
    const picture = drawBoot({
      bootId: BOOT,
      isThisBoot: true,
      units: [
        { ...unit, unit: 'gandi-\u0000\u0007\u001b[31m&<".service', start: 2 ** 63, duration: 1 },
        { ...unit, unit: 'gandi-late.service', start: 2 ** 63 + 4096, duration: 2 ** 60 },
      ],
    });
    const wrong: string[] = [];
    const onError = (_: string, text: string) => wrong.push(text);
    new DOMParser({ onError }).parseFromString(picture, 'image/svg+xml');
    expect(wrong).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: which XML does not have
    expect(picture).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
    expect(picture.match(/<line /g)?.length).toBeLessThan(10);
  });

  /** The lines on a terminal of that width. */
  async function onTerminal(columns: number | undefined, options = {}): Promise<string[]> {
    const files = temporaryRoot(REPORTS);
    const lines: string[] = [];
    const system = simulatedSystem({
      open: () => ({ files, live: true }),
      now: () => new Date(at(60_000)),
      environment: { LANG: 'C' },
      output: {
        print: (text) => lines.push(text),
        printError: (text) => lines.push(text),
        isTerminal: () => true,
        columns: () => columns,
      },
    });
    await analyze(options, system, (argv) =>
      argv.includes('--all')
        ? {
            stdout: SHOWN.replace('gandi-config.service\nResult=success', `${LONG}\nResult=timeout`),
            failure: '',
          }
        : ask(argv),
    );
    return lines.join('').split('\n').slice(1);
  }

  it('has a bar for what has a place in time, on a terminal', async () => {
    const rows = await onTerminal(undefined);
    expect(rows.find((row) => row.includes('  network'))).toMatch(/ #$/);
    expect(rows.find((row) => row.includes('useradd'))).not.toContain('#');
    const bars = rows.map((row) => /#+$/.exec(row)?.[0].length ?? 0);
    expect(Math.max(...bars)).toBe(26);
  });

  it.each([
    [140, true],
    [60, true],
    [55, false],
    [50, false],
  ])('fits a terminal of %d columns, with bars: %s', async (columns, hasBars) => {
    for (const options of [{}, { blame: true }]) {
      const table = (await onTerminal(columns, options)).filter((row) => !row.startsWith('boot '));
      expect(Math.max(...table.map((row) => row.length))).toBeLessThanOrEqual(columns);
      expect(table.some((row) => row.endsWith('#'))).toBe(hasBars && !('blame' in options));
      // Without colours, too.
      expect(table.filter((row) => row.includes('... (failed)'))).toHaveLength(1);
    }
  });
});
