import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { isAbsent } from '../files/files.ts';
import { ownControlGroup } from '../formats/text/control-group.ts';
import { parseMountInfo } from '../formats/text/mounts.ts';

/** A process that keeps a file system from being unmounted. */
export interface Holder {
  pid: number;
  /** Name of the program, from /proc/PID/comm. */
  command: string;
  /** A file of the file system that it has open, or its working directory or root. */
  file: string;
  /** Control group, such as `/system.slice/cron.service`, by which a service's processes are known. */
  controlGroup: string;
  /** It runs in another mount namespace than we do, such as a container's. */
  isElsewhere?: true;
}

/** The file system whose users are looked for. */
interface Sought {
  /** As stat(2) tells it of a file there. */
  device: bigint;
  /** As mountinfo has it. */
  deviceNumber: string;
  /** Of btrfs: numbers that are of a whole file system, and of no subvolume. */
  fileSystems: ReadonlySet<bigint>;
  /** Undefined if it is not mounted here. */
  mountPoint: string | undefined;
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

/** The anonymous numbers of all mounts here; none where the file system that is looked for has a block device's. */
function anonymousNumbers(deviceNumber: string): Set<bigint> {
  if (!isAnonymous(encodedNumber(deviceNumber))) return new Set();
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  return new Set(mounts.map((mount) => encodedNumber(mount.deviceNumber)).filter(isAnonymous));
}

/** Whether a number, as stat(2) gives it, is of no block device: its major number is 0. */
const isAnonymous = (device: bigint) => ((device >> 8n) & 0xfffn) === 0n && device >> 44n === 0n;

const namespaceOf = (pid: string) => orNothing('', () => readlinkSync(`/proc/${pid}/ns/mnt`));

/** The path that a link in /proc shows, if the file it leads to is on the file system that is looked for. */
function pathOnDevice(
  link: string,
  { device, fileSystems, mountPoint }: Sought,
  isElsewhere: boolean,
): string | undefined {
  const path = orNothing('', () => readlinkSync(link));
  // Sockets, pipes and the like have no path; asking for what they are costs more than their name.
  if (!path.startsWith('/')) return undefined;
  // Following the link asks the open file itself, whatever its name leads to by now.
  const found = orNothing(undefined, () => deviceOf(link));
  if (found === undefined) return undefined;
  if (found === device) return path;
  const isBelow = mountPoint !== undefined && (path === mountPoint || path.startsWith(`${mountPoint}/`));
  if (found === 'unreadable') return isBelow ? path : undefined;
  // Each subvolume of a btrfs has a number of its own, which mountinfo does not know. The path of a process in another
  // namespace says nothing of what is mounted here.
  const isSubvolume = fileSystems.size > 0 && isAnonymous(found) && !fileSystems.has(found);
  return isSubvolume && isBelow && !isElsewhere ? path : undefined;
}

/**
 * A file that the process has mapped (proc(5), /proc/PID/maps): the fourth field is the device as `major:minor`, the
 * sixth, behind the inode, the path. The path is one of the process's own root: a container's says nothing of ours, so
 * the file itself is asked where the device is another one, such as that of an overlay.
 */
function mappedFile(pid: string, sought: Sought, isElsewhere: boolean): string | undefined {
  const maps = orNothing('', () => readFileSync(`/proc/${pid}/maps`, 'utf8'));
  const [major, minor] = sought.deviceNumber
    .split(':')
    .map((part) => Number(part).toString(16).padStart(2, '0'));
  for (const line of maps.split('\n')) {
    const [range = '', , , onDevice, , ...rest] = line.split(/ +/);
    const path = rest.join(' ');
    if (onDevice === `${major}:${minor}`) return path;
    // The names in map_files have no zeros in front.
    const link = `/proc/${pid}/map_files/${range.replace(/(^|-)0+(?=.)/g, '$1')}`;
    if (path.startsWith(`${sought.mountPoint}/`) && pathOnDevice(link, sought, isElsewhere) !== undefined)
      return path;
  }
  return undefined;
}

function fileOf(pid: string, sought: Sought, isElsewhere: boolean): string | undefined {
  for (const name of ['cwd', 'root', 'exe']) {
    const path = pathOnDevice(`/proc/${pid}/${name}`, sought, isElsewhere);
    if (path !== undefined) return path;
  }
  for (const descriptor of orNothing([], () => readdirSync(`/proc/${pid}/fd`))) {
    const path = pathOnDevice(`/proc/${pid}/fd/${descriptor}`, sought, isElsewhere);
    if (path !== undefined) return path;
  }
  return mappedFile(pid, sought, isElsewhere);
}

const controlGroup = (pid: string) =>
  ownControlGroup(orNothing('', () => readFileSync(`/proc/${pid}/cgroup`, 'utf8')));

/**
 * Finds the processes that use a mounted file system: by working directory, root, program, open or mapped file; also
 * those of other mount namespaces, and deleted files. A process that ends meanwhile is left out.
 * @param mountPoint where the file system is mounted; undefined if it is not mounted in our namespace
 * @param deviceNumber its device as `major:minor`
 * @throws the system's error if the mount point or /proc cannot be read
 */
export function findHolders(mountPoint: string | undefined, deviceNumber: string): Holder[] {
  const found = mountPoint === undefined ? 'unreadable' : deviceOf(mountPoint);
  const device = found === 'unreadable' ? encodedNumber(deviceNumber) : found;
  const fileSystems = anonymousNumbers(deviceNumber);
  const sought: Sought = { device, deviceNumber, fileSystems, mountPoint };
  const own = namespaceOf('self');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): Holder[] => {
      const isElsewhere = namespaceOf(pid) !== own;
      const file = fileOf(pid, sought, isElsewhere);
      if (file === undefined) return [];
      const command = orNothing('', () => readFileSync(`/proc/${pid}/comm`, 'utf8')).trimEnd();
      const holder = { pid: Number(pid), command, file, controlGroup: controlGroup(pid) };
      return [isElsewhere ? { ...holder, isElsewhere } : holder];
    });
}
