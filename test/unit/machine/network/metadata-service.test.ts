import { describe, expect, it } from 'vitest';
import {
  MetadataService,
  NoAnswer,
  type Question,
} from '../../../../src/machine/network/metadata-service.ts';
import { httpService, NOBODY, type Reply } from '../../http-service.ts';
import { runByBun } from '../run-by-bun.ts';

const PAUSE = 10;

/** What a service of ours said that is asked once: its text, or what is told of it. */
async function ask(address: string, seconds = 2, question: Question = {}): Promise<string> {
  const service = new MetadataService([address], seconds, PAUSE);
  try {
    const { status, body } = await service.ask('/x', question);
    return `${status} ${Buffer.from(body)}`;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return error.found;
  }
}

/** The same, asked by Bun. */
const askByBun = async (address: string, seconds: number, mostBytes: number, port: 'any' | 'low' = 'any') =>
  Buffer.from(await runByBun('ask-by-bun.ts', address, String(seconds), String(mostBytes), port)).toString();

const head = (...lines: string[]) => ({
  raw: `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}Connection: close\r\n\r\nabc`,
});

describe('a metadata service', () => {
  const ANSWERS: [string, Reply, RegExp][] = [
    ['a text', 'abc', /^200 abc$/],
    ['no such thing', { status: 404, body: 'gone' }, /^404 gone$/],
    ['nothing', 204, /^204 $/],
    ['less than it says', head('Content-Length: 10'), /^no answer/],
    ['more than it says', head('Content-Length: 2'), /^200 ab$/],
    ['a length below zero', head('Content-Length: -5'), /^no answer/],
    [
      'no end of its chunks',
      { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n' },
      /^no answer/,
    ],
    ['no HTTP', { raw: 'abc\r\n\r\n' }, /^no answer/],
    ['more than is taken', 'x'.repeat(21), /^21 bytes, more than the 20 that are taken$/],
    [
      'more than is taken, of unknown length',
      { raw: `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${'x'.repeat(21)}` },
      /^more than the 20 bytes that are taken$/,
    ],
    ['a packed body', head('Content-Encoding: gzip'), /^a body in an encoding that was not asked for$/],
    ['no answer', undefined, /^no answer in time$/],
  ];

  it.each(ANSWERS)('that gives %s', async (_, reply, expected) => {
    const { address } = await httpService(() => reply);
    const seconds = expected.source.startsWith('^no answer') ? 0.5 : 5;
    expect(await ask(address, seconds, { mostBytes: 20 })).toMatch(expected);
    expect(await askByBun(address, seconds, 20)).toMatch(expected);
  });

  it.each(ANSWERS)('that gives a low port %s', async (_, reply, expected) => {
    const { address } = await httpService(() => reply);
    const seconds = expected.source.startsWith('^no answer') ? 0.5 : 5;
    expect(await ask(address, seconds, { mostBytes: 20, isFromLowPort: true })).toMatch(expected);
    expect(await askByBun(address, seconds, 20, 'low')).toMatch(expected);
  });

  it('can ask from a port below 1024, each time from another', async () => {
    const ports: number[] = [];
    const { address } = await httpService(({ socket }) => {
      ports.push(socket.remotePort ?? 0);
      return (socket.remotePort ?? 0) < 1024 ? 'abc' : 403;
    });
    expect(await ask(address)).toBe('403 ');
    const service = new MetadataService([address], 5, PAUSE);
    for (let time = 0; time < 30; time++) await service.ask('/x', { isFromLowPort: true });
    expect(await askByBun(address, 5, 20, 'low')).toBe('200 abc');
    expect(ports).toHaveLength(32);
    expect(ports.slice(1).every((port) => port >= 600 && port < 1024)).toBe(true);
  });

  it.each<['any' | 'low', Question]>([
    ['any', {}],
    ['low', { isFromLowPort: true }],
  ])('is not followed to another place, asked from %s port', async (port, question) => {
    const elsewhere = await httpService(() => 'evil');
    const raw = `HTTP/1.1 302 Found\r\nLocation: ${elsewhere.address}/x\r\nContent-Length: 0\r\n\r\n`;
    const { address, asked } = await httpService(() => ({ raw }));
    const refusal = 'a redirect (status 302), which is not followed';
    expect(await ask(address, 2, question)).toBe(refusal);
    expect(await askByBun(address, 2, 20, port)).toBe(refusal);
    expect([asked, elsewhere.asked]).toEqual([['GET /x', 'GET /x'], []]);
  });

  it('is asked again while it is busy', async () => {
    let busy = 2;
    const { address, asked } = await httpService(() => (busy-- > 0 ? 503 : 'abc'));
    expect(await ask(address)).toBe('200 abc');
    expect(asked).toHaveLength(3);
  });

  it('is given up when the time is over, however often it says that it is busy', async () => {
    const { address } = await httpService(() => 503);
    const before = performance.now();
    expect(await ask(address, 0.3)).toBe('status 503');
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('is told by what it said, not by its silence in the rest of the time', async () => {
    let asked = 0;
    const { address } = await httpService(() => (asked++ === 0 ? 503 : undefined));
    expect(await ask(address, 0.5)).toBe('status 503');
    expect(asked).toBe(2);
  });

  it.each<['any' | 'low', Question]>([
    ['any', {}],
    ['low', { isFromLowPort: true }],
  ])('is given up where an answer to %s port never ends', async (port, question) => {
    const { address } = await httpService(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
      return undefined;
    });
    expect(await ask(address, 0.3, question)).toBe('no answer in time');
    expect(await askByBun(address, 0.3, 1000, port)).toBe('no answer in time');
  });

  it('may be at a link-local address, of which its interface is a part', async () => {
    const hosts: (string | undefined)[] = [];
    const { address } = await httpService(({ headers: { host } }) => {
      hosts.push(host);
      return 'abc';
    }, '::1');
    // Of the loopback the kernel takes an interface, too, and has no link-local address.
    const scoped = address.replace('::1', '::1%lo');
    expect(await ask(scoped)).toBe('200 abc');
    expect(await askByBun(scoped, 2, 20)).toBe('200 abc');
    expect(hosts.map((host) => `http://${host}`)).toEqual([address, address]);
    expect(await ask(address.replace('::1', 'fe80::1%lo'), 0.3)).toMatch(/^no answer/);
  });

  it('may be at another of its addresses, and is asked there from then on', async () => {
    const { address, asked } = await httpService(() => 'abc');
    const service = new MetadataService([NOBODY, address], 2, PAUSE);
    await service.ask('/one');
    await service.ask('/two');
    expect(asked).toEqual(['GET /one', 'GET /two']);
  });

  it('is told by its first address where none answers', async () => {
    const { address } = await httpService(() => undefined);
    const service = new MetadataService([address, NOBODY], 0.5, PAUSE);
    await expect(service.ask('/x')).rejects.toMatchObject({
      address: `${address}/x`,
      found: 'no answer in time',
    });
  });

  it('is nowhere', async () => {
    expect(await ask(NOBODY, 0.3)).toMatch(/^no answer: /);
    expect(await ask(NOBODY, 0)).toBe('no time was left to ask');
  });
});

describe('a proxy of the environment', () => {
  it('is not asked', async () => {
    const proxy = await httpService(() => 'evil');
    const { address } = await httpService(() => 'abc');
    const names = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'https_proxy', 'HTTPS_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = proxy.address;
    try {
      expect(await ask(address)).toBe('200 abc');
      expect(await askByBun(address, 2, 20)).toBe('200 abc');
      expect(await askByBun(address, 2, 20, 'low')).toBe('200 abc');
    } finally {
      for (const [index, name] of names.entries()) {
        const value = before[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(proxy.asked).toEqual([]);
  });
});
