import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Commands } from '../../../../../src/machine/commands/commands.ts';
import { lockHolder, openSerialLine } from '../../../../../src/machine/devices/lines/serial-line.ts';
import { openSocketLine } from '../../../../../src/machine/devices/lines/socket-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'gandi-lines-'));
afterAll(() => rmSync(folder, { recursive: true }));

const inMilliseconds = (time: number) => performance.now() + time;
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const noCommands: Commands = {
  run: () => Promise.reject(new Error('a command was run')),
};
/** What is written into it can be read from it, so it is both ends of a line. */
function fifo(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}
const willing = { lock: () => true, exclude: () => undefined, setRaw: () => true };
const options = (name: string, parts = {}) => ({
  commands: noCommands,
  until: inMilliseconds(2000),
  lockDirectory: join(folder, `${name}-locks`),
  calls: willing,
  ...parts,
});

describe('a serial line', () => {
  it('sends and reads bytes as they are, and waits no longer than it is told to', async () => {
    const line = await openSerialLine(fifo('echo'), options('echo'));
    expect(await line.write(Buffer.from('a\r\n\u0000'), inMilliseconds(100))).toBe(true);
    expect(text(await line.read(inMilliseconds(1000)))).toBe('a\r\n\u0000');
    const before = performance.now();
    expect(await line.read(before + 60)).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThanOrEqual(59);
    // More than a pipe holds, and nobody reads: 64 KiB (pipe(7)).
    expect(await line.write(Buffer.alloc(100_000), inMilliseconds(60))).toBe(false);
    line.close();
    expect(existsSync(join(folder, 'echo-locks/gandi-metadata-line.lock'))).toBe(false);
  });

  it('is one run’s at a time', async () => {
    const path = fifo('shared');
    const first = await openSerialLine(path, options('shared'));
    const late = openSerialLine(path, options('shared', { until: inMilliseconds(150) }));
    await expect(late).rejects.toThrow('another gandi-metadata-line is running');
    first.close();
    (await openSerialLine(path, options('shared'))).close();
  });

  it('is not taken while another process has locked it', async () => {
    const calls = { ...willing, lock: () => false };
    const path = fifo('locked');
    const locked = openSerialLine(path, options('locked', { calls, until: inMilliseconds(50) }));
    await expect(locked).rejects.toThrow('process of unknown number has locked it');
    let asked = 0;
    const soonFree = { ...willing, lock: () => ++asked > 3 };
    (await openSerialLine(path, options('locked', { calls: soonFree }))).close();
  });

  it('is set up by stty where the runtime can call no C library', async () => {
    const asked: (readonly string[])[] = [];
    const commands = (failure?: string): Commands => ({
      run: async (argv) => {
        asked.push(argv);
        return { argv, stdout: '', stderr: '', ...(failure === undefined ? {} : { failure }) };
      },
    });
    const path = fifo('stty');
    const calls = undefined;
    (await openSerialLine(path, options('stty', { calls, commands: commands() }))).close();
    expect(asked).toEqual([
      ['stty', '-F', path, ...'raw -echo -hupcl clocal cread cs8 115200 min 0 time 0'.split(' ')],
    ]);
    const failed = openSerialLine(path, options('stty', { calls, commands: commands('stty: no terminal') }));
    await expect(failed).rejects.toThrow('stty: no terminal');
    // Nothing of it stays behind.
    (await openSerialLine(path, options('stty'))).close();
  });

  it('says that there is none, or that it is none', async () => {
    await expect(openSerialLine(join(folder, 'none'), options('none'))).rejects.toThrow('ENOENT');
    const calls = { ...willing, setRaw: () => false };
    await expect(openSerialLine(fifo('file'), options('none', { calls }))).rejects.toThrow('no serial line');
  });
});

describe('who has a POSIX lock', () => {
  const LOCKS = [
    '1: FLOCK  ADVISORY  WRITE 11 00:06:87 0 EOF',
    '2: POSIX  ADVISORY  WRITE 1234 00:06:87 0 EOF',
    '2: -> POSIX  ADVISORY  WRITE 99 00:06:88 0 EOF',
    '3: OFDLCK ADVISORY  WRITE -1 103:02:88 0 EOF',
  ].join('\n');

  it.each([
    [{ dev: 6, ino: 87 }, 1234],
    [{ dev: (0x103 << 8) | 2, ino: 88 }, -1],
    [{ dev: 7, ino: 87 }, undefined],
    [{ dev: 6, ino: 8 }, undefined],
  ])('is found by device and inode: %j', (file, pid) => {
    expect(lockHolder(LOCKS, file)).toBe(pid);
  });
});

describe('a line over a Unix socket', () => {
  const served = async (name: string, serve: (socket: Socket) => void) => {
    const path = join(folder, name);
    const server = createServer(serve);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return { path, server };
  };

  it('sends, reads in pieces, and waits no longer than it is told to', async () => {
    const { path, server } = await served('echo.sock', (socket) => socket.pipe(socket));
    const line = await openSocketLine(path, inMilliseconds(1000));
    expect(await line.write(Buffer.from('hello'), inMilliseconds(1000))).toBe(true);
    expect(text(await line.read(inMilliseconds(1000)))).toBe('hello');
    const before = performance.now();
    expect(await line.read(before + 50)).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
    line.close();
    server.close();
  });

  it('says that nobody listens, and that the other side hung up', async () => {
    await expect(openSocketLine(join(folder, 'none.sock'), inMilliseconds(500))).rejects.toThrow('ENOENT');
    const { path, server } = await served('rude.sock', (socket) => socket.end('bye'));
    const line = await openSocketLine(path, inMilliseconds(1000));
    expect(text(await line.read(inMilliseconds(1000)))).toBe('bye');
    await expect(line.read(inMilliseconds(1000))).rejects.toThrow('the other side hung up');
    line.close();
    server.close();
  });
});
