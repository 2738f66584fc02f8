import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * A modules archive as hosts give it, with one of the guest's own modules for a kernel of another release.
 *
 * @param tree - the guest's root file system, to take a module from.
 * @returns path of the archive.
 */
export async function modulesArchive(folder: string, tree: string, release: string): Promise<string> {
  const build = join(folder, 'modules');
  const target = join(build, 'lib/modules', release, 'kernel/drivers/net');
  await mkdir(target, { recursive: true });
  const { stdout } = await execa('find', [`${tree}/lib/modules/`, '-name', 'dummy.ko*']);
  await execa('cp', [stdout.split('\n')[0] ?? '', target]);
  const archive = join(folder, `${release}-modules.tar.gz`);
  await execa('tar', ['-C', build, '-czf', archive, 'lib']);
  await rm(build, { recursive: true });
  return archive;
}
