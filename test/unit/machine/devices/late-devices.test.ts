import { describe, expect, it } from 'vitest';
import { comingTo, lookUntilSettled } from '../../../../src/machine/devices/late-devices.ts';

/** Block devices over time: each look at the list takes the next. */
function deviceLists(lists: string[][], busy = () => false) {
  let at = 0;
  const files = {
    list: () => lists[Math.min(at++, lists.length - 1)] ?? [],
    status: () => (busy() ? ({ kind: 'file', mode: 0, uid: 0, gid: 0, size: 0 } as const) : undefined),
  };
  return comingTo(files, ['/sys/class/block']);
}

describe('lookUntilSettled', () => {
  it('does not wait for what is there', async () => {
    const howLong = () => {
      throw new Error('asked how long it may wait');
    };
    expect(await lookUntilSettled(() => 'disk', deviceLists([['sda']]), howLong)).toBe('disk');
  });

  it('finds a disk that comes late', async () => {
    let looks = 0;
    const files = deviceLists([['sda'], ['sda'], ['sda'], ['sda', 'sdb']]);
    expect(await lookUntilSettled(() => (++looks === 2 ? 'sdb' : undefined), files, 10)).toBe('sdb');
    expect(looks).toBe(2);
  });

  it('gives up when nothing more is to come', async () => {
    const started = performance.now();
    expect(await lookUntilSettled(() => undefined, deviceLists([['sda']]), 10)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('waits while udev is busy, and no longer than it may', async () => {
    const started = performance.now();
    const files = deviceLists([['sda']], () => true);
    expect(await lookUntilSettled(() => undefined, files, 1)).toBeUndefined();
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('looks once when it may not wait', async () => {
    let looks = 0;
    await lookUntilSettled(() => void looks++, deviceLists([['sda']]), 0);
    expect(looks).toBe(1);
  });

  it('asks how long it may wait only where the first look finds nothing', async () => {
    let asked = 0;
    const wait = () => {
      asked++;
      return 0;
    };
    expect(await lookUntilSettled(() => 'disk', deviceLists([['sda']]), wait)).toBe('disk');
    expect(asked).toBe(0);
    let looks = 0;
    await lookUntilSettled(() => void looks++, deviceLists([['sda']]), wait);
    expect([asked, looks]).toEqual([1, 1]);
  });

  it('waits no longer once what has come says so', async () => {
    const lists = deviceLists([['sda'], ['sda'], ['sda', 'sr0']], () => true);
    let looks = 0;
    const wait = () => (looks > 1 ? 0 : 60);
    const started = performance.now();
    expect(await lookUntilSettled(() => void looks++, lists, wait)).toBeUndefined();
    expect(looks).toBe(2);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
