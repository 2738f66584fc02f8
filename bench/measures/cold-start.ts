import { type GuestMeasure, mebibyte } from '../measure.ts';

/** Adds up what was read from all SCSI disks since the boot: the sixth field (proc_diskstats(5)), in 512 bytes. */
const countSectors = `sectors() {
  total=0
  while read -r _ _ name _ _ read _; do
    case $name in sd?) total=$((total + read)) ;; esac
  done < /proc/diskstats
}`;

/**
 * Read from disk when nothing of the program, the launcher's shell and their libraries is in the page cache, as at the first
 * start of a boot, which is told by the launcher's mark.
 */
export const coldStart: GuestMeasure = {
  guest: 'memory',
  boot: 1,
  async take(guest) {
    const shown = await guest.output(`${countSectors}
      rm /run/gandi/cpu-is-able; sync; echo 3 > /proc/sys/vm/drop_caches
      sectors; before=$total
      /usr/sbin/gandi-guest --version > /dev/null
      sectors; echo $((total - before))`);
    const value = Number(shown) * 512;
    if (!(value > 0)) throw new Error(`nothing was read from disk: ${shown}`);
    const title = 'disk reads of a cold gandi-guest --version';
    const why = 'it is the runtime that is read: of the executable’s 115 MB 7.5 are ours';
    return [{ id: 'cold-read', title, value, unit: 'MiB', atMost: 26 * mebibyte, why }];
  },
};
