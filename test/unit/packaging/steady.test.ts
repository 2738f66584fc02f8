import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/change.ts';
import { pathState } from '../../../src/machine/path-state.ts';
import type { Report } from '../../../src/plan/report.ts';
import { renderSteadyRecord, type SteadyState } from '../../../src/plan/steady-record.ts';

const script = readFileSync(fileURLToPath(new URL('../../../packaging/steady.sh', import.meta.url)), 'utf8');

const report: Report = {
  program: 'gandi-bootstrap',
  version: '3.0.0',
  startedAt: '2026-11-21T04:16:09.000Z',
  bootId: 'an earlier one',
  status: 'configured',
  source: "the host's disk",
  problems: [],
  steps: [
    { name: 'identity', status: 'changed', changes: ['write'], notes: [], durationMilliseconds: 3 },
    { name: 'host-init', status: 'off', changes: [], notes: [], durationMilliseconds: 0 },
  ],
};

/** A guest's tree; the script looks for its directories there, and for the kernel's files where they really are. */
let root: string;
const at = (path: string) => join(root, path);
const write = (path: string, text: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};
const lineOf = (path: string) => pathState(at(path))?.line ?? '';

/** The script, and a program that leaves a mark when it is started. */
function installScript(): void {
  const own = script
    .replaceAll('/var/lib/gandi', at('var/lib/gandi'))
    .replaceAll('/run/gandi', at('run/gandi'))
    .replaceAll('/run/udev', at('run/udev'))
    .replaceAll('/sys/class/block/$1', at('class/$1'))
    .replaceAll('/usr/lib/gandi', at('usr/lib/gandi'));
  write('steady.sh', own);
  write('usr/lib/gandi/gandi-launcher', `echo "$program $GANDI_BOOT" > ${at('started')}\nexit 3\n`);
}

const setValue = (): Change => ({ kind: 'set-kernel-value', path: at('proc/swappiness'), value: '10 20' });
const runTouch = (): Change => ({
  kind: 'run-command',
  argv: ['touch', at('swapped-on')],
  timeoutSeconds: 1,
  thisBootOnly: true,
  why: 'use the swap area',
});

function stateOfGuest(): SteadyState {
  return {
    report,
    repeated: [setValue(), runTouch()],
    present: [lineOf('etc/default'), lineOf('etc/link')],
    existing: [at('run/generated')],
    absent: [at('etc/plugin')],
    blockDevices: readdirSync('/sys/class/block').sort(),
    disks: new Map([[at('sys/target0/block'), 'sda']]),
    kernelTexts: new Map([
      ['/proc/sys/kernel/osrelease', readFileSync('/proc/sys/kernel/osrelease', 'utf8')],
    ]),
    interfaces: ['lo'],
    marks: [at('run/gandi/interfaces/eth0')],
    ranges: [
      { device: at('disk'), offset: 4, length: 4 },
      { device: at('disk'), offset: 12, length: 2 },
    ],
    expected: { path: at('var/lib/gandi/postboot.json'), line: '{"script":"1"}' },
  };
}

function store(state: SteadyState): void {
  write('var/lib/gandi/steady/gandi-bootstrap', renderSteadyRecord(state) ?? '');
}

/** What a boot does: exit status and whether the program was started. */
function boot() {
  const { status, stderr } = spawnSync('sh', [at('steady.sh'), 'gandi-bootstrap'], { encoding: 'utf8' });
  return { status, stderr, started: existsSync(at('started')) };
}

const QUIET = { status: 0, stderr: '', started: false };
const WHOLE = { status: 3, stderr: '', started: true };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gandi-guest-steady-'));
  write('etc/default', 'CONFIG_SWAP=1\n');
  symlinkSync('default', at('etc/link'));
  write('run/generated', '');
  write('disk', 'abcdefghijklmnopq');
  write('class/disk/dev', '8:16\n');
  write('run/udev/data/b8:16', '');
  write('sys/target0/block/sda/size', '1\n');
  write('proc/swappiness', '60\n');
  write('var/lib/gandi/postboot.json', '{"script":"1"}\n');
  write('var/lib/gandi/steady/gandi-bootstrap.bytes', 'efghmn');
  installScript();
});
afterEach(() => rmSync(root, { recursive: true }));

describe('a boot in which nothing is new', () => {
  it('repeats what a reboot undoes, and does not start the program', () => {
    store(stateOfGuest());
    expect(boot()).toEqual(QUIET);
    expect(readFileSync(at('proc/swappiness'), 'utf8')).toBe('10 20\n');
    expect(existsSync(at('swapped-on'))).toBe(true);
    expect(existsSync(at('run/gandi/interfaces/eth0'))).toBe(true);
  });

  it('leaves the report of an unchanged boot, for root alone', () => {
    store(stateOfGuest());
    boot();
    const { startedAt, bootId, ...left } = JSON.parse(
      readFileSync(at('run/gandi/gandi-bootstrap.json'), 'utf8'),
    );
    expect(left).toEqual({
      program: 'gandi-bootstrap',
      version: '3.0.0',
      status: 'unchanged',
      steady: true,
      source: "the host's disk",
      problems: [],
      steps: [
        { name: 'identity', status: 'unchanged', changes: [], notes: [], durationMilliseconds: 0 },
        { name: 'host-init', status: 'off', changes: [], notes: [], durationMilliseconds: 0 },
      ],
    });
    expect(Math.abs(Date.parse(startedAt) - Date.now())).toBeLessThan(60_000);
    expect(bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    const { stdout } = spawnSync('stat', ['-c', '%a', at('run/gandi/gandi-bootstrap.json')], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('600\n');
  });

  it('can be twice', () => {
    store(stateOfGuest());
    boot();
    expect(boot()).toEqual(QUIET);
  });
});

describe('disks', () => {
  const touch = (name: string): Change => ({
    kind: 'run-command',
    argv: ['touch', at(`ran-${name}`), `${at('dev')}/${name}`],
    timeoutSeconds: 1,
    thisBootOnly: true,
    why: 'tell the name',
  });
  const namesAre = (first: string, second: string) => {
    rmSync(at('sys'), { recursive: true });
    write(`sys/target0/block/${first}/size`, '1\n');
    write(`sys/target1/block/${second}/size`, '2\n');
  };
  const twoDisks = (): SteadyState => ({
    ...stateOfGuest(),
    disks: new Map([
      [at('sys/target0/block'), 'sda'],
      [at('sys/target1/block'), 'nvme0n1'],
    ]),
    repeated: [touch('sda'), touch('nvme0n1p1'), touch('sdaa')],
  });

  it('are known by where they are attached, whatever the kernel calls them', () => {
    mkdirSync(at('dev'));
    namesAre('sdb', 'nvme1n1');
    store(twoDisks());
    expect(boot()).toEqual(QUIET);
    expect(readdirSync(at('dev')).sort()).toEqual(['nvme1n1p1', 'sdaa', 'sdb']);
  });

  it('that are attached elsewhere are news', () => {
    mkdirSync(at('dev'));
    store(twoDisks());
    rmSync(at('sys/target0'), { recursive: true });
    expect(boot()).toEqual(WHOLE);
  });
});

describe('the program is started', () => {
  it('where there is no record, and told that this is a boot', () => {
    expect(boot()).toEqual(WHOLE);
    expect(readFileSync(at('started'), 'utf8')).toBe('gandi-bootstrap 1\n');
  });

  it.each<[string, () => void]>([
    ['a file was changed', () => write('etc/default', 'CONFIG_SWAP=0\n')],
    [
      'a file was replaced by the same',
      () => {
        rmSync(at('etc/default'));
        write('etc/default', 'CONFIG_SWAP=1\n');
      },
    ],
    ['a file got another mode', () => chmodSync(at('etc/default'), 0o600)],
    ['a file is gone', () => rmSync(at('etc/link'))],
    ['a file came', () => write('etc/plugin', '')],
    ['a link to nowhere came', () => symlinkSync('/nowhere', at('etc/plugin'))],
    ['a generated file is not there', () => rmSync(at('run/generated'))],
    ['the disk has something else', () => write('disk', 'abcdefghijklmnXpq'.replace('g', 'X'))],
    ['the disk has something else in its last range', () => write('disk', 'abcdefghijklmXopq')],
    ['the disk is gone', () => rmSync(at('disk'))],
    ['udev has not read the disk, which may not answer', () => rmSync(at('run/udev/data/b8:16'))],
    ['nothing is known of the disk', () => rmSync(at('class'), { recursive: true })],
    ['the disk is too short', () => write('disk', 'abcdefgh')],
    ['gandi-postboot has not done its work', () => rmSync(at('var/lib/gandi/postboot.json'))],
    ['what was on the disk is not known', () => rmSync(at('var/lib/gandi/steady/gandi-bootstrap.bytes'))],
    [
      'a value cannot be set',
      () => {
        rmSync(at('proc/swappiness'));
        mkdirSync(at('proc/swappiness'));
      },
    ],
  ])('where %s', (_, change) => {
    store(stateOfGuest());
    change();
    expect(boot()).toEqual(WHOLE);
  });

  it.each<[string, (state: SteadyState) => SteadyState]>([
    ['a disk came', (state) => ({ ...state, blockDevices: state.blockDevices.slice(1) })],
    ['a disk went', (state) => ({ ...state, blockDevices: [...state.blockDevices, 'zz'] })],
    [
      'the kernel is another',
      (state) => ({
        ...state,
        kernelTexts: new Map([['/proc/sys/kernel/osrelease', '5.10.0\n']]),
      }),
    ],
    ['a command fails', (state) => ({ ...state, repeated: [{ ...runTouch(), argv: ['false'] } as Change] })],
  ])('where %s', (_, change) => {
    store(change(stateOfGuest()));
    expect(boot()).toEqual(WHOLE);
  });

  it('where an interface does not come for ten seconds', { timeout: 60_000 }, () => {
    store({ ...stateOfGuest(), interfaces: ['gandi-none'] });
    expect(boot()).toEqual(WHOLE);
  });

  it.each(['interfaces=(', "report='", 'exit 0 0 0)', '\0\0\0', ''])(
    'where the record is damaged: %j',
    (text) => {
      write('var/lib/gandi/steady/gandi-bootstrap', text);
      expect(boot()).toEqual(WHOLE);
    },
  );
});

describe('there is no record', () => {
  it.each<[string, () => Partial<SteadyState>]>([
    ['of a path that the shell would split', () => ({ absent: ['/etc/a b'] })],
    ['of a path that the shell would expand', () => ({ existing: ['/etc/*'] })],
    [
      'of a value of two lines',
      () => ({ repeated: [{ kind: 'set-kernel-value', path: '/proc/a', value: 'a\nb' }] }),
    ],
    ['of a command with input', () => ({ repeated: [{ ...runTouch(), input: 'x' } as Change] })],
    [
      'of a hook, which has settings as environment',
      () => ({ repeated: [{ ...runTouch(), environment: {} } as Change] }),
    ],
    [
      'of a file to be written',
      () => ({ repeated: [{ kind: 'write-file', path: '/run/a', content: '', mode: 0o644 }] }),
    ],
  ])('%s', (_, part) => {
    expect(renderSteadyRecord({ ...stateOfGuest(), ...part() })).toBeUndefined();
  });

  it('that runs what a name says', () => {
    const state = stateOfGuest();
    store({ ...state, report: { ...report, source: "$(touch pwned)'; touch pwned #" } });
    expect(boot()).toEqual(QUIET);
    expect(readFileSync(at('run/gandi/gandi-bootstrap.json'), 'utf8')).toContain(
      "$(touch pwned)'; touch pwned #",
    );
  });
});
