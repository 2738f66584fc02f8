import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const licenseFile = /^(licen[cs]e|copying|notice)/i;

/** The runtime inside the executable is no npm package of ours; its licences are stated by its own project. */
const runtime = `Bun, the runtime inside the executable
Licences, source and how to build it anew: RUNTIME-LICENSES beside this file
`;

/**
 * The licences of all packages of which a bundle contains code, as one text.
 * @param {Record<string, unknown>} inputs the bundle's source files, by path relative to `root` (esbuild's metafile)
 * @param {string} root the folder that holds `node_modules`
 * @returns {Promise<string>}
 */
export async function thirdPartyLicenses(inputs, root) {
  const packages = new Set(Object.keys(inputs).flatMap((file) => packageFolder(file) ?? []));
  const texts = await Promise.all([...packages].sort().map((folder) => licenseOf(join(root, folder))));
  return [...texts, runtime].join(`\n${'-'.repeat(80)}\n\n`);
}

/** @param {string} file */
function packageFolder(file) {
  return /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

/** @param {string} folder */
async function licenseOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => licenseFile.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version}`, `Licence: ${license}`, '', ...texts.map((text) => text.trim()), ''].join(
    '\n',
  );
}
