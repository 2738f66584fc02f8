/**
 * Runs a TypeScript program of this repository on a Node.js that cannot: `node packaging/run-ts.mjs FILE [ARGUMENTS]`.
 * Packages stay outside of the bundle; the program sees its own path as `process.argv[1]` and in `import.meta.url`.
 */
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: node packaging/run-ts.mjs FILE [ARGUMENTS]\n');
  process.exit(2);
}
const program = resolve(file);
const root = fileURLToPath(new URL('..', import.meta.url));
// Inside node_modules: packages are found from there, and nothing else looks at it.
const bundle = join(root, 'node_modules/.cache', `run-ts-${process.pid}.mjs`);

/** Gives each source file the URL that it would have without bundling. @type {import('esbuild').Plugin} */
const ownUrls = {
  name: 'own-urls',
  setup(context) {
    context.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises');
      const text = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: text.replaceAll('import.meta.url', url), loader: 'ts', resolveDir: dirname(path) };
    });
  },
};

await build({
  entryPoints: [program],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  // Packages that are loaded where they are needed (YAML).
  banner: {
    js: 'import { createRequire as ofModule } from "node:module"; const require = ofModule(import.meta.url);',
  },
  sourcemap: 'inline',
  define: { GANDI_GUEST_VERSION: '"development"' },
  plugins: [ownUrls],
  logLevel: 'warning',
});
process.setSourceMapsEnabled(true);
process.argv = [process.execPath, program, ...rest];
try {
  await import(pathToFileURL(bundle).href);
} finally {
  await rm(bundle);
}
