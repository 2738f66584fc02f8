import type { FileView } from '../files/files.ts';

/** As long as the kernel gives a request of a SCSI disk before it takes the disk in hand (drivers/scsi/sd.h, SD_TIMEOUT). */
const STALL_SECONDS = 30;

/** Counts in `stat`: requests that were completed, of reading, writing, discarding and flushing; and those under way. */
const COMPLETED = [0, 4, 11, 15];
const UNDER_WAY = 8;

/**
 * Watches whether a device goes on answering, by the kernel's counts of its requests
 * (Documentation/block/stat.rst): no device is asked for that.
 * @param name kernel name of a disk or partition
 * @param now the time in milliseconds
 * @returns to be called again and again; says what has happened once requests have waited for long without any being
 *   completed
 */
export function watchForStall(
  files: Pick<FileView, 'readText'>,
  name: string,
  seconds = STALL_SECONDS,
  now: () => number = () => performance.now(),
): () => string | undefined {
  let completed = Number.NaN;
  let since = now();
  return () => {
    const text = files.readText(`/sys/class/block/${name.replaceAll('/', '!')}/stat`) ?? '';
    const counts = text.trim().split(/\s+/).map(Number);
    const sum = COMPLETED.reduce((total, at) => total + (counts[at] ?? 0), 0);
    const time = now();
    if (sum !== completed || !((counts[UNDER_WAY] ?? 0) > 0)) since = time;
    completed = sum;
    return time - since < seconds * 1000 ? undefined : `${name} has not answered for ${seconds} s`;
  };
}
