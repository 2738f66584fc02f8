import { expect, it } from 'vitest';
import { openedFiles } from '../metadata/opened-files.ts';
import { SimulatedBoot } from './simulated-boot.ts';

it('a first boot opens what disks say of themselves for detection, and once more for its record', async () => {
  const boot = await SimulatedBoot.make();
  try {
    const times = await openedFiles(boot.files.root, () => boot.bootstrapWithTrace());
    const ofDisks = [...times].filter(([path]) => /^\/(?:sys\/devices|run\/udev)\//.test(path));
    expect(ofDisks.length).toBeGreaterThan(10);
    expect(ofDisks.filter(([, count]) => count > 2)).toEqual([]);
    expect(times.get('/proc/swaps')).toBe(1);
  } finally {
    boot.remove();
  }
}, 60_000);
