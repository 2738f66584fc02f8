import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { waitUntil } from '../guest/wait.ts';

/** gandi-host as `make build` made it. */
export const HOST_PROGRAM = fileURLToPath(new URL('../../dist/gandi-host', import.meta.url));

/** What libvirt has below /run, /var and /etc: its own in the rig. */
const BOUND = {
  run: '/run/libvirt',
  lib: '/var/lib/libvirt',
  log: '/var/log/libvirt',
  cache: '/var/cache/libvirt',
  etc: '/etc/libvirt',
};

const RUN_OPTIONS = { reject: false, stripFinalNewline: false, input: '', maxBuffer: 100_000_000 } as const;

/** How gandi-host ended. */
export interface Ended {
  status: number | undefined;
  stdout: string;
  stderr: string;
}

/**
 * A libvirt of its own, in a mount namespace in which its directories are others: a libvirt that this machine has is not
 * touched, and nobody sees this one. All of it ends with {@link LibvirtRig.stop}.
 */
export class LibvirtRig {
  readonly folder: string;
  readonly pool: string;
  readonly #daemon: ChildProcess;

  private constructor(folder: string, daemon: ChildProcess) {
    this.folder = folder;
    this.pool = join(folder, 'pool');
    this.#daemon = daemon;
  }

  /** Starts virtlogd and libvirtd (15 s, for libvirtd tries out QEMU). @throws if libvirtd ends, or does not answer in two minutes */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<LibvirtRig> {
    // A socket's path has at most 107 bytes.
    const folder = await mkdtemp(join(tmpdir(), 'rig-'));
    // Users other than root read settings there.
    await chmod(folder, 0o755);
    for (const name of [...Object.keys(BOUND), 'pool']) await mkdir(join(folder, name));
    await mkdir(join(folder, 'etc/qemu'));
    const daemonSettings = [
      'auth_unix_rw = "none"',
      'auth_unix_ro = "none"',
      // Who may do what is told by the group, as distributions have it.
      'unix_sock_group = "libvirt"',
      'unix_sock_rw_perms = "0770"',
    ];
    await writeFile(join(folder, 'etc/libvirtd.conf'), `${daemonSettings.join('\n')}\n`);
    await writeFile(join(folder, 'etc/virtlogd.conf'), '');
    // As root: where another user cannot open /dev/kvm, libvirtd would try QEMU out at each call.
    const qemu = [
      'user = "root"',
      'group = "root"',
      'security_driver = "none"',
      'namespaces = []',
      'cgroup_controllers = []',
    ];
    await writeFile(join(folder, 'etc/qemu.conf'), `${qemu.join('\n')}\n`);
    const values = { 'pool-directory': join(folder, 'pool'), nic: 'user', ...settings };
    const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(join(folder, 'host.conf'), lines.join(''));
    const binds = Object.entries(BOUND).map(
      ([name, path]) => `mkdir -p ${path} && mount --bind "$1/${name}" ${path}`,
    );
    // Emulated on every machine: within a virtual machine KVM may be there and fail, such as at MSR 0x10a on AMD. What
    // libvirtd cannot write to does not count as KVM; what it can, and is none, it would try out at each call.
    await writeFile(join(folder, 'no-kvm'), '');
    binds.push('{ test ! -e /dev/kvm || mount -o bind,ro "$1/no-kvm" /dev/kvm; }');
    const script = `${binds.join(' && ')} && { virtlogd --pid-file "$1/virtlogd.pid" & exec libvirtd --pid-file "$1/libvirtd.pid"; }`;
    const daemon = spawn(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder],
      {
        stdio: 'ignore',
      },
    );
    const rig = new LibvirtRig(folder, daemon);
    try {
      return await waitUntil('libvirtd', 120, async () => {
        if (daemon.exitCode !== null) throw new Error('libvirtd ended');
        return (await rig.virsh('version')).status === 0 ? rig : undefined;
      });
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  get #environment() {
    return { GANDI_HOST_CONF: join(this.folder, 'host.conf'), LC_ALL: 'C' };
  }

  #inside(argv: readonly string[]): [string, string[]] {
    return ['nsenter', ['--mount', `--target=${this.#daemon.pid}`, '--', ...argv]];
  }

  async run(argv: readonly string[], input?: string): Promise<Ended> {
    const [file, args] = this.#inside(argv);
    const { exitCode, stdout, stderr } = await execa(file, args, {
      ...RUN_OPTIONS,
      input: input ?? '',
      env: this.#environment,
    });
    return { status: exitCode, stdout, stderr };
  }

  virsh(...args: string[]): Promise<Ended> {
    return this.run(['virsh', '--connect', 'qemu:///system', '--quiet', ...args]);
  }

  /** Through a pipe: virsh opens its input by a path, and a socket cannot be opened so. */
  define(xml: string): Promise<Ended> {
    return this.run(['sh', '-c', 'cat | virsh --connect qemu:///system --quiet define /dev/stdin'], xml);
  }

  /** gandi-host with these arguments. */
  host(...args: string[]): Promise<Ended> {
    return this.run([HOST_PROGRAM, ...args]);
  }

  /** gandi-host for a user of this machine, who is in these groups and no others. */
  hostAs(user: string, groups: readonly string[], ...args: string[]): Promise<Ended> {
    const which = groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`];
    return this.run([
      'setpriv',
      `--reuid=${user}`,
      '--regid=nogroup',
      ...which,
      'env',
      'HOME=/nonexistent',
      HOST_PROGRAM,
      ...args,
    ]);
  }

  /** gandi-host on a host that is not this rig's. @param uri of the rig's libvirt, seen from there */
  async hostFrom(uri: string, ...args: string[]): Promise<Ended> {
    const { exitCode, stdout, stderr } = await execa(HOST_PROGRAM, ['--connect', uri, ...args], {
      ...RUN_OPTIONS,
      env: this.#environment,
    });
    return { status: exitCode, stdout, stderr };
  }

  /** gandi-host, as a process that signals can be sent to. */
  spawnHost(...args: string[]): ChildProcess {
    const [file, words] = this.#inside([HOST_PROGRAM, ...args]);
    return spawn(file, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GANDI_HOST_CONF: join(this.folder, 'host.conf') },
    });
  }

  /**
   * A golden image of a file with nothing to boot, whose version counts as if a guest of it had come up.
   * @throws if libvirt refuses a step
   */
  async makeUsableImage(name: string, file: string): Promise<void> {
    await this.host(
      ...['golden', 'create', name, '--from', file, '--memory', '64', '--ready-timeout', '2'],
      ...['--work-directory', this.folder],
    );
    await this.markReady(name, 1);
  }

  /** As if a guest of a version had come up. @throws if libvirt refuses it */
  async markReady(name: string, version: number): Promise<void> {
    await this.#changeRecord(name, (xml) =>
      xml
        .replace(/state="(?:failed|untested)"/, 'state="ready"')
        .replace(/ current="\d+"/, '')
        .replace('role="golden"', `role="golden" current="${version}"`),
    );
  }

  /** As if no run had asked for an automatic image since then. @param time ISO 8601 @throws if libvirt refuses it */
  async markUsed(name: string, time: string): Promise<void> {
    await this.#changeRecord(name, (xml) => xml.replace(/ used="[^"]*"/, ` used="${time}"`));
  }

  /** Has the guests of an image start with further arguments of the kernel, as an admin would. @throws if libvirt refuses it */
  async addKernelArguments(name: string, words: readonly string[]): Promise<void> {
    const { stdout } = await this.virsh('dumpxml', '--inactive', '--domain', name);
    const { status, stderr } = await this.define(
      stdout.replace('</cmdline>', ` ${words.join(' ')}</cmdline>`),
    );
    if (status !== 0) throw new Error(`the template ${name} was not changed: ${stderr}`);
  }

  async #changeRecord(name: string, change: (xml: string) => string): Promise<void> {
    const uri = 'urn:gandi-guest:host:1';
    const { stdout } = await this.virsh('metadata', name, uri, '--config');
    // libvirt shows the prefix that it keeps an element by, and takes none.
    const xml = change(stdout.replace('xmlns:gandi-host=', 'xmlns='));
    const words = ['metadata', name, uri, '--config', '--key', 'gandi-host', '--set', xml];
    const { status, stderr } = await this.virsh(...words);
    if (status !== 0) throw new Error(`the record of ${name} was not changed: ${stderr}`);
  }

  /** All that there is: definitions of domains, and files of the pool with digests of their content. */
  async state(): Promise<Record<string, string>> {
    const state: Record<string, string> = {};
    const { stdout } = await this.virsh('list', '--all', '--name');
    for (const name of stdout.split('\n').filter((line) => line !== ''))
      state[`domain ${name}`] = (await this.virsh('dumpxml', '--inactive', '--domain', name)).stdout;
    for (const name of await readdir(this.pool)) {
      const file = join(this.pool, name);
      const { size } = await stat(file);
      const digest =
        size > 50_000_000
          ? ''
          : createHash('sha256')
              .update(await readFile(file))
              .digest('hex');
      state[`file ${name}`] = `${size} ${digest}`;
    }
    return state;
  }

  /** Ends the guests of this rig, then its daemons, by their process IDs. */
  async stop(): Promise<void> {
    const { stdout } = await this.virsh('list', '--uuid');
    for (const uuid of stdout.split('\n').filter((line) => line !== '')) await this.virsh('destroy', uuid);
    for (const name of ['libvirtd.pid', 'virtlogd.pid']) {
      const pid = Number(await readFile(join(this.folder, name), 'utf8').catch(() => '0'));
      if (pid > 1) process.kill(pid, 'SIGTERM');
    }
    await new Promise((resolve) => {
      if (this.#daemon.exitCode !== null) resolve(undefined);
      else this.#daemon.once('exit', resolve);
    });
    await rm(this.folder, { recursive: true, force: true });
  }
}
