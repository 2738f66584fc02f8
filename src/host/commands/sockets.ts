import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Something that is listened to. */
export interface Listening {
  close(): void;
}

/** Connections of this host to its guests. */
export interface HostSockets {
  /**
   * Listens at a socket of this host, until it is closed by either side.
   * @param path of a Unix socket
   * @param onLine is given each line without its newline
   * @param onEnd is called once, if it cannot be connected to or the other side closed it
   */
  lines(path: string, onLine: (line: string) => void, onEnd: () => void): Listening;
  /**
   * Connects to a port of a guest.
   * @param greeting what the other side must begin with; empty: that it is connected is enough
   * @returns whether that came within the time
   */
  answers(address: string, port: number, greeting: string, milliseconds: number): Promise<boolean>;
}

/** A line of a guest's is cut off there: a guest may send what it likes. */
const LINE_LIMIT = 64 * 1024;

function listen(socket: Socket, onLine: (line: string) => void, onEnd: () => void): Listening {
  let pending = 0;
  // One that sends without end and without a newline is no line.
  socket.on('data', (chunk: Buffer) => {
    const newline = chunk.lastIndexOf(10);
    pending = newline === -1 ? pending + chunk.length : chunk.length - newline;
    if (pending > LINE_LIMIT) socket.destroy();
  });
  // What reads lines tells of the socket's errors as its own: without a listener of each they would end the program.
  const end = () => void socket.destroy();
  createInterface({ input: socket }).on('line', onLine).on('error', end);
  socket.on('error', end);
  socket.on('close', onEnd);
  return { close: () => socket.destroy() };
}

/** Those of the system. */
export const systemSockets: HostSockets = {
  lines: (path, onLine, onEnd) => listen(connect(path), onLine, onEnd),

  answers(address, port, greeting, milliseconds) {
    return new Promise((resolve) => {
      const socket = connect({ host: address, port });
      let said = '';
      const end = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(milliseconds, () => end(false));
      socket.on('connect', () => {
        if (greeting === '') end(true);
      });
      socket.on('data', (chunk) => {
        said += chunk.toString('latin1');
        if (said.length >= greeting.length) end(said.startsWith(greeting));
      });
      socket.on('error', () => end(false));
      socket.on('close', () => end(false));
    });
  },
};
