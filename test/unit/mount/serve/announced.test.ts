import { expect, it } from 'vitest';
import type { MountRun } from '../../../../src/mount/run/run.ts';
import { untilCalm } from '../../../../src/mount/serve/announced.ts';

/** A run in whose guest one more device is there at each look, up to a number of them. */
function devicesThatCome(most: number): MountRun {
  let number = 0;
  const list = (path: string) => {
    if (path === '/sys/dev/block') number = Math.min(most, number + 1);
    return path === '/sys/dev/block' ? Array.from({ length: number }, (_, index) => `8:${index}`) : [];
  };
  // udev has seen the first one alone.
  const status = (path: string) => (path === '/run/udev/data/b8:0' ? {} : undefined);
  return { machine: { files: { list, status } } } as unknown as MountRun;
}

it('devices that keep coming are collected', async () => {
  expect(await untilCalm(devicesThatCome(3))).toBe('8:0 8:1 8:2, 8:0');
});

it('but not for longer than two seconds', async () => {
  const begin = performance.now();
  expect(await untilCalm(devicesThatCome(1000))).toBe('8:0 8:1 8:2 8:3 8:4 8:5 8:6 8:7 8:8 8:9 8:10, 8:0');
  expect(performance.now() - begin).toBeLessThan(5000);
});
