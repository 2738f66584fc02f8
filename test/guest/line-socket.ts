import { connect, type Socket } from 'node:net';
import { waitUntil } from './wait.ts';

/** A connection over a Unix socket on which both sides send lines of text. */
export class LineSocket {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * @param path - the socket, which QEMU makes soon after its start.
   * @param onLine - gets each line received, without its end.
   */
  static async open(path: string, onLine: (line: string) => void): Promise<LineSocket> {
    const socket = await waitUntil(`QEMU's socket ${path}`, 10, () => tryToConnect(path), 20);
    let parts: string[] = [];
    socket.setEncoding('utf8').on('data', (text: string) => {
      const [first = '', ...others] = text.split('\n');
      parts.push(first);
      for (const next of others) {
        const line = parts.join('').trimEnd();
        parts = [next];
        if (line !== '') onLine(line);
      }
    });
    return new LineSocket(socket);
  }

  send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function tryToConnect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    // Until QEMU listens, and when QEMU ends: its exit status tells more than the connection does.
    socket.on('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
}
