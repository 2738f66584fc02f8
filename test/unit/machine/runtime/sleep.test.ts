import { expect, it, vi } from 'vitest';
import { pauseBetweenLooks } from '../../../../src/machine/runtime/sleep.ts';

it('looks become rarer the longer something is waited for, and each makes the wait an eighth longer at most', async () => {
  vi.useFakeTimers();
  try {
    const started = performance.now();
    const waited: number[] = [];
    while (performance.now() - started < 5000) {
      const pause = pauseBetweenLooks(started);
      await vi.runAllTimersAsync();
      await pause;
      waited.push(performance.now() - started);
    }
    // 100 looks, were each 50 ms behind the one before.
    expect(waited.length).toBeLessThan(40);
    const pauses = waited.map((time, index) => time - (waited[index - 1] ?? 0));
    expect(pauses.slice(0, 8)).toEqual(Array(8).fill(50));
    for (const [index, pause] of pauses.entries())
      expect(pause).toBeLessThanOrEqual(Math.max(50, (waited[index - 1] ?? 0) / 8) + 1);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(251);
  } finally {
    vi.useRealTimers();
  }
});
