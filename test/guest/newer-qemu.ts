import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cachedFolder } from './cache.ts';
import { withProgress } from './progress.ts';
import { mirror } from './rootfs.ts';

/**
 * Major version of the first QEMU known to add a CPU to an emulated machine, and to run Debian 13's kernel on more than
 * one; 7.2 crashes, and the kernel panics. It also takes a third less of this machine's time.
 */
const LEAST_VERSION = 10;

const packages = ['qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'seabios'];

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

let found: Promise<string> | undefined;

/**
 * A QEMU without these faults: this machine's own, or the one of Debian 12's backports, unpacked into the cache and not
 * installed. Its libraries are those of this machine's QEMU.
 *
 * @returns the program to start.
 */
export function newerQemu(): Promise<string> {
  found ??= findQemu();
  return found;
}

async function findQemu(): Promise<string> {
  const { stdout } = await execa('qemu-system-x86_64', ['--version']);
  if (Number(/version (\d+)/.exec(stdout)?.[1]) >= LEAST_VERSION) return 'qemu-system-x86_64';
  const folder = await cachedFolder('qemu-bookworm-backports', async (partial) => {
    await withProgress("unpack the QEMU of Debian 12's backports", () => unpackPackages(partial));
  });
  return join(folder, 'qemu-system-x86_64');
}

/** Downloads the packages with apt's own checks, but with lists and a cache of our own, and unpacks them. */
async function unpackPackages(folder: string): Promise<void> {
  const apt = join(folder, 'apt');
  await mkdir(join(apt, 'lists/partial'), { recursive: true });
  await writeFile(join(apt, 'sources'), `deb [signed-by=${keyring}] ${mirror} bookworm-backports main\n`);
  const settings = {
    'Dir::Etc::sourcelist': join(apt, 'sources'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(apt, 'lists'),
    // A build is root's; the user that apt would take cannot write here.
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const run = { cwd: apt, stdin: 'ignore' } as const;
  await execa('apt-get', [...options, '--quiet', 'update'], run);
  await execa('apt-get', [...options, '--quiet', 'download', ...packages], run);
  for (const file of (await readdir(apt)).filter((name) => name.endsWith('.deb'))) {
    await execa('dpkg', ['--extract', join(apt, file), join(folder, 'tree')]);
  }
  await rm(apt, { recursive: true });
  // The folder gets its last name when it is whole, so the program finds its own place.
  const starter = `#!/bin/sh
tree=$(dirname "$0")/tree/usr
exec "$tree/bin/qemu-system-x86_64" -L "$tree/share/qemu" -L "$tree/share/seabios" "$@"
`;
  await writeFile(join(folder, 'qemu-system-x86_64'), starter, { mode: 0o755 });
}
