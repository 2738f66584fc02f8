import { describe, expect, it } from 'vitest';
import { isNoWorseThanLinear, SCALE_SUBJECTS } from '../../../bench/scale-subjects.ts';
import { hostNetworks } from '../../guest/toolkit.ts';

describe('the curve of a cost', () => {
  it.each([
    ['a line', [100, 190, 1090], true],
    ['one that becomes flat', [100, 190, 500], true],
    ['one that becomes steeper by less than a quarter', [100, 190, 1200], true],
    ['the square of what is asked for', [101, 200, 10_100], false],
  ])('%s', (_, values, isGood) => {
    const points = [1, 10, 100].map((size, index) => ({ size, value: values[index] ?? 0 }));
    expect(isNoWorseThanLinear(points)).toBe(isGood);
  });
});

describe.each(SCALE_SUBJECTS)('the seeds of $name', ({ sizes, files, interfaces }) => {
  it('grow as the sizes do', () => {
    const lengths = sizes.map((size) => Object.values(files(size, 'ssh-ed25519 AAAA x')).join('').length);
    const pieceOf = (from: number, to: number) =>
      ((lengths[to] ?? 0) - (lengths[from] ?? 0)) / ((sizes[to] ?? 0) - (sizes[from] ?? 0));
    const ratio = pieceOf(0, sizes.length - 1) / pieceOf(0, 1);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it('are of guests that have the interfaces which are named, each in a network of its own', () => {
    for (const size of sizes) {
      const asked = JSON.parse(String(files(size, 'key')['network-config'])) as {
        config: { type: string }[];
      };
      const physical = asked.config.filter(({ type }) => type === 'physical');
      const networks = (interfaces?.(size) ?? hostNetworks).map(({ network }) => network);
      expect(networks.length).toBe(physical.length);
      expect(new Set(networks).size).toBe(networks.length);
    }
  });
});
