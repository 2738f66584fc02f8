import { describe, expect, it } from 'vitest';
import { isNoWorseThanLinear, SCALE_SUBJECTS } from '../../../bench/scale-subjects.ts';

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

describe.each(SCALE_SUBJECTS)('the seeds of $name', ({ sizes, files }) => {
  it('grow as the sizes do', () => {
    const lengths = sizes.map((size) => files(size, 'ssh-ed25519 AAAA x')['user-data']?.length ?? 0);
    const pieceOf = (from: number, to: number) =>
      ((lengths[to] ?? 0) - (lengths[from] ?? 0)) / ((sizes[to] ?? 0) - (sizes[from] ?? 0));
    const ratio = pieceOf(0, sizes.length - 1) / pieceOf(0, 1);
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });
});
