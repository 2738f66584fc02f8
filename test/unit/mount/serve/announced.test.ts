import { expect, it } from 'vitest';
import type { MountRun } from '../../../../src/mount/run/run.ts';
import { untilCalm } from '../../../../src/mount/serve/announced.ts';

/** A run in whose guest one more device is there at each look, up to a number of them. */
function devicesThatCome(most: number): MountRun {
  let number = 0;
  const list = (path: string) => {
    if (path === '/sys/class/block') number = Math.min(most, number + 1);
    return path === '/sys/class/block' ? Array.from({ length: number }, (_, index) => `sd${index}`) : [];
  };
  return { machine: { files: { list } } } as unknown as MountRun;
}

it('devices that keep coming are collected', async () => {
  expect(await untilCalm(devicesThatCome(3))).toBe('sd0 sd1 sd2');
});

it('but not for longer than two seconds', async () => {
  const begin = performance.now();
  expect(await untilCalm(devicesThatCome(1000))).toBe('sd0 sd1 sd2 sd3 sd4 sd5 sd6 sd7 sd8 sd9 sd10');
  expect(performance.now() - begin).toBeLessThan(5000);
});
