import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rescan } from '../../../src/mount/commands.ts';
import { SimulatedDisks } from './simulated-disks.ts';

let disks: SimulatedDisks;

beforeEach(() => {
  disks = new SimulatedDisks();
});

afterEach(() => disks.remove());

it('a disk that does not answer is asked once, named and passed over; the next one is mounted', async () => {
  disks.attach({ name: 'sdb', label: 'silent' });
  disks.attach({ name: 'sdc', label: 'data' });
  rmSync(`${disks.files.root}/run/udev/data/b8:16`);
  disks.fail = (line) => (line.startsWith('dd ') ? 'it did not end' : undefined);
  await rescan(disks.run(), false);
  expect(disks.ran.filter((line) => line.startsWith('dd '))).toEqual([
    'dd if=/dev/sdb of=/dev/null bs=64k count=9',
  ]);
  expect(disks.mounts()).toEqual(['/srv/data']);
});
