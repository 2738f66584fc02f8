import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { cacheFolder } from './cache.ts';
import type { RootFileSystem } from './rootfs.ts';
import { withInstalledTree } from './toolkit.ts';
import { layerTree } from './tree.ts';

/** The tree of a guest that has the toolkit installed and is not booted: for what needs no kernel of its own. */
export class GuestTree {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(rootfs: RootFileSystem): Promise<GuestTree> {
    // Its files are hard links to those of the cache, and so must be beside them.
    const tree = new GuestTree(mkdtempSync(join(cacheFolder(), 'tree-')));
    await withInstalledTree((installed) => layerTree(rootfs.tree, [installed], tree.path('/')));
    return tree;
  }

  /** Where a path of the guest is. */
  path(inGuest: string): string {
    return join(this.#folder, 'guest', inGuest);
  }

  /** Writes a file beside the old one, which may be a link to the cache's. */
  put(path: string, content: string | Uint8Array, mode = 0o644): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    rmSync(this.path(path), { force: true });
    writeFileSync(this.path(path), content);
    chmodSync(this.path(path), mode);
  }

  /** Runs a command by sh with the tree as its root directory, and with /proc. */
  run(command: string): Promise<{ exitCode?: number; stdout: string; stderr: string }> {
    const isolated = ['--mount', `--mount-proc=${this.path('/proc')}`, '--pid', '--fork', '--kill-child'];
    return execa('unshare', [...isolated, 'chroot', this.path('/'), 'sh', '-c', command], {
      reject: false,
      stdin: 'ignore',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
