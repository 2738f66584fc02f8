import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemSockets } from '../../../../src/host/commands/sockets.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server that does something with each connection. */
async function serve(at: string | number, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    ends.push(() => socket.destroy());
    onConnection(socket);
  });
  ends.push(() => server.close());
  const listening = new Promise<void>((resolve) => void server.once('listening', resolve));
  if (typeof at === 'string') server.listen(at);
  else server.listen(at, '127.0.0.1');
  await listening;
  return server;
}

const tcp = async (onConnection: (socket: Socket) => void): Promise<number> =>
  ((await serve(0, onConnection)).address() as AddressInfo).port;

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gandi-sockets-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'port');
}

/** What was heard at a socket until the other side closed it. */
const heard = (path: string) =>
  new Promise<string[]>((resolve) => {
    const lines: string[] = [];
    systemSockets.lines(
      path,
      (line) => lines.push(line),
      () => resolve(lines),
    );
  });

describe('a port of a guest', () => {
  it('is heard line by line until it is closed', async () => {
    const path = socketPath();
    await serve(path, (socket) => socket.end('one\ntwo\nunfinished'));
    expect((await heard(path)).slice(0, 2)).toEqual(['one', 'two']);
  });

  it('that is not there ends at once', async () => {
    expect(await heard('/nonexistent/port')).toEqual([]);
  });

  it('is left where a guest sends without end and without a newline', async () => {
    const path = socketPath();
    await serve(path, (socket) => {
      socket.write('first\n');
      socket.write('x'.repeat(200_000));
    });
    const [first, ...others] = await heard(path);
    expect(first).toBe('first');
    expect(others.every((line) => line.length < 200_000)).toBe(true);
  });

  it('that is closed here is closed there', async () => {
    const path = socketPath();
    const closed = new Promise<void>((resolve) => {
      void serve(path, (socket) => {
        socket.resume().on('close', () => resolve());
        socket.write('up\n');
      }).then(() => {
        const listening = systemSockets.lines(
          path,
          () => listening.close(),
          () => undefined,
        );
      });
    });
    await expect(closed).resolves.toBeUndefined();
  });
});

describe('a server of a guest', () => {
  const answers = (port: number, greeting: string, milliseconds = 5000) =>
    systemSockets.answers('127.0.0.1', port, greeting, milliseconds);

  it('answers by its port alone where no greeting is asked for', async () => {
    expect(await answers(await tcp(() => undefined), '')).toBe(true);
  });

  it('answers by a greeting that begins as it must, however it is cut', async () => {
    const cut = await tcp((socket) => {
      socket.setNoDelay().write('SS');
      setTimeout(() => socket.write('H-2.0-x\r\n'), 20);
    });
    expect(await answers(cut, 'SSH-')).toBe(true);
    expect(await answers(await tcp((socket) => socket.write('HTTP/1.1 400')), 'SSH-')).toBe(false);
    expect(await answers(await tcp((socket) => socket.end('SS')), 'SSH-')).toBe(false);
  });

  it('does not answer where it is silent for too long', async () => {
    expect(await answers(await tcp(() => undefined), 'SSH-', 30)).toBe(false);
  });

  it('does not answer where nobody listens', async () => {
    const server = await serve(0, () => undefined);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await answers(port, '')).toBe(false);
  });
});
