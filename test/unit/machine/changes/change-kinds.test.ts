import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../../src/machine/changes/change.ts';
import {
  describeChange,
  isLasting,
  needsLiveSystem,
  pathsMadeBy,
  repeatsAtBoot,
} from '../../../../src/machine/changes/change-kinds.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const project = fileURLToPath(new URL('../../../..', import.meta.url));

const FILE: Change = { kind: 'write-file', path: '/etc/x', content: '', mode: 0o640 };
const COMMAND: Change = {
  kind: 'run-command',
  argv: ['swapon', '/dev/sd b'],
  timeoutSeconds: 1,
  why: 'use it',
};

describe('what is told of a change that is to be made', () => {
  it.each<[Change, string]>([
    [{ kind: 'make-link', path: '/etc/x', target: '../y' }, 'link /etc/x to ../y'],
    [{ kind: 'empty-file', path: '/var/log/x' }, 'empty /var/log/x'],
    [{ kind: 'remove-tree', path: '/tmp', keepDirectory: true }, 'remove all that is in /tmp'],
    [{ kind: 'remove-tree', path: '/var/x' }, 'remove /var/x and all that is in it'],
    [{ kind: 'zero-free-space', path: '/boot' }, 'overwrite the free space of /boot with zeros'],
    [{ kind: 'remove-empty-directory', path: '/x' }, 'remove directory /x if it is empty'],
    [{ kind: 'sync-directory', path: '/etc' }, 'have /etc reach the disk'],
    [
      { kind: 'set-random-password', account: 'root' },
      'set a random password for root, and show it on the console',
    ],
    [
      { kind: 'wait-for-address', interface: 'eth0', addresses: 'any IPv4', timeoutSeconds: 1 },
      'wait until eth0 has an IPv4 address',
    ],
    [
      { kind: 'wait-for-address', interface: 'eth0', addresses: ['192.0.2.1', '::1'], timeoutSeconds: 1 },
      'wait until eth0 has 192.0.2.1 and ::1',
    ],
    [
      { kind: 'make-swap', device: '/dev/sdb', label: 'swap', pageBytes: 4096, badPages: [128] },
      'make /dev/sdb a swap area labelled swap, without page 128',
    ],
    [
      { kind: 'copy-range', device: '/dev/sdb', offset: 512, length: 3, path: '/gandi/init', mode: 0o700 },
      'write /gandi/init (0700) from /dev/sdb, 3 bytes at 512',
    ],
  ])('%j', (change, told) => {
    expect(describeChange(change)).toBe(told);
  });
});

describe('what is known of a change', () => {
  it.each<[Change, { text: string; live: boolean; lasts: boolean; repeats: boolean; makes: string[] }]>([
    [
      FILE,
      { text: 'write /etc/x (0640)', live: false, lasts: true, repeats: false, makes: ['/etc', '/etc/x'] },
    ],
    [
      { ...FILE, path: '/run/x', thisBootOnly: true },
      { text: 'write /run/x (0640)', live: false, lasts: false, repeats: false, makes: ['/run', '/run/x'] },
    ],
    [
      COMMAND,
      { text: "run swapon '/dev/sd b' (use it)", live: true, lasts: true, repeats: false, makes: [] },
    ],
    [
      { ...COMMAND, thisBootOnly: true },
      { text: "run swapon '/dev/sd b' (use it)", live: true, lasts: false, repeats: true, makes: [] },
    ],
    [
      { ...COMMAND, checkOnly: true },
      { text: "run swapon '/dev/sd b' (use it)", live: true, lasts: false, repeats: false, makes: [] },
    ],
    [
      { kind: 'set-kernel-value', path: '/proc/sys/vm/swappiness', value: '10' },
      { text: 'set /proc/sys/vm/swappiness to "10"', live: true, lasts: false, repeats: true, makes: [] },
    ],
  ])('is by its kind, and by what it asks for: %j', (change, { text, live, lasts, repeats, makes }) => {
    expect(describeChange(change)).toBe(text);
    expect(needsLiveSystem(change)).toBe(live);
    expect(isLasting(change)).toBe(lasts);
    expect(repeatsAtBoot(change)).toBe(repeats);
    expect(pathsMadeBy(change)).toEqual(makes);
  });
});

it('does not compile with a kind that is forgotten anywhere', { timeout: 120_000 }, async () => {
  const { root } = temporaryRoot({});
  cpSync(join(project, 'src'), join(root, 'src'), { recursive: true });
  const path = join(root, 'src/machine/changes/change.ts');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('  | UnpackModules;', "  | UnpackModules\n  | { kind: 'forgotten' };"));
  const options = { extends: join(project, 'tsconfig.json'), include: ['src'] };
  const types = join(project, 'node_modules/@types');
  const compilerOptions = { typeRoots: [types], paths: { '*': [join(project, 'node_modules/*')] } };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ ...options, compilerOptions }));
  const tsc = join(project, 'node_modules/.bin/tsc');
  const { stdout } = await execa(tsc, ['--noEmit', '-p', root], { reject: false, cwd: root });
  const files = [...stdout.matchAll(/^src\/(\S+?\.ts)\(.*forgotten/gm)].map(([, file]) => file);
  expect(stdout).toContain("'forgotten'");
  expect(new Set(files)).toEqual(new Set(['machine/changes/apply.ts', 'machine/changes/change-kinds.ts']));
  expect(stdout).toContain('machine/changes/changed-paths.ts');
});
