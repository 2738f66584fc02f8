import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const executable = fileURLToPath(new URL('../../dist/gandi-host', import.meta.url));

const NOBODY = 65534;

/** The daemon's first start probes what the machine has. */
const START_MILLISECONDS = 30_000;

/** Of what libvirtd said, where it ended by itself. */
const LAST_LINES = 20;

export interface Run {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

const isRoot = () => process.getuid?.() === 0;

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** @returns who has this URI in its command line, but for one */
const connectedTo = (uri: string, apart: number | undefined) =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === apart) return false;
    try {
      return readFileSync(join('/proc', pid, 'cmdline'), 'utf8')
        .split('\0')
        .includes(uri);
    } catch (error) {
      // It has ended meanwhile.
      if (['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code))) return false;
      throw error;
    }
  });

async function endOf(child: ChildProcess | undefined): Promise<void> {
  // One that has ended tells of no end.
  if (child === undefined || hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + START_MILLISECONDS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`${what} within ${START_MILLISECONDS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a domain of a test is made of. */
export interface TestDomain {
  name: string;
  /** XML below `<devices>`. */
  devices?: string;
  /** Attributes of its metadata of the order. */
  order?: string;
}

/**
 * A libvirtd of the test's own, for a user without rights and with a directory of its own: it sees nothing of the machine's
 * libvirt. Its test driver has a made-up host, which lives as long as somebody is connected to it. Each host has a daemon of
 * its own.
 */
export class TestLibvirt {
  readonly #folder: string;
  #daemon: ChildProcess | undefined;
  #holder: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static create(): TestLibvirt {
    const folder = mkdtempSync(join(tmpdir(), 'gandi-host-'));
    mkdirSync(join(folder, 'home'));
    chmodSync(folder, 0o700);
    if (isRoot()) for (const path of [folder, join(folder, 'home')]) chownSync(path, NOBODY, NOBODY);
    return new TestLibvirt(folder);
  }

  async #startDaemon(): Promise<void> {
    const folder = this.#folder;
    const home = join(folder, 'home');
    const socket = join(folder, 'libvirt/libvirt-sock');
    rmSync(socket, { force: true });
    const user = isRoot() ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : ['env'];
    const [program = 'env', ...args] = [...user, 'libvirtd'];
    const said = openSync(this.#said, 'a');
    this.#daemon = spawn(program, args, {
      cwd: '/',
      stdio: ['ignore', 'ignore', said],
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: home,
        XDG_CONFIG_HOME: home,
        XDG_CACHE_HOME: home,
        XDG_DATA_HOME: home,
        XDG_RUNTIME_DIR: folder,
      },
    });
    closeSync(said);
    await until('libvirtd made no socket', () => existsSync(socket));
  }

  /** @throws Error with what libvirtd said, if it has ended by itself */
  #checkDaemon(): void {
    if (this.#daemon === undefined || !hasEnded(this.#daemon)) return;
    const { exitCode, signalCode } = this.#daemon;
    const last = readFileSync(this.#said, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    throw new Error(`libvirtd ended (${signalCode ?? `exit status ${exitCode}`}). It said:\n${last}`);
  }

  /**
   * Has events written into a file, to which they are added wherever it ends: it is emptied now and then. The connection keeps
   * the made-up host alive. Nobody else may connect before it is there: libvirt 9.0 frees the host at the end of its last
   * connection, and one that is opened meanwhile gets what is being freed.
   */
  async #listen(events: string): Promise<void> {
    // virsh would keep what `uri` prints until it has more to write.
    const shell = 'exec stdbuf -o0 virsh -q -c "$0" "uri; event --all --loop" >> "$1"';
    this.#holder = spawn('sh', ['-c', shell, this.uri, events], { stdio: 'ignore', env: this.#environment });
    await until('nobody was connected', () => {
      this.#checkDaemon();
      return readFileSync(events, 'utf8').includes(this.uri);
    });
  }

  /** What libvirtd prints, such as warnings before it ends. */
  get #said(): string {
    return join(this.#folder, 'said');
  }

  get uri(): string {
    return `test+unix:///default?socket=${join(this.#folder, 'libvirt/libvirt-sock')}`;
  }

  /** A new host, which has these domains alone, all off. */
  async newHost(domains: readonly TestDomain[]): Promise<void> {
    await this.#end();
    await this.#startDaemon();
    const events = join(this.#folder, 'events');
    writeFileSync(events, '');
    await this.#listen(events);
    // It listens once it has something to tell: the first change may come too early.
    await until('nobody told of events', async () => {
      this.#checkDaemon();
      await this.virsh('destroy', 'test');
      await this.virsh('start', 'test');
      return this.events('Started').includes('test');
    });
    const files = domains.map(({ name, devices = '', order }, index) => {
      const uuid = randomUUID();
      const metadata =
        order === undefined ? '' : `<o:order xmlns:o='urn:gandi-guest:order:1' uuid='${uuid}' ${order}/>`;
      const file = join(this.#folder, `domain-${index}.xml`);
      const escaped = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      const parts = `<name>${escaped}</name><uuid>${uuid}</uuid><metadata>${metadata}</metadata><memory>1024</memory><os><type>hvm</type></os>`;
      writeFileSync(file, `<domain type='test'>${parts}<devices>${devices}</devices></domain>`);
      return `define ${file}`;
    });
    await this.virsh(['destroy test', 'undefine test', ...files].join('; '));
    writeFileSync(events, '', { flag: 'w' });
  }

  async virsh(...words: readonly string[]): Promise<string> {
    const { stdout } = await execa('virsh', ['-q', '-c', this.uri, ...words], { reject: false });
    return stdout;
  }

  async secondsOf(work: () => Promise<unknown>): Promise<number> {
    const before = performance.now();
    await work();
    return (performance.now() - before) / 1000;
  }

  async stateOf(name: string): Promise<string> {
    return (await this.virsh('domstate', name)).trim();
  }

  /** Names of domains that started or stopped, in order. */
  events(kind: 'Started' | 'Stopped' | 'Resumed'): string[] {
    const text = readFileSync(join(this.#folder, 'events'), 'utf8');
    return [...text.matchAll(/^event 'lifecycle' for domain '(.*)': (\w+)/gm)].flatMap(([, name, what]) =>
      what === kind && name !== undefined ? [name] : [],
    );
  }

  /** Runs the program as it was built. */
  async host(...words: readonly string[]): Promise<Run> {
    const { exitCode, stdout, stderr } = await execa(executable, ['--connect', this.uri, ...words], {
      reject: false,
      env: this.#environment,
      extendEnv: false,
    });
    return { exitCode, stdout, stderr };
  }

  async stop(): Promise<void> {
    await this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #environment() {
    return { PATH: process.env.PATH ?? '', HOME: join(this.#folder, 'home') };
  }

  /** Ends who holds the host, and the daemon with it. @throws Error if a command left somebody behind who is connected */
  async #end(): Promise<void> {
    await until(
      'somebody else stayed connected',
      () => connectedTo(this.uri, this.#holder?.pid).length === 0,
    );
    await endOf(this.#holder);
    await endOf(this.#daemon);
  }
}

/** Runs it without a libvirt of the test's. */
export async function runHost(words: readonly string[], environment: Record<string, string>): Promise<Run> {
  const options = { reject: false, env: environment, extendEnv: false } as const;
  const { exitCode, stdout, stderr } = await execa(executable, words, options);
  return { exitCode, stdout, stderr };
}

/** Seconds of the processor, in the program and the kernel, that a run takes: on a busy machine the clock says something else. */
export async function processorSeconds(...words: readonly string[]): Promise<number> {
  // The second line of `times` is that of the shell's children.
  const { stdout } = await execa('sh', ['-c', '"$0" "$@" > /dev/null; times', executable, ...words]);
  const children = stdout.split('\n')[1] ?? '';
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`times(1p) said ${stdout}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
