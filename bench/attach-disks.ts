import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DiskFile, dataDisk } from '../test/guest/disk.ts';
import type { Guest } from '../test/guest/guest.ts';
import type { Attached } from '../test/guest/hot-plug.ts';
import { instructionsOf } from './accounting.ts';
import { diskSlice } from './disk-slice.ts';

/** An idle guest's clock runs as fast as the machine allows: waiting costs next to nothing. */
const QUIET_SECONDS = 30;

/** udev and the kernel take so long for a disk where many come at once, in seconds of the guest. */
const SECONDS_A_DISK = 0.5;

/** On a busy machine the guest's clock runs ahead of its disks: then they are waited for once more. */
const MOST_RESTS = 4;

/** Nothing is looked at meanwhile: the control shell's own work would be counted. */
export const rest = (guest: Guest, seconds = QUIET_SECONDS) =>
  guest.output(`sleep ${seconds}`, { seconds: 1800 });

/** systemd, udevd and all services; the disk units are not in system.slice. */
async function everything(guest: Guest): Promise<number> {
  const parts = [
    instructionsOf(guest, 'init.scope'),
    instructionsOf(guest, 'system.slice'),
    instructionsOf(guest, diskSlice),
  ];
  return (await Promise.all(parts)).reduce((sum, part) => sum + part, 0);
}

/** What it takes to attach disks, in instructions. */
export interface Costs {
  /** Of our units with their children. */
  units: number;
  whole: number;
}

/** Attaches so many ext4 disks at once, and sees that they are mounted. They stay attached. */
export async function attach(guest: Guest, count: number): Promise<{ costs: Costs; attached: Attached[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-bench-disks-'));
  try {
    const disks: DiskFile[] = [];
    for (let index = 0; index < count; index++)
      disks.push(await dataDisk(join(folder, `disk${index}`), { mebibytes: 16, label: `data${index}` }));
    await rest(guest);
    const before = { units: await instructionsOf(guest, diskSlice), whole: await everything(guest) };
    const attached: Attached[] = [];
    for (const disk of disks) attached.push(await guest.attachDisk({ disk }));
    for (let rests = 1; ; rests++) {
      await rest(guest, QUIET_SECONDS + SECONDS_A_DISK * count);
      const after = { units: await instructionsOf(guest, diskSlice), whole: await everything(guest) };
      const mounted = await guest.output('findmnt -rn -t ext4 | wc -l');
      // Root is one of them.
      if (Number(mounted) === count + 1)
        return { costs: { units: after.units - before.units, whole: after.whole - before.whole }, attached };
      if (rests === MOST_RESTS) {
        const list = await guest.output('gandi-mount list | grep -v "[[:space:]]mounted[[:space:]]"');
        throw new Error(`${count} disks were attached, ${mounted} file systems are mounted:\n${list}`);
      }
    }
  } finally {
    // QEMU has the files of attached disks open.
    await rm(folder, { recursive: true });
  }
}

const PEAK_FILE = '/run/processes-peak';

/** Notes the largest number of processes in our disk units, ten times in a second of the guest. */
const WATCH = `most=0; while :; do
  now=$(cat /sys/fs/cgroup/${diskSlice}/gandi-*/cgroup.procs 2> /dev/null | wc -l)
  [ "$now" -gt "$most" ] && { most=$now; echo $most > ${PEAK_FILE}; }
  sleep 0.1
done`;

/** Has the processes of our disk units counted from now on; in a slice of its own that counts nowhere. */
export async function watchProcesses(guest: Guest): Promise<void> {
  const options = '--quiet --slice=watch.slice --unit=watch';
  await guest.output(`cat > /run/watch; systemd-run ${options} bash /run/watch`, { input: WATCH });
}

/** The most processes of our disk units at a time since {@link watchProcesses}. */
export const mostProcesses = async (guest: Guest): Promise<number> =>
  Number(await guest.output(`cat ${PEAK_FILE}`));
