import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { libraryParts } from '../../../packaging/library-parts.mjs';
import { YAML_PARTS } from '../../../src/metadata/fields/yaml/yaml-library.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

async function bundle(source: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    preserveSymlinks: true,
    plugins: [libraryParts(root)],
  });
  const text = outputFiles[0]?.text ?? '';
  const made = { exports: {} as Record<string, unknown> };
  new Function('module', 'exports', 'require', text)(made, made.exports, createRequire(import.meta.url));
  return { exports: made.exports, text, files: Object.keys(metafile.inputs) };
}

describe('the library of YAML in a bundle', async () => {
  const { exports, text, files } = await bundle(`module.exports = require('yaml');`);
  const yaml = exports as unknown as typeof import('yaml');

  it('has what the sources use, and nothing else', () => {
    expect(Object.keys(exports).toSorted()).toEqual([...YAML_PARTS].toSorted());
    expect(text).not.toContain('foldFlowLines');
    expect(text).not.toContain('LOG_TOKENS');
  });

  it('reads as the whole library does', async () => {
    const whole = await import('yaml');
    const source = [
      'a: &one [1, 0x10, .5, "two\\n", ~, 2026-11-30]',
      'b: *one',
      '<<: { c: !!set { d } }',
      'e: |\n  f\n  g\n',
    ].join('\n');
    for (const schema of ['core', 'failsafe', 'yaml-1.1'] as const)
      expect(yaml.parseDocument(source, { schema }).toJS()).toEqual(
        whole.parseDocument(source, { schema }).toJS(),
      );
  });

  it.each(['!!binary "%%"', '!!binary aGVsbG8='])('takes %s as Node.js does', async (source) => {
    const whole = await import('yaml');
    const value = (library: Pick<typeof yaml, 'parseDocument'>) =>
      (library.parseDocument(source).contents as { value: Buffer }).value.toString('hex');
    expect(value(yaml)).toBe(value(whole));
  });

  it('throws where YAML is to be written', () => {
    expect(() => yaml.parseDocument('a: b').toString()).toThrow('YAML is not written');
  });

  it('is in the list of what is in the bundle, for its licence', () => {
    expect(files).toContain('node_modules/yaml/dist/index.js');
  });
});

describe('tar-stream in a bundle', () => {
  it('packs, and has nothing that unpacks', async () => {
    const { exports, text } = await bundle(`module.exports = require('tar-stream');`);
    expect(Object.keys(exports)).toEqual(['pack']);
    const archive = (exports as unknown as typeof import('tar-stream')).pack();
    archive.entry({ name: 'one', mtime: new Date(0) }, 'two');
    archive.finalize();
    const bytes = Buffer.concat(await Readable.from(archive).toArray());
    expect(bytes.toString('latin1', 0, 3)).toBe('one');
    expect(bytes.toString('latin1', 512, 515)).toBe('two');
    expect(text).not.toContain('class Extract');
  });
});
