import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { renderProgramPage } from '../../../../packaging/documentation/manual-page.ts';
import { MANUAL_TEXTS, type ManualText } from '../../../../packaging/documentation/manual-texts.ts';
import { documentedPrograms } from '../../../../packaging/documentation/programs.ts';
import { releaseOf } from '../../../../packaging/documentation/release.ts';
import { renderSettingsPage } from '../../../../packaging/documentation/settings-page.ts';
import { SETTINGS } from '../../../../src/machine/settings/setting-definitions.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const RELEASE = { version: '3.0.0', date: '2026-11-21' };
const NOTHING: ManualText = { description: ['.'], files: [], seeAlso: [] };

function mandoc(page: string, ...options: string[]): string {
  const { stdout, stderr, error } = spawnSync('mandoc', options, { input: page, encoding: 'utf8' });
  if (error) throw error;
  expect(stderr).toBe('');
  return stdout;
}

/** What a reader sees, on lines that are wide enough; bold and underlined letters are printed twice. */
function shown(page: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a backspace is how terminals print bold
  return mandoc(page, '-Tutf8', '-Owidth=300').replace(/.\u0008/gu, '');
}

const pageOf = (program: ReturnType<typeof documentedPrograms>[number]) =>
  renderProgramPage(program, MANUAL_TEXTS[program.name] ?? NOTHING, RELEASE);

/** Terms of `--help`, such as `-n, --dry-run` and `attach [options] <device>`. */
function helpTerms(help: string): string[] {
  return [...help.matchAll(/^ {2}(\S.*?)(?: {2,}.*)?$/gm)].flatMap(([, term]) => term ?? []);
}

describe.each(documentedPrograms())('the page of $name', (program) => {
  const page = pageOf(program);
  const text = shown(page);

  it('is sound roff', () => {
    expect(mandoc(page, '-Tlint')).toBe('');
  });

  it('has what --help has: options, commands and arguments, each with its text', () => {
    const { command } = program;
    const terms = helpTerms(command.helpInformation());
    expect(terms).toContain('-V, --version');
    for (const term of terms) expect(text).toContain(term.replace(/^(-.*)<(.*)>/, '$1$2'));
    for (const subcommand of command.commands) {
      for (const { flags, description } of subcommand.options) {
        expect(text).toContain(flags.replace(/[<>]/g, ''));
        expect(text).toContain(description.slice(1));
      }
      expect(text).toContain(subcommand.description().slice(1));
      for (const argument of subcommand.registeredArguments)
        expect(text).toContain(argument.description.slice(1));
    }
  });

  it('has every step with its switch', () => {
    for (const { name, summary, setting } of program.steps) {
      expect(text).toMatch(new RegExp(`^ +${name}(\n| )`, 'm'));
      expect(text).toContain(summary.slice(1));
      expect(text).toContain(setting ?? '');
    }
  });

  it('tells exit statuses, environment and files', () => {
    for (const status of [0, 1, 2, 3]) expect(text).toMatch(new RegExp(`^ +${status} +[A-Z]`, 'm'));
    for (const part of ['ENVIRONMENT', 'FILES', 'SEE ALSO', 'NO_COLOR']) expect(text).toContain(part);
    // The others have no settings, and keep no log.
    const own = program.name.startsWith('gandi-') ? ['/etc/default/gandi', '/var/log'] : ['/dev/ttyS1'];
    for (const part of own) expect(text).toContain(part);
  });
});

describe('the page of the settings', () => {
  const page = renderSettingsPage(RELEASE);

  it('is sound roff', () => {
    expect(mandoc(page, '-Tlint')).toBe('');
  });

  it('has each setting with its text and default', () => {
    const text = shown(page);
    for (const { name, summary, default: value } of SETTINGS) {
      const entry = text.split(`${name}=value`)[1] ?? '';
      expect(entry).toContain(`${summary}.`);
      const [own] = entry.split(/^ +[A-Z_]+=value$/m);
      expect(own).toContain(`Default: ${value === '' ? 'nothing' : value}.`);
    }
  });
});

describe('a page', () => {
  it('shows what roff would take for itself', () => {
    const command = new Command('x')
      .description('Do it.')
      .option('--odd <a\\b>', '.it\'s a `quote`, a \\ and ~^"’');
    const text = shown(renderProgramPage({ name: 'x', command, steps: [] }, NOTHING, RELEASE));
    expect(text).toContain('--odd a\\b');
    expect(text).toContain('.it\'s a quote, a \\ and ~^"’.');
  });

  it('says that a step is off by default', () => {
    const [bootstrap] = documentedPrograms();
    expect(shown(pageOf(bootstrap as NonNullable<typeof bootstrap>))).toContain(
      'Off unless CONFIG_HOST_INIT=1.',
    );
  });
});

describe('the manual', () => {
  const pages = [...documentedPrograms().map(({ name }) => `${name}(8)`), 'gandi-settings(5)'];

  it('has the pages that the units name', () => {
    const units = readdirSync(join(root, 'units')).filter((name) => /\.service$/.test(name));
    const named = units.map(
      (name) => /^Documentation=man:(.*)$/m.exec(readFileSync(join(root, 'units', name), 'utf8'))?.[1],
    );
    expect(named.length).toBeGreaterThan(0);
    for (const page of named) expect(pages).toContain(page);
  });

  it('has the pages that it names', () => {
    const named = Object.values(MANUAL_TEXTS).flatMap(({ seeAlso }) => seeAlso);
    for (const page of named.filter((one) => one.startsWith('gandi'))) expect(pages).toContain(page);
    expect(Object.keys(MANUAL_TEXTS)).toEqual(documentedPrograms().map(({ name }) => name));
  });

  it('is of the version that the changelog dates', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
    expect(releaseOf(version, changelog).version).toBe(version);
    expect(() => releaseOf('9.9.9', changelog)).toThrow('## 9.9.9 (YYYY-MM-DD)');
  });
});
