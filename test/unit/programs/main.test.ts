import { beforeEach, describe, expect, it } from 'vitest';
import { callProgram, type Loaders } from '../../../src/call-program.ts';
import { VERSION } from '../../../src/terminal/version.ts';
import { capturedOutput, captureOutput } from '../captured-output.ts';
import { simulatedSystem } from '../simulated-system.ts';

const said = captureOutput();
const loaded = { programs: [] as string[], fails: undefined as Error | undefined };

/** A program that gives the number of its arguments. */
const load = (name: string) => () => {
  loaded.programs.push(name);
  const main = (args: readonly string[]) =>
    loaded.fails === undefined ? Promise.resolve(args.length) : Promise.reject(loaded.fails);
  return Promise.resolve({ main });
};

const loaders: Loaders = {
  programs: {
    'gandi-bootstrap': load('gandi-bootstrap'),
    'gandi-mount': load('gandi-mount'),
    'gandi-config': load('gandi-config'),
    'gandi-postboot': load('gandi-postboot'),
    'gandi-guest': load('gandi-guest'),
    'mdata-get': load('mdata-get'),
    'mdata-put': load('mdata-put'),
    'mdata-list': load('mdata-list'),
    'mdata-delete': load('mdata-delete'),
  },
  system: () => Promise.resolve(simulatedSystem()),
};

/** The toolkit's one executable, called with these arguments. @returns its exit status */
const call = (args: string[], name = 'node') =>
  callProgram({ name, args, isRoot: true }, loaders, capturedOutput);

beforeEach(() => {
  loaded.programs = [];
  loaded.fails = undefined;
});

describe('the executable', () => {
  it('is the program that it is called as', async () => {
    expect(await call(['one', 'two'], '/usr/sbin/gandi-guest')).toBe(2);
    expect(loaded.programs).toEqual(['gandi-guest']);
  });

  it('is the program that its first argument names, as the launcher gives it', async () => {
    expect(await call(['gandi-guest', 'one', 'two', 'three'])).toBe(3);
  });

  it.each([[[]], [['gandi-frob']], [['--version']]])('says for %j what it can be called', async (args) => {
    expect(await call(args)).toBe(2);
    expect(said.stderr).toBe(
      'gandi: call it as one of gandi-bootstrap, gandi-mount, gandi-config, gandi-postboot, gandi-guest, mdata-get, mdata-put, mdata-list, mdata-delete, or name one first\n',
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
