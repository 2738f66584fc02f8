import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { Argv, CommandResult, HostCommands, RunOptions } from '../../../src/host/commands/commands.ts';
import type { HostSystem } from '../../../src/host/context/host-system.ts';
import { METADATA } from '../../../src/host/libvirt/metadata.ts';
import { parseXml, textOf } from '../../../src/host/libvirt/xml.ts';
import { main } from '../../../src/host/program.ts';
import { withRecord } from '../../../src/host/record/with-record.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { FakeGuestPort } from './fake-guest-port.ts';
import { type Answer, FakeLibvirt, refused } from './fake-libvirt.ts';
import { FakeStorage } from './fake-storage.ts';
import { type Ended, RecordedOutput } from './recorded-output.ts';

const hosts: FakeHost[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.port.close();
});

/** An image file of the host that any test may take. */
export const IMAGE = '/images/debian.qcow2';
/** Where the fake's mktemp(1) makes a directory. */
export const WORK = '/var/tmp/gandi-host-77-AAAAAAAA';
export const POOL = '/var/lib/libvirt/images/gandi';
export const DIGEST = 'ab'.repeat(32);

const FILES = {
  [IMAGE]: '',
  '/srv/of-host': '',
  '/proc/sys/kernel/hostname': 'host1\n',
  '/proc/sys/kernel/random/boot_id': 'boot1\n',
};

/** Programs that a build starts, and that print nothing. */
const SILENT = ['cp', 'find', 'ln', 'mke2fs', 'mkdir', 'rm', 'setpriv', 'sh', 'tee', 'truncate'];

/** A host with a libvirt, pools, programs, and guests that answer, all of it simulated. Files are a directory of its own. */
export class FakeHost implements HostCommands {
  readonly libvirt = new FakeLibvirt();
  readonly storage = new FakeStorage(this.libvirt.done);
  /** Definitions by UUID, as they were given. */
  readonly xml = new Map<string, string>();
  readonly port = new FakeGuestPort();
  readonly system: HostSystem;
  readonly #files: Files;
  /** What a program other than virsh prints, or how it fails. */
  readonly programs: Record<string, (argv: Argv, options: RunOptions) => Answer> = {
    mktemp: () => ({ stdout: `${WORK}\n` }),
    'qemu-img': ([, command]) =>
      command === 'info' ? { stdout: '{"format":"qcow2","virtual-size":8388608}' } : {},
    // The head of a GPT.
    'qemu-io': () => ({ stdout: '00000200:  45 46 49 20 50 41 52 54  EFI.PART\n' }),
    sha256sum: () => ({ stdout: `${DIGEST} *disk\n` }),
    stat: () => ({ stdout: '4096\n' }),
    ...Object.fromEntries(SILENT.map((name) => [name, () => ({})])),
  };
  /** Why a command is refused; undefined where it is not. */
  refuse: (words: readonly string[]) => string | undefined = () => undefined;
  /** Whether a command is done, and the answer lost. */
  loses: (words: readonly string[]) => boolean = () => false;
  /** What libvirt says that KVM can do here; undefined: there is none. */
  kvm: string | undefined;
  /** A guest stays up once it was started. */
  staysUp = true;
  /** Exit status of a command that has the terminal. */
  foregroundStatus = 0;
  /** Addresses of guests by where libvirt looks for them. */
  addresses: Record<string, string> = {};
  /** What the clock goes on by at each look. */
  step = 1;
  #clock = 0;
  readonly #output = new RecordedOutput();

  /** @param files beside those that each host has, by their paths */
  constructor(files: Record<string, string> = {}) {
    hosts.push(this);
    this.#files = temporaryRoot({ ...FILES, ...files }, '/dev/shm');
    this.system = {
      commands: this,
      files: this.#files,
      environment: {},
      output: this.#output,
      now: () => new Date('2026-03-04T05:06:07Z'),
      elapsed: () => this.#goOn(this.step),
      sleep: async (milliseconds) => void this.#goOn(milliseconds),
      cpus: 2,
      pid: 77,
      uid: process.getuid?.() ?? 0,
    };
  }

  /** Makes an empty file of the host. */
  addFile(path: string): void {
    const file = join(this.#files.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }

  #goOn(milliseconds: number): number {
    this.#clock += milliseconds;
    return this.#clock;
  }

  /** Commands with an effect since it was last asked. */
  effects(): string[] {
    return this.libvirt.done.splice(0);
  }

  /** Runs gandi-host as src/host-main.ts does. */
  gandiHost(...args: string[]): Promise<Ended> {
    return this.#output.duringMain(() => main(args, this.system));
  }

  /** All that there is, to be compared. */
  state() {
    const volumes = [...this.storage.pools].map(([name, pool]) => [name, [...pool.volumes]]);
    const domains = this.libvirt.domains.map((domain) => ({ ...domain }));
    return structuredClone({ volumes, domains, xml: [...this.xml], snapshots: [...this.storage.snapshots] });
  }

  async run(argv: Argv, options: RunOptions): Promise<CommandResult> {
    const isVirsh = argv[0] === 'virsh';
    const words = isVirsh ? argv.slice(argv.indexOf('--quiet') + 1) : argv;
    const answer = isVirsh ? await this.#virsh(words, options) : this.#program(argv, options);
    return { argv, exitCode: 0, stdout: '', stderr: '', ...answer };
  }

  follow(argv: Argv, onLine: (line: string) => void) {
    return this.libvirt.follow(argv, onLine);
  }

  async runInForeground(argv: Argv): Promise<number> {
    await this.libvirt.runInForeground(argv);
    return this.foregroundStatus;
  }

  #program(argv: Argv, options: RunOptions): Answer {
    const [name] = argv;
    const refusal = this.refuse(argv);
    if (refusal !== undefined) return { exitCode: 1, stderr: `${refusal}\n`, failure: `${name}: ${refusal}` };
    const program = this.programs[name];
    if (program === undefined) throw new Error(`the fake does not know ${argv.join(' ')}`);
    this.libvirt.done.push(argv.join(' '));
    return program(argv, options);
  }

  async #virsh(words: readonly string[], options: RunOptions): Promise<Answer> {
    const [first = ''] = words;
    if (words.length > 1 || !first.includes(' ')) return await this.#one(words, options);
    let [stdout, stderr] = ['', ''];
    for (const part of first.split('; ')) {
      const inner = part.split(' ');
      const answer: Answer =
        inner[0] === 'echo' ? { stdout: inner[1] ?? '' } : await this.#one(inner, options);
      stdout += answer.stdout ?? '';
      stderr += answer.stderr ?? '';
    }
    return { stdout, stderr };
  }

  async #one(words: readonly string[], options: RunOptions): Promise<Answer> {
    const answer = await this.#answer(words, options);
    return this.loses(words) ? refused('Disconnected from the daemon') : answer;
  }

  async #answer(words: readonly string[], options: RunOptions): Promise<Answer> {
    const refusal = this.refuse(words);
    if (refusal !== undefined) return refused(refusal);
    const [command = ''] = words;
    const target = words.slice(1).find((word) => !word.startsWith('--')) ?? '';
    if (command === 'domuuid') {
      const domain = this.libvirt.domains.find(({ name }) => name === target);
      return domain === undefined
        ? refused(`failed to get domain '${target}'`)
        : { stdout: `${domain.uuid}\n` };
    }
    if (command === 'domcapabilities') return this.#kvm();
    if (command === 'domifaddr') return { stdout: this.addresses[words.at(-1) ?? ''] ?? '' };
    const xml = this.xml.get(this.libvirt.find(target)?.uuid ?? target);
    if (command === 'dumpxml' && xml !== undefined)
      return { stdout: words.includes('--inactive') ? xml : this.#live(xml) };
    if (command === 'metadata' && xml !== undefined) return this.#metadata(words, target, xml);
    return this.storage.run(words, options) ?? (await this.#domain(words, options, target));
  }

  #kvm(): Answer {
    return this.kvm === undefined ? refused('KVM is not to be had') : { stdout: this.kvm };
  }

  async #domain(words: readonly string[], options: RunOptions, target: string): Promise<Answer> {
    const answer = await this.libvirt.run(['virsh', '--quiet', ...words], options);
    if (answer.failure !== undefined) return answer;
    const [command] = words;
    const text = String(options.input);
    if (command === 'define') this.xml.set(textOf(parseXml(text), 'uuid') ?? '', text);
    if (command === 'undefine') this.xml.delete(target);
    const domain = this.libvirt.domains.find(({ uuid }) => uuid === target);
    if (command === 'start' && domain !== undefined) {
      if (!this.staysUp) domain.state = 'shut off';
      const log = /<log file="([^"]*)"/.exec(this.xml.get(target) ?? '')?.[1];
      if (log !== undefined) this.storage.addVolume('gandi', basename(log), { format: 'raw' });
    }
    return answer;
  }

  #metadata(words: readonly string[], uuid: string, xml: string): Answer {
    if (words[2] !== METADATA.host.uri) throw new Error(`the fake keeps no ${words[2]}`);
    this.libvirt.done.push(`metadata ${uuid}`);
    const element = words[words.indexOf('--set') + 1] ?? '';
    this.xml.set(uuid, withRecord(xml.replace(/<metadata>.*?<\/metadata>/s, ''), element));
    return {};
  }

  /** libvirt gives each channel a socket. */
  #live(xml: string): string {
    return xml.replace(
      /(?=<target [^>]*name="net\.gandi\.exec\.0")/,
      `<source mode="bind" path="${this.port.path}"/>`,
    );
  }
}
