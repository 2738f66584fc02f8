import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { isAbsent } from '../files/files.ts';

/** A process that has a device's own node open for writing, as a virtual machine or a database may have. */
export interface DeviceWriter {
  pid: number;
  /** Name of the program, from /proc/PID/comm. */
  command: string;
}

/** Access mode in the flags of open(2), of which reading alone is 0. */
const ACCESS_MODE = 0o3;

/** What a process that has just ended gives, or one that may not be looked at. */
const GONE = ['ESRCH', 'EACCES', 'EIO', 'ENXIO'];

function orNothing<T>(nothing: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isAbsent(error) || GONE.includes((error as NodeJS.ErrnoException).code ?? '')) return nothing;
    throw error;
  }
}

/** `major:minor` of a number as stat(2) gives it (makedev(3), as glibc encodes it). */
const numberOf = (encoded: number) =>
  `${(encoded >>> 8) & 0xfff}:${(encoded & 0xff) | ((encoded >>> 12) & 0xfff00)}`;

function isWriter(process: string, descriptor: string, deviceNumber: string): boolean {
  const link = `${process}/fd/${descriptor}`;
  // Of all that is open only what lies where nodes do is asked what it is.
  if (!orNothing('', () => readlinkSync(link)).includes('/dev/')) return false;
  const status = orNothing(undefined, () => statSync(link));
  if (status?.isBlockDevice() !== true || numberOf(status.rdev) !== deviceNumber) return false;
  const [, flags = '0'] =
    /^flags:\s*([0-7]+)$/m.exec(
      orNothing('', () => readFileSync(`${process}/fdinfo/${descriptor}`, 'utf8')),
    ) ?? [];
  return (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
}

/**
 * Finds the processes that write to a block device itself. The kernel counts the device as free, for they have not claimed it.
 * @param deviceNumber as `major:minor`
 * @throws the system's error if /proc cannot be read
 */
export function findDeviceWriters(deviceNumber: string): DeviceWriter[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): DeviceWriter[] => {
      const directory = `/proc/${pid}`;
      const descriptors = orNothing([], () => readdirSync(`${directory}/fd`));
      if (!descriptors.some((each) => isWriter(directory, each, deviceNumber))) return [];
      const command = orNothing('', () => readFileSync(`${directory}/comm`, 'utf8')).trimEnd();
      return [{ pid: Number(pid), command }];
    });
}
