import { type GuestMeasure, mebibyte } from '../measure.ts';
import { peakMemoryFile } from '../peak-memory.ts';

/** The largest resident set of a process of gandi-bootstrap in its first boot, from getrusage(2). */
export const peakMemory: GuestMeasure = {
  guest: 'memory',
  boot: 1,
  async take(guest) {
    const value = Number(await guest.output(`cat ${peakMemoryFile}`)) * 1024;
    const title = 'peak memory of gandi-bootstrap, first boot';
    return [{ id: 'peak-memory', title, value, unit: 'MiB', atMost: 60 * mebibyte }];
  },
};
