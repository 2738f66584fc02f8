import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderBash } from '../../../../packaging/documentation/bash.ts';
import { completionOf, functionName } from '../../../../packaging/documentation/completion.ts';
import { renderFish } from '../../../../packaging/documentation/fish.ts';
import { documentedPrograms } from '../../../../packaging/documentation/programs.ts';
import { renderZsh } from '../../../../packaging/documentation/zsh.ts';
import { BOOTSTRAP_STEPS } from '../../../../src/bootstrap/steps.ts';
import { CONFIG_STEPS } from '../../../../src/config/steps.ts';

const completions = new Map(documentedPrograms().map((program) => [program.name, completionOf(program)]));

function completion(program: string) {
  const found = completions.get(program);
  if (found === undefined) throw new Error(`there is no program ${program}`);
  return found;
}

const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-completion-'));
beforeAll(() => {
  mkdirSync(join(folder, 'a directory'));
  writeFileSync(join(folder, 'a file'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a shell in a folder that has a file and a directory with blanks in their names. */
function shell(program: string, ...args: string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8' },
  });
  if (error) throw error;
  expect(stderr).toBe('');
  return stdout;
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort();

/** What bash offers behind these words, as it splits them. */
function inBash(...words: string[]): string[] {
  const [program = ''] = words;
  const script = `${renderBash(completion(program))}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
${functionName(program)}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(shell('bash', '-c', script, 'bash', ...words));
}

/** What fish offers behind a line. */
function inFish(line: string): string[] {
  const script = `${renderFish(completion(line.split(' ')[0] ?? ''))}\ncomplete -C $argv[1]`;
  return lines(shell('fish', '--no-config', '-c', script, line)).map((one) => one.split('\t')[0] ?? '');
}

const INTERFACES = readdirSync('/sys/class/net').sort();
const MOUNT_COMMANDS = ['apply-mode', 'attach', 'autofs', 'detach', 'eject', 'help', 'list', 'rescan'];

/** In bash the words, the last of them as far as it is typed; in fish the same on one line. */
const CASES: readonly (readonly [words: string[], offered: string[]])[] = [
  [['gandi-mount', ''], MOUNT_COMMANDS],
  [
    ['gandi-mount', 'a'],
    ['apply-mode', 'attach', 'autofs'],
  ],
  [
    ['gandi-mount', 'help', 'a'],
    ['apply-mode', 'attach', 'autofs'],
  ],
  [
    ['gandi-mount', 'eject', '--'],
    ['--dry-run', '--force', '--help', '--wait'],
  ],
  [['gandi-mount', 'eject', '--wait', ''], []],
  [['gandi-mount', 'rescan', '--n'], ['--new']],
  [
    ['gandi-guest', 'seed', '--layout', ''],
    ['gpt', 'raw', 'xen'],
  ],
  [['gandi-bootstrap', '--only', ''], BOOTSTRAP_STEPS.map(({ name }) => name).sort()],
  [['gandi-bootstrap', '--only', 'users', '--o'], ['--only']],
  [['gandi-bootstrap', 'interface', ''], INTERFACES],
  [['gandi-bootstrap', '--root', ''], ['a directory']],
  [
    ['gandi-config', '--only', '1'],
    CONFIG_STEPS.map(({ name }) => name).filter((name) => name.startsWith('1')),
  ],
  [['gandi-postboot', '--d'], ['--dry-run']],
  [
    ['gandi-guest', 'validate', 'a'],
    ['a directory', 'a file'],
  ],
];

describe('bash', () => {
  it.each(CASES)('behind %j offers %j', (words, offered) => {
    expect(inBash(...words)).toEqual(offered);
  });

  it('takes --option=value as it splits it', () => {
    expect(inBash('gandi-guest', 'seed', '--layout', '=', 'r')).toEqual(['raw']);
    expect(inBash('gandi-guest', 'seed', '--layout', '=')).toEqual(['gpt', 'raw', 'xen']);
    expect(inBash('gandi-guest', 'seed', '--size', '=', '64', '--la')).toEqual(['--layout']);
  });

  it('is told which function completes a program', () => {
    for (const [name, command] of completions)
      expect(shell('bash', '-c', `${renderBash(command)}\ncomplete -p ${name}`)).toBe(
        `complete -F ${functionName(name)} ${name}\n`,
      );
  });
});

describe('fish', () => {
  it.each(CASES)('behind %j offers %j', (words, offered) => {
    const typed = words.at(-1) ?? '';
    // fish goes on to what lies in a directory, and offers files where a program expects nothing.
    const given = inFish(words.join(' ')).map((one) => one.replace(/\/$/, ''));
    expect(given.filter((one) => one.startsWith(typed))).toEqual(offered);
  });
});

describe('zsh', () => {
  it.each([...completions])('accepts what it is given for %s', (_, command) => {
    const file = join(folder, `_${command.name}`);
    writeFileSync(file, renderZsh(command));
    expect(shell('zsh', '-f', '-n', file)).toBe('');
    rmSync(file);
  });

  it.each([...completions])('has every command and option of %s with its text', (name, program) => {
    const text = renderZsh(program);
    expect(text.startsWith(`#compdef ${name}\n`)).toBe(true);
    const escaped = (description: string) =>
      description.replace(/[\\[\]:]/g, '\\$&').replaceAll("'", "'\\''");
    for (const command of [program, ...program.commands]) {
      for (const { flags, description } of command.options) {
        expect(text).toContain(escaped(description));
        for (const flag of flags) expect(text).toMatch(new RegExp(`[')*]${flag}=?\\[`));
      }
    }
    for (const { name: command, description } of program.commands) {
      expect(text).toContain(`'${command}:${escaped(description)}'`);
      expect(text).toContain(`        ${command}) _arguments`);
    }
  });
});

describe('a completion', () => {
  it('is refused for a value that nobody described', () => {
    const command = new Command('x').option('--colour <colour>', 'its colour');
    expect(() => completionOf({ name: 'x', command, steps: [] })).toThrow('<colour>');
  });
});
