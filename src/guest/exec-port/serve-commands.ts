import type { StreamedCommand, StreamedOptions } from '../../machine/commands/streamed-command.ts';
import type { VirtioPort } from '../../machine/devices/virtio-port.ts';
import {
  type CommandEnd,
  type CommandRequest,
  encodeFrames,
  type Frame,
  FrameDecoder,
  type FrameKind,
  parseRequest,
} from '../../machine/formats/exec-frames.ts';
import { describeFailure } from '../../machine/runtime/errors.ts';

/** What commands run on. */
export interface CommandHost {
  start(options: StreamedOptions): StreamedCommand;
  /**
   * Number of a user's primary group.
   * @returns undefined if there is no such user
   */
  groupOf(user: string): Promise<string | undefined>;
}

/** Bytes of a request: an argument list of execve(2) holds at most 2 MiB. */
const REQUEST_BYTES = 4 * 1024 * 1024;
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * The command as the user runs it, with the environment of a login. setpriv(1) gives 127 for a program that is not
 * there and 126 for one that cannot be executed, as shells do.
 */
export function commandAs(
  { argv, user = 'root', environment = {} }: CommandRequest,
  group: string,
): [string, ...string[]] {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const command = variables.length === 0 ? argv : (['env', ...variables, ...argv] as const);
  const rights = ['--reuid', user, '--regid', group, '--init-groups', '--reset-env'];
  return ['setpriv', ...rights, '--', ...command];
}

/** One connection of a host, with the command that it runs. */
class Connection {
  readonly #port: VirtioPort;
  readonly #host: CommandHost;
  #request: Uint8Array[] = [];
  #requestBytes = 0;
  #running: StreamedCommand | undefined;
  #isBusy = false;
  /** Input that came before the command had started. */
  #early: Frame[] = [];
  #isOver = false;

  constructor(port: VirtioPort, host: CommandHost) {
    this.#port = port;
    this.#host = host;
  }

  take({ kind, content }: Frame): void {
    if (kind === 'request') {
      this.#requestBytes += content.length;
      if (this.#requestBytes <= REQUEST_BYTES) this.#request.push(Buffer.from(content));
    } else if (kind === 'start') this.#run();
    else if (this.#running === undefined) {
      if (this.#isBusy) this.#early.push({ kind, content: Buffer.from(content) });
    } else if (kind === 'input') this.#running.write(Buffer.from(content));
    else if (kind === 'inputEnd') this.#running.endInput();
    else if (kind === 'signal') this.#signal(Buffer.from(content).toString());
  }

  /** The host is gone: its command hears that, as one does whose terminal is gone. */
  end(): void {
    this.#isOver = true;
    this.#running?.signal('SIGHUP');
  }

  #signal(name: string): void {
    const signal = SIGNALS.find((known) => known === name);
    if (signal !== undefined) this.#running?.signal(signal);
  }

  async #send(kind: FrameKind, content: Uint8Array): Promise<void> {
    if (!this.#isOver) await this.#port.write(encodeFrames(kind, content));
  }

  #run(): void {
    const bytes = this.#requestBytes;
    const request = bytes > REQUEST_BYTES ? undefined : parseRequest(Buffer.concat(this.#request));
    [this.#request, this.#requestBytes] = [[], 0];
    if (this.#isBusy) return;
    this.#isBusy = true;
    void this.#carryOut(request).then(async (end) => {
      this.#running = undefined;
      this.#isBusy = false;
      await this.#send('end', Buffer.from(JSON.stringify(end)));
    });
  }

  async #carryOut(request: CommandRequest | undefined): Promise<CommandEnd> {
    if (request === undefined) return { error: 'the request is none that this guest understands' };
    try {
      const { user = 'root' } = request;
      const group = await this.#host.groupOf(user);
      if (group === undefined) return { error: `the guest has no user ${JSON.stringify(user)}` };
      this.#running = this.#host.start({
        argv: commandAs(request, group),
        environment: {
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          LANG: 'C.UTF-8',
        },
        onOutput: (output, chunk) => this.#send(output, chunk),
      });
      for (const frame of this.#early.splice(0)) this.take(frame);
      const { exitCode, signal, error } = await this.#running.ended;
      if (error !== undefined) return { error: describeFailure(error, true) };
      return signal === undefined ? { status: exitCode ?? 0 } : { signal };
    } catch (error) {
      return { error: describeFailure(error, true) };
    }
  }
}

/**
 * Carries out what the host asks for, one command after the other, as long as the port is there.
 * @param isOver asked when nobody is connected: whether to end
 * @throws the system's error if the port is gone
 */
export async function serveCommands(
  port: VirtioPort,
  host: CommandHost,
  isOver: () => boolean = () => false,
): Promise<void> {
  const decoder = new FrameDecoder();
  let connection: Connection | undefined;
  for (;;) {
    const bytes = await port.read();
    if (bytes === undefined) {
      connection?.end();
      connection = undefined;
      decoder.reset();
      if (isOver()) return;
      continue;
    }
    for (const frame of decoder.push(bytes)) {
      if (frame.kind === 'ping') {
        connection?.end();
        connection = new Connection(port, host);
        await port.write(encodeFrames('hello', frame.content));
      } else connection?.take(frame);
    }
  }
}
