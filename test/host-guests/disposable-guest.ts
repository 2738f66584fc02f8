import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CommandGuest,
  type CommandGuestInterface,
  type CommandGuestOptions,
  type CommandOptions,
  untilSucceeds,
} from '../guest/command-guest.ts';
import type { CommandResult } from '../guest/control-shell.ts';
import { isoSeed } from '../guest/nocloud-seed.ts';
import { withProgress } from '../guest/progress.ts';
import { rigWithBase } from './base-image.ts';
import type { Ended, LibvirtRig } from './libvirt-rig.ts';

/** Exit statuses of `gandi-host exec` for a time that was up, and for a failure of its own: gandi-host(8). */
const NOT_OF_THE_COMMAND = [124, 125];

/** A guest that gandi-host makes of a golden image in a libvirt of its own, and that is gone with all that was made for it. */
export class DisposableGuest implements CommandGuest {
  readonly #name: string;
  #rig: LibvirtRig | undefined;
  /** Of the libvirt, before the guest was made. */
  #before: Readonly<Record<string, string>> = {};

  /** A guest that is not made yet. */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Makes its golden image, the guest, and starts it. @param folder for its seed @throws Error with what gandi-host said
   */
  async start(options: CommandGuestOptions, folder: string): Promise<void> {
    const { image, seed, interfaces = [], kernelArguments = [] } = options;
    const rig = await rigWithBase(false, await image?.(folder));
    this.#rig = rig;
    if (kernelArguments.length > 0) await rig.addKernelArguments('base', kernelArguments);
    this.#before = await rig.state();
    const nics = interfaces.length === 0 ? ['none'] : interfaces.map(nicOf);
    await this.#host(
      'guest',
      'create',
      this.#name,
      '--from',
      'base',
      ...nics.flatMap((nic) => ['--nic', nic]),
    );
    // The test's own word in the place of what gandi-host has to say.
    const volume = await isoSeed(folder, 'seed.iso', await seed(folder));
    await copyFile(volume.file, join(rig.pool, `${this.#name}.seed.img`));
    await withProgress(`start ${this.#name}`, () => this.#host('guest', 'start', this.#name, '--wait'));
  }

  async waitForBoot(): Promise<string> {
    return (await this.run('systemctl is-system-running --wait')).stdout.trim();
  }

  async run(command: string, { input, seconds = 120 }: CommandOptions = {}): Promise<CommandResult> {
    const words = ['exec', this.#name, '--timeout', String(seconds)];
    if (input !== undefined) {
      const file = join(this.#libvirt.folder, 'input');
      await writeFile(file, input);
      words.push('--input', file);
    }
    const { status = 125, stdout, stderr } = await this.#libvirt.host(...words, '--', 'bash', '-c', command);
    if (NOT_OF_THE_COMMAND.includes(status) && /^gandi-host: /m.test(stderr))
      throw new Error(`${this.#name}: "${command}": ${stderr}`);
    return { exitCode: status, stdout, stderr };
  }

  async output(command: string, options: CommandOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(command, options);
    if (exitCode !== 0)
      throw new Error(`${this.#name}: "${command}" failed with status ${exitCode}: ${stderr || stdout}`);
    return stdout.replace(/\n$/, '');
  }

  async waitFor(command: string, seconds = 30): Promise<void> {
    // Longer where the command itself takes its time.
    const { exitCode } = await this.run(untilSucceeds(command, seconds), { seconds: seconds + 30 });
    if (exitCode !== 0) throw new Error(`${this.#name}: waited ${seconds} s in vain for "${command}"`);
  }

  async reboot(): Promise<void> {
    await withProgress(`restart ${this.#name}`, () => this.#host('guest', 'restart', this.#name, '--wait'));
  }

  /** Removes it, and ends its libvirt. @returns names of domains and files that were made or changed, and are still there */
  async end(): Promise<string[]> {
    const rig = this.#rig;
    if (rig === undefined) return [];
    try {
      await this.#host('--yes', 'guest', 'destroy', this.#name);
      const after = await rig.state();
      const names = [...new Set([...Object.keys(this.#before), ...Object.keys(after)])];
      return names.filter((name) => after[name] !== this.#before[name]);
    } finally {
      await rig.stop();
    }
  }

  get #libvirt(): LibvirtRig {
    if (this.#rig === undefined) throw new Error(`${this.#name}: it has not been made yet`);
    return this.#rig;
  }

  async #host(...words: string[]): Promise<Ended> {
    const ended = await this.#libvirt.host(...words);
    if (ended.status !== 0) throw new Error(`gandi-host ${words.join(' ')}: ${ended.stderr}`);
    return ended;
  }
}

/** Its address says which network it is in, and no more: the seed that would have it is the test's own. */
function nicOf({ network, hostAddress, mac }: CommandGuestInterface): string {
  const [, prefix] = network.split('/');
  return ['user', ...(mac === undefined ? [] : [`mac=${mac}`]), `address=${hostAddress}/${prefix}`].join(',');
}
