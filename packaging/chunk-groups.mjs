/**
 * Has esbuild put what a program loads into few files. esbuild makes one of all source files that the same import()s lead to,
 * and each combination of import()s has its own: 70 files for gandi-mount alone, though nearly all of these import()s are
 * made by a program that has loaded the most of what they lead to. To load a file costs 25,000 instructions beside what is in
 * it.
 *
 * Here source files that the same programs load are a group. What import() leads to, and needs a part of a group, asks for all
 * of it, so that the same import()s lead to the whole group, and esbuild makes one file of it.
 */
import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';

/** @typedef {Readonly<Record<string, { imports: readonly { path: string, kind: string, external?: boolean }[] }>>} Inputs */

/**
 * All source files that some lead to by static imports, themselves among them.
 * @param {Inputs} inputs
 * @param {readonly string[]} from
 */
function loadedBy(inputs, from) {
  const found = new Set();
  const waiting = [...from];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const { path, kind, external } of inputs[file]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) waiting.push(path);
  }
  return found;
}

/** Only the project's own files: what is imported for its effects alone esbuild leaves out of most libraries. */
const isOwn = (/** @type {string} */ file) => file.startsWith('src/');

/**
 * The group of each source file that a program loads.
 * @param {Inputs} inputs
 * @param {readonly (readonly string[])[]} programs what each of them loads first
 * @returns {Map<string, readonly string[]>} the files of each group by its name
 */
function groupsOf(inputs, programs) {
  const loaded = programs.map((first) => loadedBy(inputs, first));
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const file of Object.keys(inputs).filter(isOwn)) {
    const name = loaded.flatMap((files, index) => (files.has(file) ? [index] : [])).join('-');
    if (name !== '') groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return groups;
}

/**
 * Which groups a file is to ask for: those that it needs a part of, and what these need.
 * @param {Inputs} inputs
 * @param {ReadonlyMap<string, readonly string[]>} groups
 * @param {string} entry
 */
function groupsFor(inputs, groups, entry) {
  /** @type {string[]} */
  let asked = [];
  for (;;) {
    const files = loadedBy(inputs, [entry, ...asked.flatMap((name) => groups.get(name) ?? [])]);
    const needed = [...groups].filter(([, group]) => group.some((file) => files.has(file)));
    if (needed.length === asked.length) return asked;
    asked = needed.map(([name]) => name);
  }
}

/**
 * @param {Inputs} inputs of a bundle that was made without this (esbuild's metafile)
 * @param {readonly (readonly string[])[]} programs what each of them loads first, by paths from the root
 * @param {string} root of the repository
 * @returns {import('esbuild').Plugin}
 * @throws Error if one of these files is not in the bundle
 */
export function chunkGroups(inputs, programs, root) {
  const missing = programs.flat().find((file) => inputs[file] === undefined);
  if (missing !== undefined)
    throw new Error(`build: ${missing} is not in the bundle: correct PROGRAMS in packaging/build.mjs`);
  const groups = groupsOf(inputs, programs);
  const targets = Object.values(inputs).flatMap(({ imports }) =>
    imports.filter(({ kind, path }) => kind === 'dynamic-import' && isOwn(path)).map(({ path }) => path),
  );
  const asked = new Map([...new Set(targets)].map((file) => [file, groupsFor(inputs, groups, file)]));
  return {
    name: 'chunk-groups',
    setup(context) {
      context.onResolve({ filter: /^group:/ }, ({ path }) => ({
        path: path.slice('group:'.length),
        namespace: 'group',
      }));
      context.onLoad({ filter: /.*/, namespace: 'group' }, ({ path }) => ({
        contents: (groups.get(path) ?? []).map((file) => `import ${JSON.stringify(`./${file}`)};`).join('\n'),
        resolveDir: root,
      }));
      context.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const names = asked.get(relative(root, path)) ?? [];
        if (names.length === 0) return undefined;
        const imports = names.map((name) => `import 'group:${name}';`);
        const contents = [await readFile(path, 'utf8'), ...imports].join('\n');
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}
