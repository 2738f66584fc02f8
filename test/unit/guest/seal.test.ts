import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { main as program } from '../../../src/guest/program.ts';
import { type Asked, type SealOptions, seal } from '../../../src/guest/seal.ts';
import type { CommandResult, Commands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import type { System } from '../../../src/plan/system.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { goldenTree, SECRET } from '../seal/golden-tree.ts';
import { treeState } from '../seal/tree-state.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();

const nobody: Asked = { canAsk: () => false, saysYes: () => false };
const somebody = (answer: boolean): Asked => ({ canAsk: () => true, saysYes: () => answer });

const refuse = (text: string): never => {
  throw new Error(text);
};

/** Answers of programs by their words; what is not here exits with 0 and says nothing. */
type Answers = Record<string, Partial<CommandResult>>;

let ran: string[];
let files: Files;

beforeEach(() => {
  ran = [];
  files = goldenTree();
});

function system(live: boolean, answers: Answers = {}): System {
  const run = async (argv: readonly string[]): Promise<CommandResult> => {
    const words = argv.join(' ');
    ran.push(words);
    return { exitCode: 0, stdout: '', stderr: '', ...answers[words] } as CommandResult;
  };
  return simulatedSystem({
    open: () => ({ files, live }),
    commands: { ...simulatedSystem().commands, run } as Commands,
    loadFacts: async () => ({ observeFacts: () => makeContext().facts }),
  });
}

const call = (options: SealOptions, asked = nobody, of = system(true)) => seal(options, of, refuse, asked);

function putProgram(name: string, mode = 0o755): string {
  const path = `/etc/gandi/seal.d/${name}`;
  mkdirSync(join(files.root, '/etc/gandi/seal.d'), { recursive: true });
  writeFileSync(join(files.root, path), '#!/bin/sh\n');
  chmodSync(join(files.root, path), mode);
  return path;
}

it('in an unpacked image no program is run: it is told, and takes the place of no part', async () => {
  putProgram('20-license');
  putProgram('history');
  putProgram('caches', 0o644);
  expect(await call({ check: true, root: files.root }, nobody, system(false))).toBe(1);
  expect(said.stdout).toMatch(/^W 20-license .*: your program is not run in an unpacked image/m);
  expect(said.stdout).toMatch(/^W history \/root\/\.bash_history/m);
  said.stdout = '';
  await call({ root: files.root, allUsers: true }, nobody, system(false));
  expect(said.stdout).toMatch(/^W history .*seal\.d\/history: your program is not run/m);
  expect(files.status('/root/.bash_history')).toBeUndefined();
  // One that is turned off stays so.
  expect(files.status('/var/cache/apt/archives/a.deb')).toBeDefined();
});

it('what lies among the programs and is not run is told', async () => {
  putProgram('20-license', 0o644);
  putProgram('30-old.bak');
  symlinkSync('/nowhere', join(files.root, '/etc/gandi/seal.d/40-loose'));
  await call({ check: true });
  expect(said.stdout.match(/^I \d.*$/gm)).toEqual([
    'I 20-license /etc/gandi/seal.d/20-license: it is not run: it is not executable',
    'I 40-loose /etc/gandi/seal.d/40-loose: it is not run: it is a link to nothing',
  ]);
});

describe('a wrong usage', () => {
  it.each<[SealOptions, string]>([
    [{ now: true, root: '/mnt' }, '--root seals at once: leave --now out'],
    [{ asOrdered: true, yes: true }, '--as-ordered belongs to --now'],
    [{ check: true, keep: ['machine'] }, 'there is no part machine; there are passwords, authorized-keys'],
    [{}, 'nobody is at a terminal to be asked: give --yes'],
    [{ now: true }, 'nobody is at a terminal to be asked: give --yes'],
    [
      { root: '/mnt', zero: true },
      '--zero fills the file system of /mnt, which must be mounted there by itself',
    ],
    [{ root: '/mnt', fsUuids: true }, '--fs-uuids is for a running guest'],
  ])('%j is refused, and changes nothing', async (options, expected) => {
    const before = treeState(files.root);
    const of = system(options.root === undefined);
    await expect(call(options, nobody, of)).rejects.toThrow(expected);
    expect(treeState(files.root)).toEqual(before);
  });

  it('has the exit status 2', async () => {
    expect(await program(['seal', '--root', files.root, '--keep', 'nothing'], simulatedSystem())).toBe(2);
    expect(said.stderr).toContain('gandi-guest: there is no part nothing');
  });
});

describe('a directory that is no tree of a system', () => {
  it.each([['--check'], ['--dry-run'], ['--yes']])(
    'is refused with %s, and gets nothing: the image may not be mounted',
    async (option) => {
      const { root } = temporaryRoot({});
      expect(await program(['seal', '--root', root, option], simulatedSystem())).toBe(2);
      expect(said.stderr).toContain(`${root} holds no system`);
      expect(readdirSync(root)).toEqual([]);
    },
  );

  it('is not the working directory where the option is left empty', async () => {
    await expect(program(['seal', '--root', '', '--check'], simulatedSystem())).rejects.toThrow(
      'has no name',
    );
  });

  it('is the running guest by whatever path, which asks before it is sealed', async () => {
    await expect(call({ root: '//' })).rejects.toThrow('nobody is at a terminal to be asked');
  });
});

describe('seal --check', () => {
  it('says what there is, by path and reason, and has the status 1 for an E', async () => {
    expect(await program(['seal', '--check', '--root', files.root], simulatedSystem())).toBe(1);
    expect(said.stdout).toMatch(/^E machine-id \/etc\/machine-id: the machine ID$/m);
    expect(said.stdout).toMatch(/^W history \/root\/\.bash_history: a history of root$/m);
    expect(said.stdout).not.toContain(SECRET);
    expect(said.stdout.indexOf('\nW ')).toBeGreaterThan(said.stdout.lastIndexOf('\nE '));
  });

  it('has JSON of the same, and says that all is well of a sealed tree', async () => {
    await program(['seal', '--root', files.root, '--all-users'], simulatedSystem());
    said.stdout = '';
    expect(
      await program(
        ['seal', '--check', '--root', files.root, '--json', '--keep', 'temporary'],
        simulatedSystem(),
      ),
    ).toBe(0);
    expect(JSON.parse(said.stdout)).toEqual({ findings: [] });
    said.stdout = '';
    await program(['seal', '--check', '--root', files.root, '--keep', 'temporary'], simulatedSystem());
    expect(said.stdout).toBe('ready to be an image\n');
  });

  it('asks the admin’s programs of a running guest, each line a finding', async () => {
    const [quiet, warns, fails] = ['10-quiet', '20-warns', '60-fails'].map((name) => putProgram(name));
    putProgram('README', 0o644);
    const answers = {
      [`${quiet} check`]: {},
      [`${warns} check`]: { stdout: 'a cache of ours\n' },
      [`${fails} check`]: { exitCode: 1, failure: 'it exited with status 1', stdout: 'a token is there\n' },
    };
    expect(await call({ check: true, json: true }, nobody, system(true, answers))).toBe(1);
    const { findings } = JSON.parse(said.stdout) as { findings: { part: string }[] };
    expect(findings.filter(({ part }) => /^\d/.test(part))).toEqual([
      { part: '20-warns', path: warns, severity: 'warning', what: 'a cache of ours' },
      { part: '60-fails', path: fails, severity: 'error', what: 'a token is there' },
    ]);
  });
});

describe('a running guest', () => {
  it('is sealed at its shutdown: what was chosen is kept, the unit is started, and the guest goes down', async () => {
    const before = treeState(files.root);
    expect(await call({ allUsers: true, keep: ['logs'], yes: true, poweroff: true })).toBe(0);
    expect(ran).toEqual(['systemctl start gandi-seal.service', 'systemctl poweroff']);
    const { 'run/gandi/seal.json': order, run, 'run/gandi': directory, ...rest } = treeState(files.root);
    expect(rest).toEqual(before);
    expect([run, directory]).toEqual(['directory', 'directory']);
    expect(order).toMatch(/^600 /);
    expect(JSON.parse(order?.slice(4) ?? '')).toMatchObject({ allUsers: true, keep: ['logs'], zero: false });
    expect(said.stdout).toContain('would write /etc/machine-id (0444)');
    expect(said.stdout).not.toContain(SECRET);
  });

  it.each<[SealOptions, string[]]>([
    [{ poweroff: false }, ['systemctl start gandi-seal.service']],
    [{ reboot: true }, ['systemctl start gandi-seal.service', 'systemctl reboot']],
    [{ zero: true }, ['systemctl daemon-reload', 'systemctl start gandi-seal.service', 'systemctl poweroff']],
  ])('%j', async (options, commands) => {
    expect(await call(options, somebody(true))).toBe(0);
    expect(ran).toEqual(commands);
  });

  it('is left alone where somebody says no', async () => {
    const before = treeState(files.root);
    expect(await call({}, somebody(false))).toBe(1);
    expect(ran).toEqual([]);
    expect(treeState(files.root)).toEqual(before);
  });

  const ORDER = { keep: ['history'], allUsers: true };
  const order = (text: string) => {
    mkdirSync(join(files.root, 'run/gandi'), { recursive: true });
    writeFileSync(join(files.root, 'run/gandi/seal.json'), text);
  };

  it('does in its shutdown what was chosen before', async () => {
    order(JSON.stringify(ORDER));
    const answers = { 'systemctl is-system-running': { exitCode: 1, stdout: 'stopping\n' } };
    expect(await call({ now: true, asOrdered: true, yes: true }, nobody, system(true, answers))).toBe(0);
    expect(files.readText('/etc/machine-id')).toBe('');
    expect(files.readText('/root/.bash_history')).toBe(SECRET);
    expect(ran).toContain('journalctl --relinquish-var');
    expect(ran.at(-1)).toBe('fstrim -av');
  });

  it.each([
    ['running', JSON.stringify(ORDER), 1],
    ['stopping', undefined, 0],
    ['stopping', '{', 0],
  ])('is not sealed while it is %s, with the order %s', async (state, text, status) => {
    if (text !== undefined) order(text);
    const before = treeState(files.root);
    const answers = { 'systemctl is-system-running': { stdout: `${state}\n` } };
    expect(await call({ now: true, asOrdered: true, yes: true }, nobody, system(true, answers))).toBe(status);
    expect(treeState(files.root)).toEqual(before);
  });

  it('is sealed at once where that is asked for, with the status of what is left', async () => {
    expect(await call({ now: true, yes: true, json: true })).toBe(1);
    const { status, left } = JSON.parse(said.stdout) as { status: string; left: { severity: string }[] };
    expect(status).toBe('failed');
    expect(left.some(({ severity }) => severity === 'error')).toBe(true);
    expect(await call({ now: true, yes: true, allUsers: true })).toBe(0);
  });
});

it('the admin’s programs run by their names before and after our parts, and can take the place of one', async () => {
  const late = putProgram('60-late');
  const early = putProgram('10-early');
  const logs = putProgram('logs');
  putProgram('history', 0o644);
  expect(await call({ now: true, yes: true, allUsers: true })).toBe(0);
  const mine = ran.filter((words) => words.startsWith('/etc/gandi'));
  expect(mine).toEqual([`${early} seal`, `${logs} seal`, `${late} seal`]);
  expect(files.readText('/var/log/syslog')).toBe(SECRET);
  expect(files.readText('/root/.bash_history')).toBe(SECRET);
  ran = [];
  said.stdout = '';
  expect(await call({ now: true, yes: true, allUsers: true })).toBe(0);
  expect(said.stdout).toContain('gandi-guest seal: unchanged');
});

it('a program that fails has the sealing fail, and its words are told', async () => {
  const path = putProgram('10-mine');
  const answers = {
    [`${path} seal`]: { exitCode: 3, failure: 'it exited with status 3', stderr: 'no token server\n' },
  };
  expect(await call({ now: true, yes: true, allUsers: true }, nobody, system(true, answers))).toBe(1);
  expect(said.stdout).toContain('no token server');
  expect(files.readText('/var/lib/gandi/seal.json')).toContain('"sealing"');
});

it('one that somebody else could have written is not run, and is told', async () => {
  putProgram('10-mine', 0o777);
  expect(await call({ now: true, yes: true, allUsers: true })).toBe(1);
  expect(ran.some((words) => words.includes('10-mine'))).toBe(false);
  expect(said.stderr).toContain('can be changed by everyone');
});
