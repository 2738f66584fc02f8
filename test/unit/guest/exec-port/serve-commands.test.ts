import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { commandAs, serveCommands } from '../../../../src/guest/exec-port/serve-commands.ts';
import { startStreamedCommand } from '../../../../src/machine/commands/streamed-command.ts';
import type { VirtioPort } from '../../../../src/machine/devices/virtio-port.ts';
import {
  AnsweredFrames,
  encodeFrames,
  FILLING,
  type Frame,
  type FrameKind,
} from '../../../../src/machine/formats/exec-frames.ts';
import { sleep } from '../../../../src/machine/runtime/sleep.ts';

/** A port whose host is the test. */
class TestPort implements VirtioPort {
  readonly #toGuest: (Uint8Array | undefined)[] = [];
  readonly #frames: Frame[] = [];
  #answers = new AnsweredFrames('');
  isOver = false;

  async read(): Promise<Uint8Array | undefined> {
    while (this.#toGuest.length === 0 && !this.isOver) await sleep(5);
    return this.#toGuest.shift();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await sleep(0);
    this.#frames.push(...this.#answers.push(bytes));
  }

  async close(): Promise<void> {
    this.isOver = true;
  }

  connect(ping: string): void {
    this.#answers = new AnsweredFrames(ping);
    this.#frames.length = 0;
    this.#toGuest.push(FILLING, encodeFrames('ping', Buffer.from(ping)));
  }

  send(kind: FrameKind, content: string | Uint8Array = ''): void {
    this.#toGuest.push(encodeFrames(kind, Buffer.from(content)));
  }

  sendRaw(bytes: Uint8Array): void {
    this.#toGuest.push(bytes);
  }

  hangUp(): void {
    this.#toGuest.push(undefined);
  }

  /** All of one kind, once the command has ended. */
  async result(): Promise<{ stdout: Buffer; stderr: Buffer; end: unknown }> {
    const find = () => this.#frames.find(({ kind }) => kind === 'end');
    while (find() === undefined) await sleep(5);
    const all = (kind: FrameKind) =>
      Buffer.concat(this.#frames.filter((frame) => frame.kind === kind).map(({ content }) => content));
    const end = JSON.parse(Buffer.from(find()?.content ?? []).toString());
    const result = { stdout: all('stdout'), stderr: all('stderr'), end };
    this.#frames.length = 0;
    return result;
  }
}

/** Without the change of user, which needs root. */
const host = {
  start: (options: Parameters<typeof startStreamedCommand>[0]) => {
    const [program = '', ...args] = options.argv.slice(options.argv.indexOf('--') + 1);
    return startStreamedCommand({ ...options, argv: [program, ...args] });
  },
  groupOf: async (user: string) => (user === 'root' ? '0' : undefined),
};

async function withPort(use: (port: TestPort) => Promise<void>): Promise<void> {
  const port = new TestPort();
  const served = serveCommands(port, host, () => port.isOver);
  try {
    port.connect('a'.repeat(32));
    await use(port);
  } finally {
    await port.close();
    await served;
  }
}

function ask(port: TestPort, argv: string[], more: Record<string, unknown> = {}): void {
  port.send('request', JSON.stringify({ argv, ...more }));
  port.send('start');
}

describe('commands of the host', () => {
  it('give both outputs, byte for byte, and their exit status', async () => {
    await withPort(async (port) => {
      const bytes = randomBytes(3_000_000);
      ask(port, ['sh', '-c', 'cat; echo wrong >&2; exit 7']);
      for (let at = 0; at < bytes.length; at += 16_000) port.send('input', bytes.subarray(at, at + 16_000));
      port.send('inputEnd');
      const { stdout, stderr, end } = await port.result();
      expect(stdout.equals(bytes)).toBe(true);
      expect(stderr.toString()).toBe('wrong\n');
      expect(end).toEqual({ status: 7 });
    });
  });

  it('run one after the other, with environment, and end by signals', async () => {
    await withPort(async (port) => {
      ask(port, ['sh', '-c', 'echo "$A"'], { environment: { A: "b 'c'" } });
      port.send('inputEnd');
      expect((await port.result()).stdout.toString()).toBe("b 'c'\n");
      ask(port, ['sh', '-c', 'sleep 60 & wait']);
      port.send('signal', 'SIGTERM');
      expect((await port.result()).end).toEqual({ signal: 'SIGTERM' });
    });
  });

  it('are told where they cannot run', async () => {
    await withPort(async (port) => {
      ask(port, ['/no/such/program']);
      expect((await port.result()).end).toHaveProperty('error');
      ask(port, ['true'], { user: 'nobody else' });
      expect((await port.result()).end).toEqual({ error: 'the guest has no user "nobody else"' });
      port.send('request', 'not JSON');
      port.send('start');
      expect((await port.result()).end).toHaveProperty('error');
    });
  });

  it('hear a hang-up, and the next connection gets nothing of theirs', async () => {
    await withPort(async (port) => {
      ask(port, ['sh', '-c', 'echo old; sleep 60']);
      await sleep(100);
      port.sendRaw(encodeFrames('request', Buffer.alloc(100)).subarray(0, 20));
      port.hangUp();
      port.connect('b'.repeat(32));
      ask(port, ['echo', 'new']);
      port.send('inputEnd');
      const { stdout, end } = await port.result();
      expect(stdout.toString()).toBe('new\n');
      expect(end).toEqual({ status: 0 });
    });
  });

  it('wait for their output, not for what a daemon of theirs keeps open', async () => {
    await withPort(async (port) => {
      const begin = performance.now();
      ask(port, ['sh', '-c', 'sleep 20 & echo done']);
      expect((await port.result()).stdout.toString()).toBe('done\n');
      expect(performance.now() - begin).toBeLessThan(10_000);
    });
  });

  it('run as the user with a login’s environment', () => {
    expect(commandAs({ argv: ['id'], user: 'jim', environment: { A: 'b' } }, '1000')).toEqual(
      'setpriv --reuid jim --regid 1000 --init-groups --reset-env -- env A=b id'.split(' '),
    );
  });
});
