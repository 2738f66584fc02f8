/**
 * Writes manual pages and completions: `node packaging/run-ts.mjs packaging/documentation/build.ts FOLDER` makes
 * FOLDER/man and FOLDER/completions, and the same in FOLDER/host for gandi-host.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderBash } from './bash.ts';
import { completionOf } from './completion.ts';
import { renderFish } from './fish.ts';
import { HOST_MANUAL_TEXT } from './host-manual-text.ts';
import { renderProgramPage } from './manual-page.ts';
import { MANUAL_TEXTS, type ManualText } from './manual-texts.ts';
import { type DocumentedProgram, documentedHost, documentedPrograms } from './programs.ts';
import { releaseOf } from './release.ts';
import type { Release } from './roff.ts';
import { renderSettingsPage } from './settings-page.ts';
import { renderZsh } from './zsh.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function renderProgram(program: DocumentedProgram, text: ManualText, release: Release): [string, string][] {
  const { name } = program;
  const completion = completionOf(program);
  // The names that the shells look for.
  return [
    [`completions/bash/${name}`, renderBash(completion)],
    [`completions/zsh/_${name}`, renderZsh(completion)],
    [`completions/fish/${name}.fish`, renderFish(completion)],
    [`man/${name}.8`, renderProgramPage(program, text, release)],
  ];
}

/** All files by their paths below the folder. */
async function render(): Promise<Map<string, string>> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const release = releaseOf(version, await readFile(join(root, 'CHANGELOG.md'), 'utf8'));
  const files = new Map([['man/gandi-settings.5', renderSettingsPage(release)]]);
  for (const program of documentedPrograms()) {
    const { name } = program;
    const text = MANUAL_TEXTS[name];
    if (text === undefined) throw new Error(`manual-texts.ts has nothing on ${name}`);
    for (const [path, content] of renderProgram(program, text, release)) files.set(path, content);
  }
  const host = renderProgram(documentedHost(), HOST_MANUAL_TEXT, release);
  for (const [path, content] of host) files.set(`host/${path}`, content);
  return files;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: build.ts FOLDER');
const files = await render();
const parts = ['completions', 'host/completions', 'host/man', 'man'];
for (const part of parts) await rm(join(folder, part), { recursive: true, force: true });
// The manual last: make takes it for the whole.
for (const [path, text] of [...files].sort()) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}
