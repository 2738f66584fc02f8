import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Wake } from '../../../../src/host/context/wake.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a wait', () => {
  it('ends after its time, and says that nothing came', async () => {
    const waited = new Wake().wait(1000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await waited).toBe(false);
  });

  it('ends when it is rung, and leaves no timer that would keep the program', async () => {
    const wake = new Wake();
    const waited = wake.wait(1_000_000);
    wake.ring();
    expect(await waited).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at once where it was rung before, however often, and once', async () => {
    const wake = new Wake();
    wake.ring();
    wake.ring();
    expect(await wake.wait(1_000_000)).toBe(true);
    const second = wake.wait(10);
    await vi.advanceTimersByTimeAsync(10);
    expect(await second).toBe(false);
  });
});
