import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROGRAMS } from '../../../src/state/programs.ts';
import { freshPath } from './program.ts';

const script = fileURLToPath(new URL('../../../packaging/install.sh', import.meta.url));
const INSTALLED_PROGRAMS = PROGRAMS.map(({ name }) => name).sort();

/** Installs what was built into a folder of its own. */
function install(environment: Record<string, string> = {}, tree = freshPath('tree')): string {
  const { status, stderr } = spawnSync('sh', [script], {
    encoding: 'utf8',
    env: { ...process.env, ...environment, DESTDIR: tree },
  });
  expect(status, stderr).toBe(0);
  return tree;
}

describe('packaging/install.sh', { timeout: 60_000 }, () => {
  it('brings the licences of the runtime, with those of its very version', () => {
    const documents = join(install(), 'usr/share/doc/gandi-guest');
    const list = readFileSync(join(documents, 'RUNTIME-LICENSES'), 'utf8');
    const { optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const version of Object.values(optionalDependencies)) expect(list).toContain(`Bun ${version} `);
    expect(list).toContain('on request');
    for (const text of ['LGPL-2', 'LGPL-2.1'])
      expect(readFileSync(join(documents, text), 'utf8')).toMatch(/^ +GNU (LESSER|LIBRARY) GENERAL PUBLIC/);
    expect(readFileSync(join(documents, 'Apache-2.0'), 'utf8')).toContain('Apache License');
    const texts = readFileSync(join(documents, 'RUNTIME-LICENSE-TEXTS'), 'utf8');
    for (const text of [
      'UNICODE LICENSE V3',
      'Permission is hereby granted, free of charge',
      'Redistributions in binary form must reproduce the above',
      "This software is provided 'as-is'",
    ])
      expect(texts).toContain(text);
    const bun = 'node_modules/@oven/bun-linux-x64-baseline/bin/bun';
    if (!existsSync(bun)) return;
    const { stdout } = spawnSync(bun, ['--print', 'JSON.stringify(process.versions)'], { encoding: 'utf8' });
    const versions = JSON.parse(stdout);
    for (const name of ['webkit', 'tinycc', 'boringssl', 'mimalloc', 'zlib', 'icu', 'libarchive', 'zstd'])
      expect(list, name).toContain(versions[name]);
  });

  it('brings what reads the executable ahead, and takes away that of another version where there is none', () => {
    const tree = install();
    const installed = join(tree, 'usr/lib/gandi/gandi-read-ahead');
    expect(existsSync(installed)).toBe(existsSync('dist/gandi-read-ahead'));
    writeFileSync(installed, '');
    install({ EXECUTABLE: '/nonexistent/gandi' }, tree);
    expect(existsSync(installed)).toBe(false);
  });

  it('puts manual and completions where man and the shells look', () => {
    const share = join(install(), 'usr/share');
    expect(readdirSync(join(share, 'man/man8'))).toEqual(INSTALLED_PROGRAMS.map((name) => `${name}.8`));
    expect(readdirSync(join(share, 'man/man5'))).toEqual(['gandi-settings.5']);
    expect(readdirSync(join(share, 'bash-completion/completions'))).toEqual(INSTALLED_PROGRAMS);
    expect(readdirSync(join(share, 'zsh/vendor-completions'))).toEqual(
      INSTALLED_PROGRAMS.map((name) => `_${name}`),
    );
    expect(readdirSync(join(share, 'fish/vendor_completions.d'))).toEqual(
      INSTALLED_PROGRAMS.map((name) => `${name}.fish`),
    );
    const page = join(share, 'man/man8/gandi-mount.8');
    expect(statSync(page).mode & 0o777).toBe(0o644);
    expect(readFileSync(page, 'utf8')).toMatch(/^\.TH GANDI\\-MOUNT 8 /);
  });

  const FOREIGN = ['mdata-get', 'mdata-put', 'mdata-list', 'mdata-delete'];
  const links = (tree: string) =>
    FOREIGN.filter((name) => lstatSync(join(tree, 'usr/sbin', name), { throwIfNoEntry: false }));

  it('links the programs for SmartOS where no other package has them, and takes its own links away alone', () => {
    const tree = install();
    expect(links(tree)).toEqual(FOREIGN);
    expect(readlinkSync(join(tree, 'usr/sbin/mdata-get'))).toBe('../lib/gandi/gandi-launcher');
    const other = freshPath('tree');
    for (const directory of ['bin', 'sbin']) mkdirSync(join(other, 'usr', directory), { recursive: true });
    writeFileSync(join(other, 'usr/bin/mdata-get'), 'other');
    writeFileSync(join(other, 'usr/sbin/mdata-list'), 'other');
    install({}, other);
    expect(links(other)).toEqual(['mdata-put', 'mdata-list', 'mdata-delete']);
    expect(readFileSync(join(other, 'usr/sbin/mdata-list'), 'utf8')).toBe('other');
    const script = join(other, 'usr/lib/gandi/mdata-links');
    for (const [word, left] of [
      ['add', ['mdata-put', 'mdata-list', 'mdata-delete']],
      ['remove', ['mdata-list']],
      ['remove', ['mdata-list']],
    ] as const) {
      expect(spawnSync('sh', [script, word, join(other, 'usr')], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
      expect(links(other)).toEqual(left);
    }
    // A package’s scripts do so.
    expect(links(install({ FOR_PACKAGE: '1' }))).toEqual([]);
  });

  it('takes another directory for zsh', () => {
    const share = join(install({ ZSH_COMPLETIONS: 'share/zsh/site-functions' }), 'usr/share');
    expect(readdirSync(join(share, 'zsh/site-functions'))).toContain('_gandi-mount');
    expect(existsSync(join(share, 'zsh/vendor-completions'))).toBe(false);
  });
});
