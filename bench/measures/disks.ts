import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf } from '../accounting.ts';
import { attach, type Costs, mostProcesses, rest, watchProcesses } from '../attach-disks.ts';
import type { BenchGuest } from '../bench-guests.ts';
import { keepDiskSlice } from '../disk-slice.ts';
import { type GuestMeasure, giga, type Sample } from '../measure.ts';

const MANY = 24;

/** As many as a guest has that is somebody's store. */
const CROWD = 128;

/**
 * How often one disk is attached and detached again. A few take 4 million instructions more, all of them in the kernel, in one
 * write to the root file system.
 */
const TIMES = 5;

/** Of an odd number of values. */
const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[(values.length - 1) / 2] ?? Number.NaN;

/** The median of several. One comes before them: it loads the kernel's modules and fills the page cache. */
async function attachOne(guest: Guest): Promise<Costs> {
  const all: Costs[] = [];
  for (let time = 0; time <= TIMES; time++) {
    const { attached, costs } = await attach(guest, 1);
    for (const one of attached) await guest.detach(one);
    await rest(guest);
    if (time > 0) all.push(costs);
  }
  return { units: median(all.map(({ units }) => units)), whole: median(all.map(({ whole }) => whole)) };
}

const whole = (id: string, title: string, value: number): Sample => ({
  id,
  title,
  value,
  unit: 'instructions',
});

async function takeBare(guest: Guest): Promise<Sample[]> {
  await keepDiskSlice(guest);
  const one = await attachOne(guest);
  const { costs: many } = await attach(guest, MANY);
  return [
    whole('disk-one-systemd-mount', 'whole system, one disk, systemd-mount by a rule', one.whole),
    whole('disk-many-systemd-mount', `whole system, ${MANY} disks, systemd-mount by a rule`, many.whole),
  ];
}

const processes = (id: string, disks: number, value: number): Sample => ({
  id,
  title: `processes of the disk units, ${disks} disks at once`,
  value,
  unit: 'processes',
  atMost: 4,
});

/** The module of ext4 is loaded for the root file system: nothing has to come first. */
async function takeCrowd(guest: Guest): Promise<Sample[]> {
  await keepDiskSlice(guest);
  await watchProcesses(guest);
  const { costs } = await attach(guest, CROWD);
  return [
    {
      id: 'disk-crowd',
      title: `disk units, ${CROWD} ext4 disks attached at once`,
      value: costs.units,
      unit: 'instructions',
      atMost: 2 * giga,
    },
    whole('disk-crowd-whole', `whole system, ${CROWD} disks`, costs.whole),
    processes('disk-crowd-processes', CROWD, await mostProcesses(guest)),
  ];
}

async function takeOurs(guest: Guest): Promise<Sample[]> {
  await keepDiskSlice(guest);
  const one = await attachOne(guest);
  const lookup = await negativeLookup(guest);
  await watchProcesses(guest);
  const { costs: many } = await attach(guest, MANY);
  return [
    {
      id: 'disk-one',
      title: 'disk units, one ext4 disk attached',
      value: one.units,
      unit: 'instructions',
      atMost: 0.055 * giga,
    },
    {
      id: 'disk-many',
      title: `disk units, ${MANY} ext4 disks attached at once`,
      value: many.units,
      unit: 'instructions',
      atMost: 0.3 * giga,
    },
    processes('disk-processes', MANY, await mostProcesses(guest)),
    {
      ...whole('disk-one-whole', 'whole system, one disk', one.whole),
      comparedTo: 'disk-one-systemd-mount',
    },
    {
      ...whole('disk-many-whole', `whole system, ${MANY} disks`, many.whole),
      comparedTo: 'disk-many-systemd-mount',
    },
    lookup,
  ];
}

async function setMode(guest: Guest, mode: 'udev' | 'autofs'): Promise<void> {
  await guest.output(`sed -i 's/^CONFIG_MOUNT_MODE=.*/CONFIG_MOUNT_MODE=${mode}/' /etc/default/gandi`);
  // More than once: an idle guest's clock runs ahead of its disk, and the program can give up waiting for autofs before
  // systemctl(1) has been read from there.
  await guest.waitFor('gandi-mount apply-mode', 600);
}

/** An access to a name below the disk root that is no disk's: automount, the map program and its children. */
async function negativeLookup(guest: Guest): Promise<Sample> {
  await setMode(guest, 'autofs');
  await guest.waitFor('findmnt -rn -t autofs /srv', 120);
  const look = async (name: string) => {
    const before = await instructionsOf(guest, 'autofs.service');
    await guest.output(`! ls /srv/${name} 2> /dev/null`);
    return (await instructionsOf(guest, 'autofs.service')) - before;
  };
  await look('first');
  const value = await look('second');
  await setMode(guest, 'udev');
  const target = { atMost: 0.02 * giga };
  return { id: 'autofs-negative', title: 'autofs lookup of no disk', value, unit: 'instructions', ...target };
}

const measure = (guest: BenchGuest, take: GuestMeasure['take']): GuestMeasure => ({ guest, boot: 1, take });

export const diskMeasures: readonly GuestMeasure[] = [
  measure('disks', takeOurs),
  measure('disks-crowd', takeCrowd),
  measure('disks-systemd-mount', takeBare),
];
