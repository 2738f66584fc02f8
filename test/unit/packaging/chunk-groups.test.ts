import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { chunkGroups } from '../../../packaging/chunk-groups.mjs';
import { temporaryRoot } from '../temporary-root.ts';

const says = (word: string) => `export const ${word} = () => console.log('${word}');\n`;

/** Two programs. What both of them load is used by what one of them imports later, each a part of it. */
const SOURCES: Readonly<Record<string, string>> = {
  '/src/main.ts': `void import('./one.ts'); void import('./two.ts');\n`,
  '/src/one.ts': `import { a } from './a.ts'; import { b } from './b.ts'; import { c } from './c.ts'; import { own } from './own.ts';
    a(); b(); c(); own(); void import('./later-a.ts'); void import('./later-b.ts');\n`,
  '/src/two.ts': `import { a } from './a.ts'; import { b } from './b.ts'; import { c } from './c.ts'; a(); b(); c();\n`,
  '/src/later-a.ts': `import { a } from './a.ts'; import { apart } from './apart.ts'; a(); apart();\n`,
  '/src/later-b.ts': `import { b } from './b.ts'; b();\n`,
  '/src/a.ts': says('a'),
  '/src/b.ts': says('b'),
  '/src/c.ts': says('c'),
  '/src/own.ts': says('own'),
  '/src/apart.ts': says('apart'),
};

const PROGRAMS = [['src/one.ts'], ['src/two.ts']];

let root = '';
afterEach(() => {
  root = '';
});

async function bundle(plugins: Plugin[] = []) {
  if (root === '') {
    root = temporaryRoot({}).locate('/');
    mkdirSync(join(root, 'src'));
    for (const [path, text] of Object.entries(SOURCES)) writeFileSync(join(root, path), text);
  }
  const options = {
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir: join(root, 'out'),
    bundle: true,
    splitting: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  } satisfies BuildOptions;
  const { metafile } = await build({ ...options, plugins });
  /** The source files of each file that is made, without those that are only imported there. */
  const made = Object.values(metafile.outputs).map(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path.replace(/^src\//, '')),
  );
  return { inputs: metafile.inputs, made };
}

const holding = (made: readonly string[][], file: string) =>
  made.find((files) => files.includes(file))?.toSorted();

describe('the files of a bundle', () => {
  it('have together what the same programs load, and only that', async () => {
    const { inputs, made } = await bundle();
    expect(holding(made, 'a.ts')).toEqual(['a.ts']);
    const grouped = (await bundle([chunkGroups(inputs, PROGRAMS, root)])).made;
    expect(holding(grouped, 'a.ts')).toEqual(['a.ts', 'b.ts', 'c.ts']);
    expect(holding(grouped, 'own.ts')).not.toContain('a.ts');
    // No program loads it.
    expect(holding(grouped, 'apart.ts')).toEqual(['apart.ts', 'later-a.ts']);
    expect(grouped.length).toBeLessThan(made.length);
    for (const file of Object.keys(SOURCES).map((path) => path.replace('/src/', '')))
      if (file !== 'main.ts') expect(grouped.filter((files) => files.includes(file))).toHaveLength(1);
  });

  it('are not made where a program is not in it', async () => {
    const { inputs } = await bundle();
    expect(() => chunkGroups(inputs, [['src/three.ts']], root)).toThrow('src/three.ts is not in the bundle');
  });
});
