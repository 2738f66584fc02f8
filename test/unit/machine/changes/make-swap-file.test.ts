import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MakeSwapFile } from '../../../../src/machine/changes/change.ts';
import { makeSwapFile, swapFileBytes } from '../../../../src/machine/changes/make-swap-file.ts';
import { systemCommands } from '../../../../src/machine/commands/commands.ts';
import type { Files } from '../../../../src/machine/files/files.ts';
import { parseSwapHeader } from '../../../../src/machine/formats/swap-header.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

describe('how large a swap file is', () => {
  const bytes = (
    memory: number,
    total: number,
    free: number,
    size: number | 'auto' = 'auto',
    maxSize?: number,
  ) =>
    swapFileBytes(
      { size, memoryBytes: memory, ...(maxSize === undefined ? {} : { maxSize }) },
      { total, free },
    );

  it.each([
    ['twice the memory', bytes(GIB, 100 * GIB, 50 * GIB), 2 * GIB],
    ['a fifth of the file system', bytes(4 * GIB, 10 * GIB, 9 * GIB), 2 * GIB],
    ['all but a GiB', bytes(4 * GIB, 20 * GIB, 1.5 * GIB), GIB / 2],
    ['4 GiB with much memory', bytes(8 * GIB, 1000 * GIB, 500 * GIB), 4 * GIB],
    ['as much as is allowed', bytes(4 * GIB, 1000 * GIB, 500 * GIB, 'auto', GIB), GIB],
    ['what is asked for', bytes(GIB, 10 * GIB, 9 * GIB, 5 * GIB), 5 * GIB],
  ])('is %s', (_, found, expected) => {
    expect(found).toEqual({ bytes: expected });
  });

  it.each([
    [bytes(GIB, 10 * GIB, GIB), /less than 128 MiB/],
    [bytes(32 * MIB, 10 * GIB, 9 * GIB), /less than 128 MiB/],
    [bytes(GIB, 10 * GIB, 5 * GIB, 5 * GIB), /no room for 5120 MiB/],
  ])('is nothing, with why', (found, why) => {
    expect(found).toEqual({ why: expect.stringMatching(why) });
  });

  it('leaves a GiB free, whatever is asked', () => {
    const size = fc.nat({ max: 2 ** 40 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.oneof(size, fc.constant('auto' as const)),
        (memory, total, free, asked) => {
          const found = bytes(memory, total, free, asked);
          if ('bytes' in found) expect(found.bytes).toBeLessThanOrEqual(free - GIB);
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('making a swap file', () => {
  const CHANGE: MakeSwapFile = {
    kind: 'make-swap-file',
    path: '/swap.img',
    label: 'gandi-swap-file',
    size: 128 * MIB,
    memoryBytes: GIB,
    pageBytes: 4096,
  };

  /** The kernel's answers to swapon, one after the other. */
  function guest(answers: (string | undefined)[], files: Files = temporaryRoot({}, '/dev/shm')) {
    const ran: string[] = [];
    const machine = {
      files,
      live: true,
      commands: {
        run: (argv: readonly [string, ...string[]], options: { timeoutSeconds: number }) => {
          ran.push([argv[0], ...argv.slice(1, -1)].join(' '));
          if (argv[0] !== 'swapon') return systemCommands.run([...argv], options);
          const failure = answers.shift();
          const result = { argv, stdout: '', stderr: '' };
          return Promise.resolve(failure === undefined ? { ...result, exitCode: 0 } : { ...result, failure });
        },
      },
    };
    const make = (free = 10 * GIB) => makeSwapFile(CHANGE, machine, () => ({ total: 20 * GIB, free }));
    return { files, ran, make };
  }

  const header = (files: Files) =>
    parseSwapHeader(readFileSync(`${files.root}/swap.img`).subarray(0, 65_536));

  it('reserves its blocks, for root alone, and has the kernel use it', async () => {
    const { files, ran, make } = guest([undefined]);
    expect(await make()).toEqual({});
    expect(ran).toEqual(['fallocate -l 134217728', 'swapon']);
    expect(files.status('/swap.img')).toMatchObject({ mode: 0o600, size: 128 * MIB });
    expect(header(files)).toMatchObject({ label: 'gandi-swap-file', lastPage: 32_767, badPages: [] });
  });

  it('writes zeros where the kernel does not take reserved blocks', async () => {
    const { files, ran, make } = guest(['swapon: Invalid argument', undefined]);
    await make();
    expect(ran).toEqual(['fallocate -l 134217728', 'swapon', 'swapon']);
    expect(header(files)?.lastPage).toBe(32_767);
  });

  it('leaves nothing where the kernel takes neither', async () => {
    const { files, make } = guest(['Invalid argument', 'Invalid argument']);
    await expect(make()).rejects.toThrow('the kernel does not take it (Invalid argument)');
    expect(files.status('/swap.img')).toBeUndefined();
  });

  it('makes no file where there is no room, and says so', async () => {
    const { files, make } = guest([]);
    expect((await make(GIB)).warning).toMatch(/^no swap file is made: there is no room/);
    expect(files.status('/swap.img')).toBeUndefined();
  });

  it('makes one anew that was cut off, uses one that is whole, and leaves somebody’s own file', async () => {
    const half = guest([undefined]);
    writeFileSync(`${half.files.root}/swap.img`, Buffer.alloc(MIB));
    await half.make();
    expect(header(half.files)?.lastPage).toBe(32_767);
    const whole = guest([undefined], half.files);
    await whole.make();
    expect(whole.ran).toEqual(['swapon']);
    const active = guest([], temporaryRoot({ '/proc/swaps': '/swap.img file 1 0 -2\n' }));
    expect(await active.make()).toEqual({});
    expect(active.ran).toEqual([]);
    for (const text of ['x'.repeat(9000), 'short\n']) {
      const other = guest([], temporaryRoot({ '/swap.img': text }));
      await expect(other.make()).rejects.toThrow(/is no swap file; move it away/);
      expect(other.files.readText('/swap.img')).toBe(text);
    }
  });
});
