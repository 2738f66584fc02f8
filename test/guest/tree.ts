import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * Makes a tree out of a root file system and what is laid over it, file by file, as a package would be unpacked.
 * Files that are not replaced are hard links to those of `base`, which takes no room; nothing in `base` is changed.
 */
export async function layerTree(base: string, overlays: readonly string[], target: string): Promise<void> {
  await execa('cp', ['--archive', '--link', '--no-target-directory', base, target]);
  for (const overlay of overlays) {
    const pack = execa('tar', ['--create', `--directory=${overlay}`, '.'], {
      encoding: 'buffer',
      buffer: false,
    });
    // tar removes a file before it writes another in its place, so the linked original stays as it is. /lib and /sbin
    // are links to folders in a merged-usr guest, and stay links.
    await pack.pipe('tar', [
      '--extract',
      `--directory=${target}`,
      '--keep-directory-symlink',
      '--no-overwrite-dir',
      '--preserve-permissions',
    ]);
  }
  // As after a first boot: /etc and /var are up to date with /usr (systemd's ConditionNeedsUpdate=). Otherwise the
  // hardware database would be compiled in each boot of a test.
  const stamps = [join(target, 'etc/.updated'), join(target, 'var/.updated')];
  await execa('touch', ['--reference', join(target, 'usr'), ...stamps]);
}

/** A hash of names, modes, owners, link targets and contents below `folder`; times do not count. */
export async function treeHash(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(folder, { recursive: true });
  for (const name of names.sort()) {
    const path = join(folder, name);
    const status = await lstat(path);
    hash.update(`${name}\0${status.mode}\0${status.uid}:${status.gid}\0`);
    if (status.isSymbolicLink()) hash.update(await readlink(path));
    if (status.isFile()) for await (const chunk of createReadStream(path)) hash.update(chunk);
  }
  return hash.digest('hex');
}
