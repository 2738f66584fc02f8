import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { withProgress } from '../guest/progress.ts';

export const project = fileURLToPath(new URL('../..', import.meta.url));

/** The version that all packages have. */
export async function version(): Promise<string> {
  return JSON.parse(await readFile(join(project, 'package.json'), 'utf8')).version;
}

/** Makes packages as users get them, where they are older than their sources (a minute); each is compressed by itself. */
export async function makePackages(...kinds: readonly ('deb' | 'rpm')[]): Promise<void> {
  const options = ['--no-print-directory', `--jobs=${kinds.length}`];
  await withProgress(`make ${kinds.join(' ')}`, () =>
    execa('make', [...options, ...kinds.map((kind) => `guest-${kind}`)], { cwd: project }),
  );
}

/** The Debian package as users get it. */
export async function debianPackage(): Promise<string> {
  await makePackages('deb');
  return join(project, 'dist', `gandi-guest_${await version()}_amd64.deb`);
}

/** The RPM package as users get it. */
export async function rpmPackage(): Promise<string> {
  await makePackages('rpm');
  return join(project, 'dist', `gandi-guest-${await version()}-1.x86_64.rpm`);
}

/**
 * The same packages, not compressed, which saves most of the time.
 *
 * @param root - the repository or a copy, with everything built.
 * @param packageName - which of the two.
 */
export async function quickPackage(
  kind: 'deb' | 'rpm',
  output: string,
  environment: Record<string, string> = {},
  root = project,
  packageName: 'gandi-guest' | 'gandi-host' = 'gandi-guest',
): Promise<string> {
  const env = { COMPRESSION: 'none', OUTPUT: output, ...environment };
  await execa(join(root, `packaging/make-${kind}.sh`), ['amd64', packageName], { env });
  const release = environment.RELEASE ?? '1';
  const name =
    kind === 'deb'
      ? `${packageName}_${await version()}_amd64.deb`
      : `${packageName}-${await version()}-${release}.x86_64.rpm`;
  return join(output, name);
}

/**
 * Copies all that is in the repository, with changes that are not committed yet, and without what was built.
 *
 * @param folder - for the copy, which is made.
 */
export async function copyRepository(folder: string): Promise<void> {
  const list = 'git ls-files -z --cached --others --exclude-standard -- . ":!node_modules"';
  const copy = `mkdir "$0" && ${list} | xargs -0 cp --parents --target-directory="$0"`;
  await execa('sh', ['-c', copy, folder], { cwd: project });
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
}
