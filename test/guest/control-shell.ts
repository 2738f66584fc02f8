import { LineSocket } from './line-socket.ts';

/** How a command in the guest ended, and what it wrote. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ends each field of a line. */
const SEPARATOR = '\u001e';

interface Pending<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The driver's side of the guest's control shell, a unit of the test image that runs commands as root, whatever the
 * guest's network and users are like. The protocol is described in equipment/usr/local/lib/guest-control.
 */
export class ControlShell {
  readonly #pending = new Map<string, Pending<CommandResult>>();
  readonly #starts = new Set<Pending<void>>();
  #socket: LineSocket | undefined;
  #lastId = 0;
  #running = false;
  #closed: string | undefined;

  static async open(path: string): Promise<ControlShell> {
    const shell = new ControlShell();
    shell.#socket = await LineSocket.open(path, (line) => shell.#receive(line));
    return shell;
  }

  /** Resolves once the shell runs in the guest; fails when the guest ends before. */
  started(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#running) resolve();
      else if (this.#closed !== undefined) reject(new Error(this.#closed));
      else this.#starts.add({ resolve, reject });
    });
  }

  /**
   * Runs a command by bash, as soon as the shell has started, beside those that still run.
   *
   * @throws when the guest restarts or ends before the command did.
   */
  async run(command: string, input = ''): Promise<CommandResult> {
    await this.started();
    this.#lastId += 1;
    const id = String(this.#lastId);
    const result = new Promise<CommandResult>((resolve, reject) =>
      this.#pending.set(id, { resolve, reject }),
    );
    this.#socket?.send([id, escaped(command), escaped(input)].join(SEPARATOR));
    return result;
  }

  /** Fails all commands that have not ended, and those to come. */
  close(reason: string): void {
    this.#failPending(reason);
    for (const { reject } of this.#starts) reject(new Error(reason));
    this.#starts.clear();
    this.#closed = reason;
    this.#running = false;
    this.#socket?.close();
  }

  #receive(line: string): void {
    const [id = '', status = '', stdout, stderr, end] = line.split(SEPARATOR);
    if (id === 'ready') {
      this.#failPending('the guest restarted');
      this.#running = true;
      for (const { resolve } of this.#starts) resolve();
      this.#starts.clear();
      return;
    }
    const pending = this.#pending.get(id);
    // What a reboot cut off is no answer.
    if (!pending || stdout === undefined || stderr === undefined || end === undefined) return;
    this.#pending.delete(id);
    pending.resolve({ exitCode: Number(status), stdout: text(stdout), stderr: text(stderr) });
  }

  #failPending(reason: string): void {
    for (const { reject } of this.#pending.values()) reject(new Error(`${reason} before the command ended`));
    this.#pending.clear();
  }
}

/** For printf's `%b`. Of a command, bash leaves zero bytes out. */
function escaped(plain: string): string {
  const lines = plain.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return lines.replaceAll(SEPARATOR, '\\x1e').replaceAll('\0', '\\0000');
}

function text(field: string): string {
  if (field.startsWith('=')) return Buffer.from(field.slice(1), 'base64').toString();
  return field.slice(1).replace(/\\[\\n]/g, (pair) => (pair === '\\n' ? '\n' : '\\'));
}
