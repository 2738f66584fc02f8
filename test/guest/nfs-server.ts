import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { cachedFolder } from './cache.ts';
import { withProgress } from './progress.ts';
import { waitUntil } from './wait.ts';

/** Neither needs this machine's kernel: the server, and its file system in memory. */
const packages = ['nfs-ganesha', 'nfs-ganesha-mem'];

const libraries = 'usr/lib/x86_64-linux-gnu';

/** The first port that is tried: the same at most runs, for an image that names it is kept. */
const FIRST_PORT = 20490;

/** NFSv4 over TCP on this machine, which guests reach at the host's address of a routed interface. */
export interface NfsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Unpacked into the cache and not installed: what this machine has of the libraries is used as it is. */
function unpackedServer(): Promise<string> {
  return cachedFolder('nfs-ganesha', (partial) =>
    withProgress('unpack an NFS server', async () => {
      const archives = join(partial, 'archives');
      await mkdir(join(archives, 'partial'), { recursive: true });
      // A build is root's; the user that apt would take cannot write here.
      const settings = ['-o', `Dir::Cache::archives=${archives}`, '-o', 'APT::Sandbox::User=root'];
      const download = ['install', '--download-only', '--reinstall', '--no-install-recommends', ...packages];
      await execa('apt-get', ['--quiet', 'update'], { stdin: 'ignore' });
      await execa('apt-get', ['--quiet', '--yes', ...settings, ...download], { stdin: 'ignore' });
      for (const file of (await readdir(archives)).filter((name) => name.endsWith('.deb')))
        await execa('dpkg', ['--extract', join(archives, file), join(partial, 'tree')]);
      await rm(archives, { recursive: true });
    }),
  );
}

/** Names of users are not asked for: guests and this machine have none in common. Without a size files lose their content. */
const settingsOf = (tree: string, folder: string, port: number) => `
NFS_CORE_PARAM { Protocols = 4; NFS_Port = ${port}; Bind_Addr = 127.0.0.1; Enable_NLM = false;
  Enable_RQUOTA = false; Plugins_Dir = ${tree}/${libraries}/ganesha; }
NFSV4 { Graceless = true; RecoveryRoot = ${folder}; Only_Numeric_Owners = true; UseGetpwnam = true; DomainName = guest; }
MEM { Inode_Size = 65536; }
EXPORT { Export_Id = 1; Path = /home; Pseudo = /home; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  Protocols = 4; Transports = TCP; FSAL { Name = MEM; } }
`;

async function firstFreePort(): Promise<number> {
  for (let port = FIRST_PORT; ; port++) {
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

const answers = (port: number) =>
  new Promise<true | undefined>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

/**
 * Starts a server that exports one empty directory in memory as `/home`, root's rights included.
 * @param folder for its settings and its log
 * @throws when it does not listen within half a minute; its log says why
 */
export async function startNfsServer(folder: string): Promise<NfsServer> {
  const tree = join(await unpackedServer(), 'tree');
  const port = await firstFreePort();
  const settings = join(folder, 'ganesha.conf');
  await writeFile(settings, settingsOf(tree, folder, port));
  const paths = ['-f', settings, '-p', join(folder, 'ganesha.pid'), '-L', 'STDOUT'];
  // It ends with the tests, however these end.
  const child = execa('setpriv', ['--pdeathsig', 'KILL', `${tree}/usr/bin/ganesha.nfsd`, '-F', ...paths], {
    env: { LD_LIBRARY_PATH: `${tree}/${libraries}:${tree}/usr/lib/ganesha` },
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
  });
  child.all.pipe(createWriteStream(join(folder, 'ganesha.log')));
  await waitUntil('an NFS server', 30, () => answers(port));
  return {
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await child;
    },
  };
}
