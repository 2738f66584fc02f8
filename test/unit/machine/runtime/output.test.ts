import type * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  isTerminal,
  print,
  printBytes,
  printError,
  printErrorBytes,
  standardOutput,
} from '../../../../src/machine/runtime/output.ts';

/** Takes bytes as write(2) does: how many it took. */
type Write = (descriptor: number, bytes: Uint8Array, from: number) => number;

const system = vi.hoisted(() => ({
  write: (() => 0) as Write,
  isCharacterDevice: false,
}));

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof fs>()),
  writeSync: (...call: Parameters<Write>) => system.write(...call),
  fstatSync: () => ({ isCharacterDevice: () => system.isCharacterDevice }),
}));

let written: Record<number, Buffer>;

const failure = (code: string, text: string) =>
  Object.assign(new Error(`${code}: ${text}, write`), { code, syscall: 'write' });

/** At most so many bytes at once, as a pipe that is nearly full takes them. */
const takes =
  (most: number): Write =>
  (descriptor, bytes, from) => {
    const part = bytes.subarray(from, from + most);
    written[descriptor] = Buffer.concat([written[descriptor] ?? Buffer.alloc(0), part]);
    return part.length;
  };

beforeEach(() => {
  written = {};
  system.write = takes(3);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('text', () => {
  it('goes out whole, however little is taken at once, and clean', () => {
    print('räksmörgås\u001b[2J\n');
    printError('not\u202e turned\n');
    expect(String(written[1])).toBe('räksmörgås [2J\n');
    expect(String(written[2])).toBe('not? turned\n');
  });

  it('waits for a pipe that is full for a moment', () => {
    let full = 3;
    system.write = (...call) => {
      if (full-- > 0) throw failure('EAGAIN', 'resource temporarily unavailable');
      return takes(100)(...call);
    };
    print('after all\n');
    expect(String(written[1])).toBe('after all\n');
  });
});

it('bytes go out as they are', () => {
  const bytes = Buffer.from([0, 0x1b, 0xff, 0xc3, 0x0a]);
  printBytes(bytes);
  printErrorBytes(bytes);
  expect(written).toEqual({ 1: bytes, 2: bytes });
});

const calls: [string, () => void][] = [
  ['print', () => print('text')],
  ['printBytes', () => printBytes(Buffer.from('text'))],
  ['printError', () => printError('text')],
  ['printErrorBytes', () => printErrorBytes(Buffer.from('text'))],
];

it.each(calls)('%s says the rest to nobody once nobody reads any more', (_, call) => {
  let asked = 0;
  system.write = (...parts) => {
    if (++asked > 1) throw failure('EPIPE', 'broken pipe');
    return takes(1)(...parts);
  };
  expect(call).not.toThrow();
  expect(asked).toBe(2);
});

describe('a full disk', () => {
  beforeEach(() => {
    system.write = () => {
      throw failure('ENOSPC', 'no space left on device');
    };
  });

  it.each(calls.slice(0, 2))('%s says in one line that the output cannot be written', (_, call) => {
    expect(call).toThrow(/^cannot write to standard output: no space left on device$/);
  });

  it('does not end a program that only has errors to tell', () => {
    expect(() => printError('text')).not.toThrow();
  });

  it('is an error where another program’s bytes are passed on', () => {
    expect(() => printErrorBytes(Buffer.from('text'))).toThrow('ENOSPC');
  });
});

it('hides no fault of our own behind a standard error that cannot be written', () => {
  system.write = () => {
    throw new TypeError('not a descriptor');
  };
  expect(() => printError('text')).toThrow(TypeError);
});

it.each([
  ['a terminal', true, true, true],
  ['another character device, such as /dev/null', true, false, false],
  ['a pipe', false, true, false],
])('%s', (_, isCharacterDevice, isatty, expected) => {
  system.isCharacterDevice = isCharacterDevice;
  vi.spyOn(process.getBuiltinModule('node:tty'), 'isatty').mockReturnValue(isatty);
  expect(isTerminal()).toBe(expected);
  expect(standardOutput.isTerminal()).toBe(expected);
});
