import { execFileSync, spawn } from 'node:child_process';
import type * as fs from 'node:fs';
import { readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { bun } from '../../../../../src/machine/runtime/bun.ts';
import { makeImage, text } from '../../../images.ts';

const written = vi.hoisted(() => ({ 1: '', 2: '' }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    writeSync(descriptor: number, bytes: Uint8Array, ...rest: [number]) {
      if (descriptor !== 1 && descriptor !== 2) return real.writeSync(descriptor, bytes, ...rest);
      written[descriptor] += Buffer.from(bytes.subarray(...rest)).toString('latin1');
      return bytes.length;
    },
  };
});

type Bun = NonNullable<typeof bun>;
type Spawned = ReturnType<Bun['spawn']>;
type Options = Parameters<Bun['spawn']>[0];

let asked: Options[];
let child: Spawned | undefined;

/** Bun's way to start a program, by Node.js's: a shell's script is run in place of what was asked for. */
const spawnShell = (script: string) => (options: Options) => {
  asked.push(options);
  const [, , path = ''] = options.cmd;
  const started = spawn('sh', ['-c', script, 'sh', path], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const readerOf = (stream: Readable) => ({
    getReader: () => Readable.toWeb(stream).getReader() as ReturnType<Spawned['stdout']['getReader']>,
  });
  const exited = new Promise<number>((resolve) => {
    started.on('exit', (status, signal) => resolve(status ?? (signal === 'SIGKILL' ? 137 : 128)));
  });
  child = {
    pid: started.pid ?? 0,
    stdout: readerOf(started.stdout),
    stderr: readerOf(started.stderr),
    exited,
    get exitCode() {
      return started.exitCode;
    },
    get signalCode() {
      return started.signalCode;
    },
    unref: () => started.unref(),
  };
  return child;
};

beforeEach(() => {
  asked = [];
  child = undefined;
  Object.assign(written, { 1: '', 2: '' });
  vi.resetModules();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const load = () => import('../../../../../src/machine/changes/modules/bunzip2-apart.ts');

/** The module where the runtime is Bun, which only interprets. */
function interpreted(script: string) {
  vi.stubEnv('BUN_JSC_useJIT', '0');
  vi.stubGlobal('Bun', { spawn: spawnShell(script) });
  return load();
}

const PART = text('part');
const CONTENT = Buffer.from('a module of a kernel\n'.repeat(5000));

function packed(bytes: Uint8Array = execFileSync('bzip2', ['-c'], { input: CONTENT })): string {
  const path = makeImage(0);
  writeFileSync(path, bytes);
  return path;
}

async function unpack(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

describe('a runtime that only interprets', () => {
  it('has another process unpack, which has nothing of this one’s environment', async () => {
    const path = packed();
    const { bunzip2Apart } = await interpreted('exec bzip2 -dc "$1"');
    expect((await unpack(bunzip2Apart(path))).equals(CONTENT)).toBe(true);
    expect(asked).toMatchObject([
      { cmd: [process.execPath, 'bunzip2', path], env: {}, cwd: '/', stdin: 'ignore' },
    ]);
  });

  it('fails with what that says', async () => {
    const { bunzip2Apart } = await interpreted('printf part; printf "the file is damaged" >&2; exit 1');
    const pieces = bunzip2Apart('/x');
    expect((await pieces.next()).value).toEqual(PART);
    await expect(pieces.next()).rejects.toThrow(/^the file is damaged$/);
  });

  it.each([
    ['by a signal', 'kill -KILL $$', 'unpacking was ended by SIGKILL'],
    ['without a word', 'exit 3', 'unpacking was ended by itself'],
  ])('says that it was ended %s', async (_, script, message) => {
    const { bunzip2Apart } = await interpreted(script);
    await expect(unpack(bunzip2Apart('/x'))).rejects.toThrow(message);
  });

  it('leaves no process behind whose output nobody wants any more', async () => {
    const { bunzip2Apart } = await interpreted('printf part; exec sleep 30');
    for await (const piece of bunzip2Apart('/x')) {
      expect(piece).toEqual(PART);
      break;
    }
    expect(await child?.exited).toBe(137);
  });
});

describe('one that compiles', () => {
  it.each([
    ['Bun', () => vi.stubGlobal('Bun', { spawn: spawnShell('exit 1') })],
    ['Node.js', () => vi.stubEnv('BUN_JSC_useJIT', '0')],
  ])('unpacks itself: %s', async (_, given) => {
    given();
    const { bunzip2Apart } = await load();
    expect((await unpack(bunzip2Apart(packed()))).equals(CONTENT)).toBe(true);
    expect(asked).toEqual([]);
  });
});

describe('the program of that process', () => {
  it('unpacks to standard output', async () => {
    const { bunzip2Command } = await load();
    expect(bunzip2Command(packed())).toBe(0);
    expect(written[1]).toBe(CONTENT.toString());
  });

  it.each([
    ['is damaged', () => packed(readFileSync(packed()).subarray(0, 40)), 'the file is no bzip2, is damaged'],
    ['is not there', () => '/nowhere/modules.tar.bz2', '/nowhere/modules.tar.bz2: no such file'],
  ])('says in one line why it cannot, if the file %s', async (_, path, expected) => {
    const { bunzip2Command } = await load();
    expect(bunzip2Command(path())).toBe(1);
    expect(written[2]).toContain(expected);
    expect(written[2].trimEnd().split('\n')).toHaveLength(1);
  });
});
