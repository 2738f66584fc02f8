/**
 * Leaves out of the bundles what they have of libraries and never call: of YAML what writes it, of tar what unpacks it. A KB of
 * source is six in the executable, with its bytecode.
 */
import { join } from 'node:path';
import { build } from 'esbuild';

/** Says what the sources use of the library of YAML. */
const YAML_LIBRARY = 'src/metadata/fields/yaml/yaml-library.ts';

/**
 * The list of the sources, of which there is no other.
 * @param {string} root of the repository
 * @returns {Promise<readonly string[]>}
 */
async function yamlParts(root) {
  const { outputFiles } = await build({
    entryPoints: [join(root, YAML_LIBRARY)],
    write: false,
    format: 'esm',
    logLevel: 'warning',
  });
  const text = outputFiles[0]?.text ?? '';
  return (await import(`data:text/javascript,${encodeURIComponent(text)}`)).YAML_PARTS;
}

/** What the library's modules take from those that write YAML. */
const WRITERS = [
  'createStringifyContext',
  'stringifyCollection',
  'stringifyDocument',
  'stringifyNumber',
  'stringifyPair',
  'stringifyString',
];

const noWriters = WRITERS.map(
  (name) =>
    `export const ${name} = () => { throw new Error('YAML is not written: see packaging/library-parts.mjs'); };`,
).join('\n');

/** Browsers have no Buffer, for which this module is another one there: slower by far, and it throws where text is no base64. */
const binaryTag = `export const binary = {
  identify: () => false,
  default: false,
  tag: 'tag:yaml.org,2002:binary',
  resolve: (text) => Buffer.from(text, 'base64'),
};`;

/** @type {import('esbuild').Plugin} */
const yamlReader = {
  name: 'yaml-reader',
  setup(context) {
    context.onLoad({ filter: /\/yaml\/browser\/dist\/stringify\/\w+\.js$/ }, () => ({ contents: noWriters }));
    context.onLoad({ filter: /\/yaml\/browser\/dist\/schema\/yaml-1\.1\/binary\.js$/ }, () => ({
      contents: binaryTag,
    }));
  },
};

/**
 * The library as one CommonJS module, so that a start that parses no YAML makes none of its functions. The modules for Node.js are
 * CommonJS each, of which nothing can be left out; the same ones for browsers are ES modules.
 * @param {string} folder the library's
 * @param {readonly string[]} parts
 */
async function yamlModule(folder, parts) {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${parts.join(', ')} } from './browser/index.js';`, resolveDir: folder },
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'esnext',
    preserveSymlinks: true,
    plugins: [yamlReader],
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}

/**
 * @param {string} root of the repository
 * @returns {import('esbuild').Plugin}
 */
export function libraryParts(root) {
  return {
    name: 'library-parts',
    setup(context) {
      context.onLoad({ filter: /\/node_modules\/yaml\/dist\/index\.js$/ }, async () => ({
        contents: await yamlModule(join(root, 'node_modules/yaml'), await yamlParts(root)),
        loader: 'js',
      }));
      context.onLoad({ filter: /\/node_modules\/tar-stream\/index\.js$/ }, ({ path }) => ({
        contents: `exports.pack = require('./pack.js');`,
        resolveDir: join(path, '..'),
      }));
    },
  };
}
