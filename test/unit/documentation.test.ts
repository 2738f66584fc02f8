import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { documentedPrograms } from '../../packaging/documentation/programs.ts';
import { SETTINGS } from '../../src/machine/settings/setting-definitions.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/architecture.md',
  'docs/compatibility.md',
  'docs/examples/README.md',
  'docs/hosts.md',
  'docs/images.md',
  'docs/report.md',
];

/** What is typed or named: between backquotes, and on indented lines. */
function codeIn(text: string): string[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '');
  const lines = [...text.matchAll(/^ {4}(\S.*)$/gm)].map(([, code]) => code ?? '');
  return [...spans, ...lines];
}

const programs = new Map(documentedPrograms().map(({ name, command }) => [name, command]));

/** Words of a command line of ours, from the name of the program on; undefined for anything else. */
function ownCommand(code: string): string[] | undefined {
  const plain = code.replace(/^dist\/gandi /, '').replace(/"[^"]*"|'[^']*'/g, 'text');
  const words = plain.split(/\s+/);
  return programs.has(words[0] ?? '') ? words : undefined;
}

const flagsOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ short, long }) => [short ?? '', long ?? '']);

/** What a command line names that the program does not know. */
function unknownIn([name = '', ...words]: string[]): string[] {
  const program = programs.get(name) as Command;
  const commands = program.createHelp().visibleCommands(program);
  const inside = commands.find((one) => one.name() === words[0]);
  const isSubcommand = commands.length > 0 && /^[a-z-]+$/.test(words[0] ?? '') && !words[0]?.startsWith('-');
  if (isSubcommand && inside === undefined) return [words[0] ?? ''];
  const known = flagsOf(inside ?? program);
  return words.filter((word) => /^--?[a-zA-Z]/.test(word) && !known.includes(word));
}

describe.each(DOCUMENTS)('%s', (path) => {
  const text = read(path);
  const code = codeIn(text);

  it('names commands and options that exist', () => {
    const commands = code.flatMap((each) => {
      const words = ownCommand(each);
      return words === undefined ? [] : [words];
    });
    for (const words of commands) expect(unknownIn(words), words.join(' ')).toEqual([]);
  });

  it('names settings that exist', () => {
    const names =
      text.match(/\b(?:CONFIG_[A-Z_]*[A-Z]|GANDI_[A-Z]+_DIR|TEMP_DIR_CONF|SYSLOG_TARGET)\b/g) ?? [];
    const known = SETTINGS.map(({ name }) => name as string);
    for (const name of names) expect(known).toContain(name);
  });

  it('names files of the repository that exist', () => {
    const paths = code.filter((each) =>
      /^(?:src|test|packaging|units|udev|docs|bench|etc|kernel|autofs)\/[\w./@-]+$/.test(each),
    );
    const ofRepository = paths.filter((each) => !/NAME/.test(each));
    for (const each of ofRepository) expect(existsSync(join(root, each)), each).toBe(true);
  });

  it('names targets of make that exist', () => {
    const targets = code
      .filter((each) => /^make [a-z]/.test(each))
      .flatMap((each) => (each.split('#')[0] ?? '').trim().split(/\s+/).slice(1))
      .filter((word) => !word.includes('='));
    for (const target of targets)
      expect(read('Makefile')).toMatch(new RegExp(`^(?:[a-z-]+ )*${target}(?: [a-z-]+)*:`, 'm'));
  });
});

describe('the check of commands', () => {
  it('finds what does not exist', () => {
    expect(unknownIn(['gandi-mount', 'attach', '--dry-run', '/dev/sdb'])).toEqual([]);
    expect(unknownIn(['gandi-mount', 'attach', '--force'])).toEqual(['--force']);
    expect(unknownIn(['gandi-mount', 'mount', '/dev/sdb'])).toEqual(['mount']);
    expect(unknownIn(['gandi-config', '--seed', 'x'])).toEqual(['--seed']);
  });
});

describe('docs/compatibility.md', () => {
  const text = read('docs/compatibility.md');

  it('has every step and every setting', () => {
    for (const { steps } of documentedPrograms())
      for (const { name } of steps) expect(text).toContain(`\`${name}\``);
    for (const { name } of SETTINGS) expect(text).toContain(`\`${name}\``);
  });

  it('says of each behaviour what became of it', () => {
    const rows = text
      .split('\n')
      .filter((line) => /^\| (?!---)/.test(line) && !/^\| (?:2\.43|setting) \|/.test(line));
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows) expect(row).toMatch(/ \| (?:same|better|dropped) \|$/);
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');

  it('gives the reason for each library, and names no other', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) expect(text).toMatch(new RegExp(`(?<![\\w/])${name}\\b`));
    const table = [...text.matchAll(/^\| ([a-z.0-9@/-]+(?:, [a-z.0-9@/-]+)*) \|/gm)].flatMap(([, names]) =>
      (names ?? '').split(', '),
    );
    const rows = table.filter((name) => name !== 'library' && !/^-+$/.test(name));
    expect(rows.length).toBeGreaterThan(5);
    for (const name of rows) expect(Object.keys(dependencies)).toContain(name);
  });
});

describe('what makes the documentation', () => {
  it('is no part of the programs', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
    const files = sources.filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(100);
    for (const file of files) expect(read(`src/${file}`), file).not.toMatch(/from '[^']*packaging\//);
  });
});
