import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { isAbsent } from './files.ts';

/** A process that keeps a file system from being unmounted. */
export interface Holder {
  pid: number;
  /** Name of the program, from /proc/PID/comm. */
  command: string;
  /** A file of the file system that it has open, or its working directory or root. */
  file: string;
  /** Control group, such as `/system.slice/cron.service`, by which a service's processes are known. */
  controlGroup: string;
}

/** A process that has just ended gives one of these. */
const GONE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'ENOTDIR']);

function orNothing<T>(nothing: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isAbsent(error) || GONE.has((error as NodeJS.ErrnoException).code ?? '')) return nothing;
    throw error;
  }
}

/** The device that a file is on; some file systems, such as XFS, do not even say that when their device is gone. */
function deviceOf(path: string): bigint | 'unreadable' {
  try {
    return statSync(path, { bigint: true }).dev;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return 'unreadable';
    throw error;
  }
}

/** `major:minor` as stat(2) gives it (makedev(3), as glibc encodes it). */
function encodedNumber(deviceNumber: string): bigint {
  const [major = 0n, minor = 0n] = deviceNumber.split(':').map(BigInt);
  return ((major & ~0xfffn) << 32n) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | (minor & 0xffn);
}

/** The path that a link in /proc shows, if the file it leads to is on the file system with that number. */
function pathOnDevice(link: string, device: bigint, mountPoint: string): string | undefined {
  const path = orNothing('', () => readlinkSync(link));
  // Sockets, pipes and the like have no path; asking for what they are costs more than their name.
  if (!path.startsWith('/')) return undefined;
  // Following the link asks the open file itself, whatever its name leads to by now.
  const found = orNothing(undefined, () => deviceOf(link));
  const isBelow = path === mountPoint || path.startsWith(`${mountPoint}/`);
  return found === device || (found === 'unreadable' && isBelow) ? path : undefined;
}

/**
 * A file that the process has mapped (proc(5), /proc/PID/maps): the fourth field is the device as `major:minor`, the
 * sixth, behind the inode, the path. The path is one of the process's own root: a container's says nothing of ours, so
 * the file itself is asked where the device is another one, such as that of an overlay.
 */
function mappedFile(
  pid: string,
  device: bigint,
  deviceNumber: string,
  mountPoint: string,
): string | undefined {
  const maps = orNothing('', () => readFileSync(`/proc/${pid}/maps`, 'utf8'));
  const [major, minor] = deviceNumber.split(':').map((part) => Number(part).toString(16).padStart(2, '0'));
  for (const line of maps.split('\n')) {
    const [range = '', , , onDevice, , ...rest] = line.split(/ +/);
    const path = rest.join(' ');
    if (onDevice === `${major}:${minor}`) return path;
    // The names in map_files have no zeros in front.
    const link = `/proc/${pid}/map_files/${range.replace(/(^|-)0+(?=.)/g, '$1')}`;
    if (path.startsWith(`${mountPoint}/`) && pathOnDevice(link, device, mountPoint) !== undefined)
      return path;
  }
  return undefined;
}

function fileOf(pid: string, device: bigint, deviceNumber: string, mountPoint: string): string | undefined {
  for (const name of ['cwd', 'root', 'exe']) {
    const path = pathOnDevice(`/proc/${pid}/${name}`, device, mountPoint);
    if (path !== undefined) return path;
  }
  for (const descriptor of orNothing([], () => readdirSync(`/proc/${pid}/fd`))) {
    const path = pathOnDevice(`/proc/${pid}/fd/${descriptor}`, device, mountPoint);
    if (path !== undefined) return path;
  }
  return mappedFile(pid, device, deviceNumber, mountPoint);
}

/** The one line of cgroup v2, or that of systemd's own hierarchy (cgroups(7)). */
function controlGroup(pid: string): string {
  const lines = orNothing('', () => readFileSync(`/proc/${pid}/cgroup`, 'utf8')).split('\n');
  const line = lines.find((one) => one.startsWith('0::') || one.includes(':name=systemd:')) ?? '';
  return line.split(':').slice(2).join(':');
}

/**
 * Finds the processes that use a mounted file system: by working directory, root, program, open or mapped file; also
 * those of other mount namespaces, and deleted files. A process that ends meanwhile is left out.
 * @param mountPoint where the file system is mounted
 * @param deviceNumber its device as `major:minor`
 * @throws the system's error if the mount point or /proc cannot be read
 */
export function findHolders(mountPoint: string, deviceNumber: string): Holder[] {
  const found = deviceOf(mountPoint);
  const device = found === 'unreadable' ? encodedNumber(deviceNumber) : found;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const file = fileOf(pid, device, deviceNumber, mountPoint);
      if (file === undefined) return [];
      const command = orNothing('', () => readFileSync(`/proc/${pid}/comm`, 'utf8')).trimEnd();
      return [{ pid: Number(pid), command, file, controlGroup: controlGroup(pid) }];
    });
}
