import { spawnSync } from 'node:child_process';
import {
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
import { afterEach, beforeEach } from 'vitest';
import { type BootRecord, renderBootRecord } from '../../../src/boot-record/record-text.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import { pathState } from '../../../src/machine/files/trace/path-state.ts';
import type { Report } from '../../../src/state/report.ts';

const script = readFileSync(fileURLToPath(new URL('../../../packaging/steady.sh', import.meta.url)), 'utf8');

export const report: Report = {
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
export const at = (path: string) => join(root, path);
export const write = (path: string, text: string) => {
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
    .replaceAll('/sys/class/block/${1', `${at('sys/class/block')}/\${1`)
    .replaceAll('/usr/lib/gandi', at('usr/lib/gandi'));
  write('steady.sh', own);
  write('usr/lib/gandi/gandi-launcher', `echo "$program $GANDI_BOOT" > ${at('started')}\nexit 3\n`);
}

export const setValue = (): Change => ({
  kind: 'set-kernel-value',
  path: at('proc/swappiness'),
  value: '10 20',
});
export const runTouch = (): Change => ({
  kind: 'run-command',
  argv: ['touch', at('swapped-on')],
  timeoutSeconds: 1,
  thisBootOnly: true,
  why: 'use the swap area',
});

export function stateOfGuest(): BootRecord {
  return {
    report,
    repeated: [setValue(), runTouch()],
    present: [lineOf('etc/default'), lineOf('etc/link')],
    existing: [at('run/generated')],
    absent: [at('etc/plugin')],
    blockDevices: readdirSync('/sys/class/block').sort(),
    disks: new Map([[at('sys/target0/block'), 'sda']]),
    knownBy: [],
    kernelTexts: new Map([
      ['/proc/sys/kernel/osrelease', readFileSync('/proc/sys/kernel/osrelease', 'utf8')],
    ]),
    interfaces: ['lo'],
    marks: [at('run/gandi/interfaces/eth0')],
    ranges: [
      { device: at('disk'), offset: 4, length: 4 },
      { device: at('disk'), offset: 12, length: 2 },
    ],
    expected: [{ path: at('var/lib/gandi/postboot.json'), line: '{"script":"1"}' }],
  };
}

export function store(state: BootRecord): void {
  write('var/lib/gandi/steady/gandi-bootstrap', renderBootRecord(state) ?? '');
}

/** What a boot does: exit status and whether the program was started. */
export function boot() {
  const { status, stderr } = spawnSync('sh', [at('steady.sh'), 'gandi-bootstrap'], { encoding: 'utf8' });
  return { status, stderr, started: existsSync(at('started')) };
}

export const QUIET = { status: 0, stderr: '', started: false };
export const WHOLE = { status: 3, stderr: '', started: true };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gandi-guest-steady-'));
  write('etc/default', 'CONFIG_SWAP=1\n');
  symlinkSync('default', at('etc/link'));
  write('run/generated', '');
  write('disk', 'abcdefghijklmnopq');
  write('sys/class/block/disk/dev', '8:16\n');
  write('run/udev/data/b8:16', '');
  write('sys/target0/block/sda/size', '1\n');
  write('proc/swappiness', '60\n');
  write('var/lib/gandi/postboot.json', '{"script":"1"}\n');
  write('var/lib/gandi/steady/gandi-bootstrap.bytes', 'efghmn');
  installScript();
});
afterEach(() => rmSync(root, { recursive: true }));
