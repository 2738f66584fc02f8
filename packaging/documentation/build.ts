/**
 * Writes manual pages and completions: `node packaging/run-ts.mjs packaging/documentation/build.ts FOLDER` makes
 * FOLDER/man and FOLDER/completions.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderBash } from './bash.ts';
import { completionOf } from './completion.ts';
import { renderFish } from './fish.ts';
import { renderProgramPage } from './manual-page.ts';
import { MANUAL_TEXTS } from './manual-texts.ts';
import { documentedPrograms } from './programs.ts';
import { releaseOf } from './release.ts';
import { renderSettingsPage } from './settings-page.ts';
import { renderZsh } from './zsh.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** All files by their paths below the folder. */
async function render(): Promise<Map<string, string>> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const release = releaseOf(version, await readFile(join(root, 'CHANGELOG.md'), 'utf8'));
  const files = new Map([['man/gandi-settings.5', renderSettingsPage(release)]]);
  for (const program of documentedPrograms()) {
    const { name } = program;
    const text = MANUAL_TEXTS[name];
    if (text === undefined) throw new Error(`manual-texts.ts has nothing on ${name}`);
    const completion = completionOf(program);
    // The names that the shells look for.
    files.set(`completions/bash/${name}`, renderBash(completion));
    files.set(`completions/zsh/_${name}`, renderZsh(completion));
    files.set(`completions/fish/${name}.fish`, renderFish(completion));
    files.set(`man/${name}.8`, renderProgramPage(program, text, release));
  }
  return files;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: build.ts FOLDER');
const files = await render();
const parts = ['completions', 'man'];
for (const part of parts) await rm(join(folder, part), { recursive: true, force: true });
// The manual last: make takes it for the whole.
for (const [path, text] of [...files].sort()) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}
