import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { rootFileSystem, type Suite } from '../guest/rootfs.ts';

/**
 * Mounts the layers and what a builder of images mounts, then runs the script that is the last argument. Everything in
 * namespaces of its own: nothing stays mounted, nothing goes on running.
 */
const ENTER = `set -e
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --bind /dev "$ROOT/dev"
`;

/** A Debian root file system, 12 by default, to install packages in: the cached one, with a layer over it that takes all changes. */
export class ScratchRoot {
  readonly #folder: string;
  readonly #lower: string;

  private constructor(folder: string, lower: string) {
    this.#folder = folder;
    this.#lower = lower;
  }

  static async create(suite: Suite = 'bookworm'): Promise<ScratchRoot> {
    const { tree } = await rootFileSystem(suite);
    const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-packages-'));
    for (const name of ['upper', 'work', 'root', 'packages']) await mkdir(join(folder, name));
    return new ScratchRoot(folder, tree);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }

  /**
   * Runs a shell script in the tree, by chroot.
   * @returns both outputs
   * @throws when its exit status is not 0; the message holds the outputs
   */
  async run(script: string): Promise<string> {
    return await this.outside('exec chroot "$ROOT" sh -euc "$SCRIPT"', { SCRIPT: script });
  }

  /** Runs a shell script outside of the tree, which is mounted at $ROOT. */
  async outside(script: string, environment: Record<string, string> = {}): Promise<string> {
    const env = {
      ...environment,
      ROOT: join(this.#folder, 'root'),
      FOLDER: this.#folder,
      LOWER: this.#lower,
      // Of Debian's users; root's of the machine may lack sbin.
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      // The machine's language may be missing in the tree.
      LC_ALL: 'C.UTF-8',
      HOME: '/root',
    };
    const command = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', ENTER + script];
    const { all } = await execa('unshare', command, { all: true, env, extendEnv: false, stdin: 'ignore' });
    return all;
  }

  /** Installs a package by dpkg in the tree, which asks no question: its input is closed. */
  async install(file: string, options: readonly string[] = []): Promise<string> {
    await copyFile(file, join(this.#folder, 'upper', basename(file)));
    try {
      // It need not wait for the disk: nobody cuts the power.
      return await this.run(`dpkg --force-unsafe-io ${options.join(' ')} --install /${basename(file)}`);
    } finally {
      await this.run(`rm /${basename(file)}`);
    }
  }

  /** Installs a package by apt in the tree, as an admin installs a file: all that it depends on must be there. */
  async installByApt(file: string): Promise<void> {
    await mkdir(join(this.#folder, 'upper/new'));
    await copyFile(file, join(this.#folder, 'upper/new', basename(file)));
    await this.run(`cd /new && DEBIAN_FRONTEND=noninteractive apt-get install --yes ./${basename(file)}`);
    await this.run('rm -r /new');
  }

  /** Copies what was changed, as a tree to lay over the root file system; what was removed from that is not in it. */
  async exportChanges(target: string): Promise<void> {
    await execa('cp', ['--archive', join(this.#folder, 'upper'), target]);
    // What overlayfs has in place of something that was removed (a device 0, 0), and what differs from run to run.
    const logs = ['var/log', 'var/cache', 'tmp'].map((name) => join(target, name));
    await execa('find', [target, '-type', 'c', '-delete']);
    for (const folder of logs) await rm(folder, { recursive: true, force: true });
  }

  /** Text of a file in the tree. */
  async read(path: string): Promise<string> {
    return await this.run(`cat '${path}'`);
  }

  /** Which of these paths are there. */
  async existing(paths: readonly string[]): Promise<string[]> {
    const output = await this.run(
      paths.map((path) => `if [ -e '${path}' ] || [ -L '${path}' ]; then echo '${path}'; fi`).join('\n'),
    );
    return output === '' ? [] : output.split('\n');
  }

  /** A line for each file, directory and link, with its mode, owner, and a file's hash; times do not count. */
  async snapshot(): Promise<string[]> {
    // What the package manager notes for itself, and what /proc and /dev of this machine hold, is left out.
    const found = `find . -xdev \\( -path ./var/lib/dpkg -o -path ./proc -o -path ./dev -o -path './var/log/dpkg*' \\
         -o -path ./var/cache/debconf -o -path ./usr/lib/modules -o -path ./usr/share \\) -prune -o`;
    // Hashes in lines of their own, path first: a process for each file would take most of the time.
    const output = await this.run(
      `cd /; ${found} -printf '%p %m %U:%G %l\\n'
       ${found} -type f -print0 | xargs -0 md5sum | sed -E 's/^([^ ]+)  (.*)/\\2 \\1/'`,
    );
    return output.split('\n').sort();
  }
}
