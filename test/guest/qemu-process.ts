import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { within } from './wait.ts';

/** A running QEMU. It ends with this process, however that ends. */
export class QemuProcess {
  readonly #child: ChildProcess;
  readonly #console: string;
  readonly #ended: Promise<string>;
  #running = true;
  #stderr = '';
  #lastConsole = '';

  constructor(program: string, qemuArguments: readonly string[], consoleFile: string) {
    this.#console = consoleFile;
    // The kernel ends QEMU when this process is gone (PR_SET_PDEATHSIG of prctl(2)), so nothing need be caught here.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...qemuArguments], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#lastConsole = this.console();
        this.#running = false;
        resolve(`QEMU ended ${how}${this.#stderr && `: ${this.#stderr.trim()}`}`);
      };
      this.#child.once('error', (error) => end(`before it started (${error.message})`));
      this.#child.once('close', (code, signal) => end(signal ? `by ${signal}` : `with status ${code}`));
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves, once QEMU has ended, with how it did and what it wrote. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  /** What the guest wrote to its serial console so far; still known when its folder is gone. */
  console(): string {
    if (!this.#running) return this.#lastConsole;
    return existsSync(this.#console) ? readFileSync(this.#console, 'utf8') : '';
  }

  /** Ends QEMU at once, as a power cut does, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#running) this.#child.kill('SIGKILL');
    await within('the end of QEMU', 10, this.#ended);
  }
}
