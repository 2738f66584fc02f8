import type { Socket } from 'node:net';
import type { Line } from './line.ts';

/** Settles when something has happened on a socket. */
type Waiter = () => void;

class SocketLine implements Line {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];
  #failure: Error | undefined;
  #wake: Waiter = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Uint8Array) => {
      this.#parts.push(bytes);
      this.#wake();
    });
    socket.on('error', (error: Error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the other side hung up')));
  }

  async write(bytes: Uint8Array, until: number): Promise<boolean> {
    let isTaken = false;
    this.#socket.write(bytes, () => {
      isTaken = true;
      this.#wake();
    });
    await this.#wait(until, () => isTaken);
    return isTaken;
  }

  async read(until: number): Promise<Uint8Array | undefined> {
    await this.#wait(until, () => this.#parts.length > 0);
    const parts = this.#parts;
    this.#parts = [];
    return parts.length === 0 ? undefined : Buffer.concat(parts);
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  async #wait(until: number, isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (this.#failure !== undefined) throw this.#failure;
      const left = until - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(left));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/**
 * Connects to a Unix socket of the host's.
 * @param until a moment of performance.now()
 * @throws Error if nobody listens there until then
 */
export async function openSocketLine(path: string, until: number): Promise<Line> {
  const { createConnection } = await import('node:net');
  return await new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new Error('nobody took the connection in time')),
      Math.max(0, Math.ceil(until - performance.now())),
    );
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(new SocketLine(socket));
    });
  });
}
