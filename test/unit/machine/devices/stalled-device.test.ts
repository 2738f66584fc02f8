import { describe, expect, it } from 'vitest';
import { systemCommands } from '../../../../src/machine/commands/commands.ts';
import { watchForStall } from '../../../../src/machine/devices/stalled-device.ts';

/** Counts of /sys/class/block/NAME/stat: completed reads, writes, discards and flushes, and requests under way. */
const stat = ({ reads = 0, writes = 0, discards = 0, flushes = 0, underWay = 0 }) =>
  `${reads} 0 0 0 ${writes} 0 0 0 ${underWay} 0 0 ${discards} 0 0 0 ${flushes} 0\n`;

/** A device that is looked at once a second, and what is said of it each time. */
function watched(counts: readonly Parameters<typeof stat>[0][]): (string | undefined)[] {
  let second = 0;
  const files = {
    readText: (path: string) =>
      path === '/sys/class/block/cciss!c0d0/stat' ? stat(counts[second] ?? {}) : undefined,
  };
  const look = watchForStall(files, 'cciss/c0d0', 3, () => second * 1000);
  return counts.map((_, at) => {
    second = at;
    return look();
  });
}

describe('a device', () => {
  it('that completes nothing of what is under way is given up for', () => {
    expect(watched(Array(6).fill({ reads: 5, underWay: 1 }))).toEqual([
      undefined,
      undefined,
      undefined,
      'cciss/c0d0 has not answered for 3 s',
      'cciss/c0d0 has not answered for 3 s',
      'cciss/c0d0 has not answered for 3 s',
    ]);
  });

  it.each(['reads', 'writes', 'discards', 'flushes'])('that goes on with %s is waited for', (what) => {
    const counts = Array.from({ length: 12 }, (_, second) => ({
      [what]: Math.floor(second / 2),
      underWay: 32,
    }));
    expect(watched(counts)).toEqual(Array(12).fill(undefined));
  });

  it('that nobody asks for anything is none of it, nor one that is gone', () => {
    expect(watched(Array(6).fill({ reads: 5 }))).toEqual(Array(6).fill(undefined));
    let time = 0;
    const gone = watchForStall({ readText: () => undefined }, 'sdb', 1, () => time++ * 1000);
    expect([gone(), gone(), gone()]).toEqual([undefined, undefined, undefined]);
  });
});

it('a program that works on one is ended long before its time', async () => {
  const started = performance.now();
  const givesUpFor = () => 'sdb has not answered for 30 s';
  const { failure, exitCode } = await systemCommands.run(['sleep', '60'], { timeoutSeconds: 60, givesUpFor });
  expect(failure).toBe('sleep was given up: sdb has not answered for 30 s and was killed');
  expect(exitCode).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(10_000);
});
