import { type CommandGuest, type CommandOptions, untilSucceeds } from './command-guest.ts';
import type { CommandResult } from './control-shell.ts';
import type { Attached } from './hot-plug.ts';
import type { GuestDisk, MachineOptions } from './machine.ts';
import type { GuestInterface } from './machine-interfaces.ts';
import { withProgress } from './progress.ts';
import type { Qmp } from './qmp.ts';
import { type RunningMachine, startMachine } from './running-machine.ts';
import { runBySsh, type SshLogin } from './ssh.ts';
import { waitUntil, within } from './wait.ts';

/** How many lines of the console an error shows. */
const consoleLines = 40;

/** A boot takes 20 s; on a busy machine several times that. */
const BOOT_SECONDS = 180;

/**
 * A guest in an emulated machine. Its disks are files of the test: when the guest has ended, another one can be booted
 * from them. Each failure names the guest and shows the end of its console.
 */
export class Guest implements CommandGuest {
  readonly #name: string;
  /** The last time that it was switched on. */
  #last: { readonly options: MachineOptions; readonly machine: RunningMachine } | undefined;
  #earlierConsole = '';

  /** A guest that is off. `name` is for messages. */
  constructor(name: string) {
    this.#name = name;
  }

  /** A guest whose machine has been switched on. */
  static async boot(options: MachineOptions & { readonly name?: string }): Promise<Guest> {
    const guest = new Guest(options.name ?? 'guest');
    await guest.powerOn(options);
    return guest;
  }

  /** Switches a machine on, which may be another one than the last time. The guest must be off. */
  async powerOn(options: MachineOptions): Promise<void> {
    if (this.running) throw new Error(`${this.#name}: it is on already`);
    const machine = await startMachine(options);
    this.#earlierConsole = this.console();
    this.#last = { options, machine };
  }

  /**
   * Waits until systemd has started all that belongs to the boot.
   *
   * @returns what `systemctl is-system-running` says: `running`, or `degraded` when a unit failed.
   */
  async waitForBoot(seconds = BOOT_SECONDS): Promise<string> {
    const result = await withProgress(`boot ${this.#name}`, () =>
      this.run('systemctl is-system-running --wait', { seconds }),
    );
    return result.stdout.trim();
  }

  /** Runs a command as root by bash, whatever the state of network and users, as soon as the guest can. */
  async run(command: string, options: CommandOptions = {}): Promise<CommandResult> {
    const { input, seconds = 120 } = options;
    return this.#withConsole(within(`"${command}"`, seconds, this.#machine.shell.run(command, input)));
  }

  /** Runs a command that must succeed, and returns its output without the newline at the end. */
  async output(command: string, options: CommandOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(command, options);
    if (exitCode !== 0)
      throw this.#failure(`"${command}" failed with status ${exitCode}: ${stderr || stdout}`);
    return stdout.replace(/\n$/, '');
  }

  /** Logs in over the first interface that was given a guest address, and runs a command. */
  async ssh(login: SshLogin, command: string, seconds = 30): Promise<CommandResult> {
    const { sshPort } = this.#machine;
    if (sshPort === undefined) throw new Error(`${this.#name}: no interface has a guestAddress to log in to`);
    return this.#withConsole(runBySsh(sshPort, login, command, seconds));
  }

  /** Waits until a command in the guest succeeds, or a function returns true. */
  async waitFor(condition: string | (() => Promise<boolean>), seconds = 30): Promise<void> {
    if (typeof condition === 'string') return this.#withConsole(this.#untilSucceeds(condition, seconds));
    const what = condition.name || 'a condition';
    const waiting = waitUntil(what, seconds, async () => ((await condition()) ? true : undefined));
    await this.#withConsole(within(what, seconds + 10, waiting));
  }

  /** The guest asks itself: being asked from outside costs it more than most of these commands. */
  async #untilSucceeds(command: string, seconds: number): Promise<void> {
    const { shell } = this.#machine;
    await within('the boot', BOOT_SECONDS, shell.started());
    // Longer where the command itself takes its time.
    const { exitCode } = await within(
      `"${command}"`,
      seconds + 30,
      shell.run(untilSucceeds(command, seconds)),
    );
    if (exitCode !== 0) throw new Error(`waited ${seconds} s in vain for "${command}"`);
  }

  async attachDisk(disk: GuestDisk): Promise<Attached> {
    return this.#withConsole(this.#machine.hotPlug.attachDisk(disk));
  }

  async attachInterface(nic: GuestInterface): Promise<Attached> {
    return this.#withConsole(this.#machine.hotPlug.attachInterface(nic));
  }

  /** Has a disk that was attached with a limit stop answering, for good. */
  async silence(attached: Pick<Attached, 'backend'>): Promise<void> {
    return this.#withConsole(this.#machine.hotPlug.silence(attached));
  }

  /** Takes a disk or an interface out that was attached. */
  async detach(attached: Attached): Promise<void> {
    return this.#withConsole(this.#machine.hotPlug.detach(attached));
  }

  /**
   * Restarts the guest in an orderly way and waits until it runs commands again. The machine is switched on anew: after a
   * mere reset, QEMU's emulation is three times as slow.
   *
   * @param seconds - that the shutdown and the start of the boot may take each.
   * @param options - of the machine from then on, which is otherwise as it was.
   */
  async reboot(seconds = BOOT_SECONDS, options: MachineOptions = this.#switchedOn.options): Promise<void> {
    await this.#end('systemctl reboot', seconds);
    await this.powerOn(options);
    await this.#withConsole(within('the boot', seconds, this.#machine.shell.started()));
  }

  /** Shuts the guest down in an orderly way and waits until the machine is off. */
  async powerOff(seconds = 120): Promise<void> {
    if (this.running) await this.#end('systemctl poweroff', seconds);
  }

  /** Cuts the power; does nothing when the machine is off. To be called, too, at the end of each test. */
  async powerCut(): Promise<void> {
    await this.#last?.machine.process.kill();
  }

  get running(): boolean {
    return this.#last?.machine.process.running ?? false;
  }

  /** The machine's own control, for what this class has no words for. */
  get qmp(): Qmp {
    return this.#machine.qmp;
  }

  /** The folder with the sockets of further serial ports. */
  get folder(): string {
    return this.#machine.folder;
  }

  /** What was written to the serial console, earlier boots of this guest included. */
  console(): string {
    return this.#earlierConsole + (this.#last?.machine.process.console() ?? '');
  }

  get #switchedOn(): { readonly options: MachineOptions; readonly machine: RunningMachine } {
    if (this.#last === undefined) throw new Error(`${this.#name}: it has not been switched on yet`);
    return this.#last;
  }

  get #machine(): RunningMachine {
    return this.#switchedOn.machine;
  }

  /** Runs a command that ends the guest, perhaps before it can tell how it went. */
  async #end(command: string, seconds: number): Promise<void> {
    const { shell, process } = this.#machine;
    shell.run(command).catch(() => undefined);
    await this.#withConsole(within(`"${command}"`, seconds, process.ended));
  }

  async #withConsole<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#failure(error instanceof Error ? error.message : String(error));
    }
  }

  #failure(message: string): Error {
    const lines = this.console().trimEnd().split('\n').slice(-consoleLines);
    return new Error(`${this.#name}: ${message}\n--- end of its console ---\n${lines.join('\n')}`);
  }
}
