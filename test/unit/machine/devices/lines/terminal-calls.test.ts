import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeImage } from '../../../images.ts';
import { runByBunAtTerminal } from '../../run-by-bun.ts';

/** Of Linux (asm-generic/termbits.h, asm-generic/ioctls.h). */
const HUPCL = 0o2000;
const CLOCAL = 0o4000;
const CREAD = 0o200;
const TIOCEXCL = 0x540c;
/** Of glibc's `struct termios` (bits/termios-struct.h): where c_cflag is, and VTIME and VMIN in c_cc. */
const C_CFLAG = 8;
const VTIME = 22;
const VMIN = 23;

describe('by Bun', () => {
  it('sets a terminal up for bytes as they are, and takes the lock of a whole file', async () => {
    const path = makeImage(0);
    writeFileSync(path, 'some bytes');
    const found = JSON.parse(await runByBunAtTerminal('terminal-by-bun.ts', path));
    expect(found).toMatchObject({ terminal: true, file: false, locked: true });
    const said = found.stty.split(/[\s;]+/);
    const wanted = '115200 -icanon -echo -isig -opost -ixon -icrnl -parenb cs8 -hupcl clocal cread';
    expect(said).toEqual(expect.arrayContaining(wanted.split(' ')));
    expect(found.stty).toContain('min = 0; time = 0;');
    expect(found.locks).toEqual([expect.stringMatching(/POSIX +ADVISORY +WRITE \d+ \S+ 0 EOF$/)]);
  });
});

describe('where the C library says no', () => {
  /** What the C library was given: copies, for the caller goes on with its own. */
  let called: [string, ...unknown[]][];
  let statuses: Record<string, number>;

  const copied = (value: number | Uint8Array | null) =>
    value instanceof Uint8Array ? Buffer.from(value) : value;

  beforeEach(() => {
    called = [];
    statuses = {};
    const call =
      (name: string) =>
      (...values: (number | Uint8Array | null)[]) => {
        // The settings of a terminal that has all flags set.
        if (name === 'tcgetattr' && values[1] instanceof Uint8Array) values[1].fill(0xff);
        called.push([name, ...values.map(copied)]);
        return statuses[name] ?? 0;
      };
    const dlopen = (library: string, functions: Record<string, unknown>) => {
      expect(library).toBe('libc.so.6');
      const symbols = Object.keys(functions).map((name) => [name, call(name)]);
      return { symbols: Object.fromEntries(symbols) };
    };
    vi.stubEnv('BUN_JSC_useJIT', undefined);
    vi.stubGlobal('Bun', { FFI: { dlopen } });
    vi.resetModules();
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });

  const load = async () =>
    (await import('../../../../../src/machine/devices/lines/terminal-calls.ts')).terminalCalls();
  const names = () => called.map(([name]) => name);

  it('what is no terminal is not set up', async () => {
    statuses = { tcgetattr: -1 };
    expect((await load())?.setRaw(7)).toBe(false);
    expect(names()).toEqual(['tcgetattr']);
  });

  it('a terminal whose hardware is missing is none', async () => {
    statuses = { tcsetattr: -1 };
    expect((await load())?.setRaw(7)).toBe(false);
  });

  it('a file that another process has locked is not taken', async () => {
    const calls = await load();
    expect(calls?.lock(7)).toBe(true);
    statuses = { fcntl: -1 };
    expect(calls?.lock(7)).toBe(false);
  });

  it('flags that nobody asked for stay as they are', async () => {
    expect((await load())?.setRaw(7)).toBe(true);
    const [name, descriptor, when, terminal] = called.at(-1) ?? [];
    expect([name, descriptor, when]).toEqual(['tcsetattr', 7, 0]);
    const given = terminal as Buffer;
    const flags = given.readUInt32LE(C_CFLAG);
    expect(flags).toBe((0xffffffff & ~HUPCL) >>> 0);
    expect(flags & (CLOCAL | CREAD)).toBe(CLOCAL | CREAD);
    expect([given[VTIME], given[VMIN], given[VMIN + 1]]).toEqual([0, 0, 0xff]);
  });

  it('others are kept from opening it', async () => {
    (await load())?.exclude(7);
    expect(called).toEqual([['ioctl', 7, TIOCEXCL, null]]);
  });

  it.each([
    ['the compiler is turned off', () => vi.stubEnv('BUN_JSC_useJIT', '0')],
    ['the runtime has no foreign functions', () => vi.stubGlobal('Bun', {})],
    ['the runtime is Node.js', () => vi.stubGlobal('Bun', undefined)],
  ])('it is not called if %s', async (_, given) => {
    given();
    expect(await load()).toBeUndefined();
  });
});
