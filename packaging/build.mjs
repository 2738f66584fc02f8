/**
 * Builds the programs into `dist` (or the folder given as the argument):
 *   gandi.cjs                  the guest's bundle, for Node.js 20.16 or later
 *   gandi                      the same sources with Bun's runtime inside
 *   gandi-read-ahead           by which it starts quicker where nothing of it is in memory; not for each architecture
 *   THIRD-PARTY-LICENSES       of all code in them
 *   gandi-host                 the host's program, with Bun's runtime inside
 *   host/THIRD-PARTY-LICENSES  of all code in that
 * With PROFILE=1 the guest's programs note down what each piece of their work costs, for `make bench PROFILE=1`.
 * With TARGET_BUN, the Bun of another machine, executables are made for that machine; it must be the same version. The same
 * sources give the same bytes, wherever they lie.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chunkGroups } from './chunk-groups.mjs';
import { compactExecutable } from './compact-executable.mjs';
import { libraryParts } from './library-parts.mjs';
import { thirdPartyLicenses } from './licenses.mjs';
import { writeReadAhead } from './read-ahead.mjs';
import { fixedEnvironment, train } from './training.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// The folder is emptied: nothing else may be taken for it.
if (process.argv.length > 3) throw new Error('usage: build.mjs [FOLDER]');
const output = resolve(process.argv[2] ?? join(root, 'dist'));

/**
 * Runs before anything of the bundle, on any Node.js that can parse it. The function, by which the modules of Node.js
 * are loaded where Bun has its own, came with 20.16 and 22.3 (https://nodejs.org/api/process.html).
 */
const nodeVersionCheck = `if (!process.getBuiltinModule) {
  process.stderr.write('gandi: Node.js ' + process.version + ' is too old: install Node.js 20.16 or 22.3 or later\\n');
  process.exit(1);
}`;

/**
 * What the start costs, measured on a program with commander, pino, valibot, tar-stream and execa that starts one
 * command (million user instructions; CPU time; peak memory): without bytecode 229, 45 ms, 46 MiB; with it 59, 24 ms,
 * 45 MiB; with the thresholds of the just-in-time compiler raised a hundredfold as well 56, 22 ms, 41 MiB, while
 * unpacking 20 MB of bzip2 becomes only 5 % slower. `--smol` costs 30 % more instructions.
 */
const compileOptions = [
  '--compile',
  '--minify',
  '--bytecode',
  // Code that a call does not import stays a file of its own in the executable: in one file its functions are all made at each
  // start, which costs 9 million instructions. That needs ES modules.
  '--format=esm',
  '--splitting',
  // Each file has the names of a dozen others in it, several times: short ones take 20 KB less.
  '--chunk-naming=[hash].[ext]',
  '--compile-jit-policy=100',
  // The program runs as root in any working directory: what lies there must not configure it.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  '--no-compile-autoload-tsconfig',
  '--no-compile-autoload-package-json',
];

/** Bun by the machine's architecture. The baseline build runs on every x86-64 CPU with SSE4.2. */
const bunPackages = { x64: 'bun-linux-x64-baseline', arm64: 'bun-linux-aarch64' };

/** The program needs a newer Node.js; older syntax lets an older one reach the version check. */
const NODE_SYNTAX = 'node10.4';

/**
 * Bun gets the syntax as it is written. In the older one private fields are WeakMaps, which cost 35 million
 * instructions of a first boot: nothing of it is compiled by the just-in-time compiler.
 */
const BUN_SYNTAX = 'esnext';

/** What each program of the guest loads first, beside `src/main.ts`; gandi-guest and its `status` are called most by people. */
const PROGRAMS = [
  'bootstrap/start',
  'bootstrap/program',
  'config/program',
  'mount/program',
  'postboot/program',
  'guest/program',
  'guest/status',
].map((name) => ['src/main.ts', `src/${name}.ts`, 'src/plan/real-system.ts']);

/**
 * Bundles the sources.
 * @param {string} entry the first of them
 * @param {import('esbuild').BuildOptions} form where it goes, and in which syntax
 * @returns which files are in it, with their sizes
 */
async function bundle(entry, form) {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const { metafile } = await build({
    ...form,
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    bundle: true,
    // The names of files are part of what is built, and node_modules may be a link to those of another place.
    preserveSymlinks: true,
    // Loaded with each logger, and called by none of ours.
    alias: { '@pinojs/redact': join(root, 'packaging/no-redaction.cjs') },
    platform: 'node',
    minify: true,
    legalComments: 'none',
    define: {
      GANDI_GUEST_VERSION: JSON.stringify(version),
      // Marks of the bench's profile: src/machine/runtime/marks.ts.
      GANDI_PROFILE: JSON.stringify(process.env.PROFILE === '1'),
      // Libraries look for workers there, which we do not use. Bun would put the builder's folder in.
      __dirname: '"/usr/lib/gandi"',
    },
    metafile: true,
    logLevel: 'warning',
    plugins: [libraryParts(root), ...(form.plugins ?? [])],
  });
  return metafile.inputs;
}

/**
 * Makes an executable, if there is a Bun.
 * @param {string} entry its first source file
 * @param {'gandi' | 'gandi-host'} name
 */
async function compile(entry, name) {
  const bun = join(root, 'node_modules/@oven', bunPackages[process.arch] ?? process.arch, 'bin/bun');
  if (!existsSync(bun)) {
    process.stderr.write(`build: no Bun for ${process.arch} in node_modules: dist/${name} is left out\n`);
    return undefined;
  }
  const folder = join(output, 'compile');
  await mkdir(join(folder, 'training'), { recursive: true });
  /** @type {import('esbuild').BuildOptions} */
  const form = { outdir: folder, splitting: true, format: 'esm', target: BUN_SYNTAX, chunkNames: '[hash]' };
  let inputs = await bundle(entry, { ...form, write: name === 'gandi-host' });
  if (name === 'gandi')
    inputs = await bundle(entry, { ...form, plugins: [chunkGroups(inputs, PROGRAMS, root)] });
  const first = `${basename(entry, '.ts')}.js`;
  /** @param {string[]} options */
  const runBun = (...options) =>
    execFileSync(bun, ['build', ...compileOptions, ...options, first, `--outfile=${name}`], {
      cwd: folder,
      // Nothing of the builder's: Bun reads settings from the environment and below the home directory.
      env: fixedEnvironment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  runBun();
  const orders = await train(name, join(folder, name), join(folder, 'training'));
  const target = process.env.TARGET_BUN;
  const forTarget =
    target === undefined
      ? []
      : // Its npm package has the name of the target: @oven/bun-linux-aarch64/bin/bun.
        [`--target=${basename(dirname(dirname(target)))}`, `--compile-executable-path=${resolve(target)}`];
  // The most important first.
  runBun(...forTarget, `--bytecode-order=${orders.reverse().join(',')}`);
  const executable = compactExecutable(await readFile(join(folder, name)));
  await writeFile(join(output, name), executable, { mode: 0o755 });
  await rm(folder, { recursive: true });
  return inputs;
}

/** Makes the program that reads ahead what a start touches of the runtime that is built in. */
async function makeReadAhead() {
  const target = process.env.TARGET_BUN;
  const bun =
    target === undefined
      ? join(root, 'node_modules/@oven', bunPackages[process.arch] ?? process.arch)
      : dirname(dirname(target));
  if (!existsSync(bun)) return;
  const missing = await writeReadAhead(bun, join(root, 'packaging/runtime-pages'), output);
  if (missing !== undefined) process.stderr.write(`build: ${missing}\n`);
}

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
try {
  const inputs = await bundle('src/main.ts', {
    outfile: join(output, 'gandi.cjs'),
    format: 'cjs',
    target: NODE_SYNTAX,
    banner: { js: nodeVersionCheck },
  });
  await writeFile(join(output, 'THIRD-PARTY-LICENSES'), await thirdPartyLicenses(inputs, root));
  await compile('src/main.ts', 'gandi');
  await makeReadAhead();
  const ofHost = await compile('src/host-main.ts', 'gandi-host');
  if (ofHost !== undefined) {
    await mkdir(join(output, 'host'));
    await writeFile(join(output, 'host/THIRD-PARTY-LICENSES'), await thirdPartyLicenses(ofHost, root));
  }
} catch (error) {
  // Half a build must not look like one.
  await rm(output, { recursive: true, force: true });
  // esbuild and Bun have already said what is wrong, and where. What the build says itself begins so.
  const isTold = 'errors' in error || 'status' in error;
  if (!isTold && !error.message.startsWith('build: ')) throw error;
  process.stderr.write(isTold ? 'build: failed\n' : `${error.message}\n`);
  process.exitCode = 1;
}
