import { beforeEach, describe, expect, it, vi } from 'vitest';
import { VERSION } from '../../../src/terminal/version.ts';

const said = vi.hoisted(() => ({ stdout: '', stderr: '' }));
const loaded = vi.hoisted(() => ({ programs: [] as string[], fails: undefined as Error | undefined }));

vi.mock('../../../src/machine/runtime/output.ts', () => ({
  print: (text: string) => {
    said.stdout += text;
  },
  printError: (text: string) => {
    said.stderr += text;
  },
}));
vi.mock('../../../src/guest/program.ts', () => {
  loaded.programs.push('guest');
  return {
    main: (args: readonly string[]) => {
      if (loaded.fails !== undefined) throw loaded.fails;
      return Promise.resolve(args.length);
    },
  };
});

/** The toolkit's one executable, called with these arguments. @returns its exit status */
async function call(args: string[], argv0 = 'node'): Promise<number> {
  const seen = Object.assign(Object.create(process, { argv0: { value: argv0 } }), {
    argv: ['node', 'gandi', ...args],
  });
  Object.defineProperty(seen, 'exitCode', { value: undefined, writable: true });
  vi.stubGlobal('process', seen);
  try {
    // It runs when it is loaded.
    vi.resetModules();
    await import('../../../src/main.ts');
    return await vi
      .waitUntil(() => (seen.exitCode === undefined ? undefined : String(seen.exitCode)))
      .then(Number);
  } finally {
    vi.unstubAllGlobals();
  }
}

beforeEach(() => {
  loaded.programs = [];
  loaded.fails = undefined;
  Object.assign(said, { stdout: '', stderr: '' });
});

describe('the executable', () => {
  it('is the program that it is called as', async () => {
    expect(await call(['one', 'two'], '/usr/sbin/gandi-guest')).toBe(2);
    expect(loaded.programs).toEqual(['guest']);
  });

  it('is the program that its first argument names, as the launcher gives it', async () => {
    expect(await call(['gandi-guest', 'one', 'two', 'three'])).toBe(3);
  });

  it.each([[[]], [['gandi-frob']], [['--version']]])('says for %j what it can be called', async (args) => {
    expect(await call(args)).toBe(2);
    expect(said.stderr).toBe(
      'gandi: call it as one of gandi-bootstrap, gandi-config, gandi-postboot, gandi-guest, gandi-mount, or name one first\n',
    );
  });

  it.each(['--version', '-V'])('tells its version for %s without loading anything', async (option) => {
    expect(await call(['gandi-guest', option])).toBe(0);
    expect(said.stdout).toBe(`gandi-guest ${VERSION}\n`);
    expect(loaded.programs).toEqual([]);
  });

  it('tells what went wrong in one line without a stack trace', async () => {
    loaded.fails = Object.assign(new Error("ENOSPC: no space left on device, open '/etc/hosts'"), {
      code: 'ENOSPC',
    });
    expect(await call(['gandi-guest'])).toBe(1);
    expect(said.stderr).toMatch(/^gandi-guest: .*no space left on device.*\n$/);
  });
});
