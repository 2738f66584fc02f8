import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDisk } from '../../test/guest/disk.ts';
import { type GuestMeasure, mebibyte } from '../measure.ts';
import { peakMemoryFile, peakMemoryWrapper } from '../peak-memory.ts';

/** The largest resident set of a process of gandi-bootstrap in its first boot, from getrusage(2). */
export const peakMemory: GuestMeasure = {
  guest: 'memory',
  boot: 1,
  async take(guest) {
    const value = Number(await guest.output(`cat ${peakMemoryFile}`)) * 1024;
    const title = 'peak memory of gandi-bootstrap, first boot';
    return [{ id: 'peak-memory', title, value, unit: 'MiB', atMost: 48 * mebibyte }];
  },
};

/** The same of a gandi-mount that mounts a disk. */
export const mountPeakMemory: GuestMeasure = {
  guest: 'memory',
  boot: 1,
  async take(guest) {
    const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-bench-'));
    try {
      // Nobody else is to mount it.
      await guest.output('systemctl mask --runtime gandi-disks.service');
      const disk = await dataDisk(join(folder, 'disk'), { mebibytes: 16, label: 'data' });
      const attached = await guest.attachDisk({ disk });
      await guest.waitFor('test -e /dev/disk/by-label/data && udevadm settle', 60);
      await guest.output(`${peakMemoryWrapper} /usr/sbin/gandi-mount rescan && findmnt /srv/data`);
      const value = Number(await guest.output(`cat ${peakMemoryFile}`)) * 1024;
      await guest.output('gandi-mount eject data && systemctl unmask --runtime gandi-disks.service');
      await guest.detach(attached);
      const title = 'peak memory of gandi-mount, one disk attached';
      return [{ id: 'mount-peak-memory', title, value, unit: 'MiB', atMost: 48 * mebibyte }];
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
