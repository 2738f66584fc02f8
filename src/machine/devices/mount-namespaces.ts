import type { FileView } from '../files/files.ts';
import { type Mount, parseMountInfo } from '../formats/text/mounts.ts';

type ProcView = Pick<FileView, 'readText' | 'linkTarget' | 'list'>;

/** A process that shows what is mounted in a mount namespace other than ours, and that namespace's mounts. */
export interface MountNamespace {
  /** Such as `mnt:[4026532241]` (namespaces(7)). */
  link: string;
  pid: number;
  /** Name of the program, from /proc/PID/comm. */
  command: string;
  /** Text of /proc/PID/cgroup. */
  controlGroups: string;
  mounts: Mount[];
}

/** A process that has just ended gives one of these; EINVAL: its namespace is gone already (fs/proc_namespace.c). */
const ENDED = new Set(['ESRCH', 'EACCES', 'EINVAL']);

/** Undefined also of a process that ends meanwhile. */
function ofProcess<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (ENDED.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

const processes = (files: ProcView): number[] =>
  files
    .list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((one, other) => one - other);

/**
 * The mount namespaces in which processes run, without ours, each by its first process. One appears again for each root
 * directory that processes have there: mountinfo shows what is below that root alone (proc(5)).
 * @throws the system's error if /proc cannot be read
 */
export function otherMountNamespaces(files: ProcView): MountNamespace[] {
  const own = files.linkTarget('/proc/self/ns/mnt');
  const seen = new Set<string>();
  return processes(files).flatMap((pid) => {
    const at = `/proc/${pid}`;
    const link = ofProcess(() => files.linkTarget(`${at}/ns/mnt`));
    if (link === undefined || link === own) return [];
    const key = `${link} ${ofProcess(() => files.linkTarget(`${at}/root`)) ?? ''}`;
    if (seen.has(key)) return [];
    const text = ofProcess(() => files.readText(`${at}/mountinfo`));
    // One that has ended shows nothing: the next of its namespace does.
    if (text === undefined || text === '') return [];
    seen.add(key);
    const command = ofProcess(() => files.readText(`${at}/comm`))?.trimEnd() ?? '';
    const controlGroups = ofProcess(() => files.readText(`${at}/cgroup`)) ?? '';
    return [{ link, pid, command, controlGroups, mounts: parseMountInfo(text) }];
  });
}

/** What keeps a mount namespace in which nothing runs: a path where it is mounted, or a process that has it open. */
export type NamespaceKeeper = { link: string } & ({ mountPoint: string } | { pid: number; command: string });

/** A file of nsfs, as the kernel names it (fs/nsfs.c). */
const NAMESPACE = /^mnt:\[\d+\]$/;

/**
 * The mount namespaces in which nothing runs, by what keeps them. What is mounted there can only be seen by who enters.
 * @throws the system's error if /proc cannot be read
 */
export function emptyMountNamespaces(files: ProcView): NamespaceKeeper[] {
  const pids = processes(files);
  const alive = new Set(pids.map((pid) => ofProcess(() => files.linkTarget(`/proc/${pid}/ns/mnt`))));
  const keepers: NamespaceKeeper[] = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '')
    .filter(({ type, root }) => type === 'nsfs' && NAMESPACE.test(root))
    .map(({ root, mountPoint }) => ({ link: root, mountPoint }));
  for (const pid of pids) {
    for (const descriptor of ofProcess(() => files.list(`/proc/${pid}/fd`)) ?? []) {
      const link = ofProcess(() => files.linkTarget(`/proc/${pid}/fd/${descriptor}`));
      if (link === undefined || !NAMESPACE.test(link)) continue;
      const command = ofProcess(() => files.readText(`/proc/${pid}/comm`))?.trimEnd() ?? '';
      keepers.push({ link, pid, command });
    }
  }
  const isFirst = ({ link }: NamespaceKeeper, at: number) =>
    keepers.findIndex((one) => one.link === link) === at;
  return keepers.filter((keeper, at) => !alive.has(keeper.link) && isFirst(keeper, at));
}
