import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDisk } from '../../test/guest/disk.ts';
import type { Guest } from '../../test/guest/guest.ts';
import type { Attached } from '../../test/guest/hot-plug.ts';
import { instructionsOf } from '../accounting.ts';
import type { BenchGuest } from '../bench-guests.ts';
import { diskSlice, keepDiskSlice } from '../disk-slice.ts';
import { type GuestMeasure, giga, type Sample } from '../measure.ts';

const MANY = 24;

/** An idle guest's clock runs as fast as the machine allows: waiting costs next to nothing. */
const QUIET_SECONDS = 30;

/** Nothing is looked at meanwhile: the control shell's own work would be counted. */
const rest = (guest: Guest) => guest.output(`sleep ${QUIET_SECONDS}`, { seconds: 600 });

/** systemd, udevd and all services; the disk units are not in system.slice. */
async function everything(guest: Guest): Promise<number> {
  const parts = [
    instructionsOf(guest, 'init.scope'),
    instructionsOf(guest, 'system.slice'),
    instructionsOf(guest, diskSlice),
  ];
  return (await Promise.all(parts)).reduce((sum, part) => sum + part, 0);
}

interface Costs {
  /** Of our units with their children. */
  units: number;
  whole: number;
}

/** Attaches so many ext4 disks at once, and sees that they are mounted. They stay attached. */
async function attach(guest: Guest, count: number): Promise<{ costs: Costs; attached: Attached[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-bench-disks-'));
  try {
    const disks = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        dataDisk(join(folder, `disk${index}`), { mebibytes: 16, label: `data${index}` }),
      ),
    );
    await rest(guest);
    const before = { units: await instructionsOf(guest, diskSlice), whole: await everything(guest) };
    const attached: Attached[] = [];
    for (const disk of disks) attached.push(await guest.attachDisk({ disk }));
    await rest(guest);
    const after = { units: await instructionsOf(guest, diskSlice), whole: await everything(guest) };
    const mounted = await guest.output('findmnt -rn -t ext4 | wc -l');
    // Root is one of them.
    if (Number(mounted) !== count + 1)
      throw new Error(`${count} disks were attached, ${mounted} file systems are mounted`);
    return { costs: { units: after.units - before.units, whole: after.whole - before.whole }, attached };
  } finally {
    // QEMU has the files of attached disks open.
    await rm(folder, { recursive: true });
  }
}

/** The second time in a row: the first one loads the kernel's modules and fills the page cache. */
async function attachOne(guest: Guest): Promise<Costs> {
  const detach = async ({ attached, costs }: Awaited<ReturnType<typeof attach>>): Promise<Costs> => {
    for (const one of attached) await guest.detach(one);
    await rest(guest);
    return costs;
  };
  await detach(await attach(guest, 1));
  return detach(await attach(guest, 1));
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

const PEAK_FILE = '/run/processes-peak';

/** Notes the largest number of processes in our disk units, ten times in a second of the guest. */
const WATCH = `most=0; while :; do
  now=$(cat /sys/fs/cgroup/${diskSlice}/gandi-*/cgroup.procs 2> /dev/null | wc -l)
  [ "$now" -gt "$most" ] && { most=$now; echo $most > ${PEAK_FILE}; }
  sleep 0.1
done`;

async function takeOurs(guest: Guest): Promise<Sample[]> {
  await keepDiskSlice(guest);
  const one = await attachOne(guest);
  const lookup = await negativeLookup(guest);
  // In a slice of its own it counts nowhere.
  const options = '--quiet --slice=watch.slice --unit=watch';
  await guest.output(`cat > /run/watch; systemd-run ${options} bash /run/watch`, { input: WATCH });
  const { costs: many } = await attach(guest, MANY);
  const processes = Number(await guest.output(`cat ${PEAK_FILE}`));
  return [
    {
      id: 'disk-one',
      title: 'disk units, one ext4 disk attached',
      value: one.units,
      unit: 'instructions',
      atMost: 0.12 * giga,
    },
    {
      id: 'disk-many',
      title: `disk units, ${MANY} ext4 disks attached at once`,
      value: many.units,
      unit: 'instructions',
      atMost: 1.2 * giga,
    },
    {
      id: 'disk-processes',
      title: `processes of the disk units, ${MANY} disks at once`,
      value: processes,
      unit: 'processes',
      atMost: 4,
    },
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
  measure('disks-systemd-mount', takeBare),
];
