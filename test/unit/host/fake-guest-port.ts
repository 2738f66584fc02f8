import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandEnd,
  type CommandRequest,
  encodeFrames,
  type Frame,
  FrameDecoder,
  parseRequest,
} from '../../../src/machine/formats/exec-frames.ts';

/** What a command in a guest does. */
export interface Ran extends CommandEnd {
  stdout?: string;
  stderr?: string;
}

/** A guest's port for commands, as a socket of this machine: what is run there is answered by a test. */
export class FakeGuestPort {
  readonly path: string;
  /** Commands that were run, in their order, with what they had on standard input. */
  readonly ran: { argv: readonly string[]; input: string; request: CommandRequest }[] = [];
  /** What the commands do: `waits` is for a signal; the guest goes away where it is undefined. */
  answer: (argv: readonly string[], input: string) => Ran | 'waits' | undefined = () => ({ status: 0 });
  /** It is open, and hangs up on who connects. */
  hangsUp = false;
  readonly #folder: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'gandi-port-'));
    this.path = join(this.#folder, 'exec');
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.path);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const decoder = new FrameDecoder();
    let [request, input] = ['', ''];
    const take = ({ kind, content }: Frame) => {
      const text = Buffer.from(content).toString();
      if (this.hangsUp) socket.destroy();
      else if (kind === 'ping') socket.write(encodeFrames('hello', content));
      else if (kind === 'request') [request, input] = [text, ''];
      else if (kind === 'input') input += text;
      else if (kind === 'signal')
        socket.write(encodeFrames('end', Buffer.from(JSON.stringify({ signal: text }))));
      else if (kind === 'inputEnd') this.#run(socket, request, input);
    };
    socket.on('data', (bytes) => decoder.push(bytes).forEach(take));
    // Who hangs up in the middle is no error of the guest's.
    socket.on('error', () => socket.destroy());
  }

  #run(socket: Socket, text: string, input: string): void {
    const request = parseRequest(Buffer.from(text));
    if (request === undefined) throw new Error(`no request: ${text}`);
    this.ran.push({ argv: request.argv, input, request });
    const answer = this.answer(request.argv, input);
    if (answer === 'waits') return;
    if (answer === undefined) {
      socket.destroy();
      return;
    }
    const { stdout = '', stderr = '', ...end } = answer;
    socket.write(encodeFrames('stdout', Buffer.from(stdout)));
    socket.write(encodeFrames('stderr', Buffer.from(stderr)));
    socket.write(encodeFrames('end', Buffer.from(JSON.stringify(end))));
  }
}
