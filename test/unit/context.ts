import { posix } from 'node:path';
import type { FileStatus, FileView } from '../../src/machine/files/files.ts';
import { parseSettings } from '../../src/machine/settings/settings.ts';
import type { Facts } from '../../src/machine/system/facts.ts';
import type { GandiDisk } from '../../src/metadata/gandi-disk.ts';
import type { GuestConfig, HostConfiguration } from '../../src/metadata/guest-config.ts';
import type { StepContext } from '../../src/plan/step.ts';
import type { AppliedRecord } from '../../src/state/applied.ts';

/** A file: its text, a symbolic link, or an entry with more to say about it. */
export type FileEntry = string | { link: string } | (Partial<FileStatus> & { text?: string });

/** Paths to what is there. Directories above a path exist by themselves; links count only as the last component. */
export type FileEntries = Readonly<Record<string, FileEntry>>;

const isLink = (entry: FileEntry | undefined): entry is { link: string } =>
  typeof entry === 'object' && 'link' in entry;

function followLinks(entries: FileEntries, path: string): string {
  let current = path;
  for (let count = 0; count < 40; count++) {
    const entry = entries[current];
    if (!isLink(entry)) return current;
    current = posix.resolve(posix.dirname(current), entry.link);
  }
  throw Object.assign(new Error(`${path}: too many symbolic links`), { code: 'ELOOP' });
}

/** A FileView over plain data, the way the real one behaves over a tree. */
export function makeFiles(entries: FileEntries): FileView {
  const namesIn = (directory: string) => {
    const prefix = directory === '/' ? '/' : `${directory}/`;
    const below = Object.keys(entries).filter((path) => path.startsWith(prefix));
    return [...new Set(below.map((path) => path.slice(prefix.length).split('/')[0] ?? ''))].sort();
  };
  const readText = (path: string) => {
    const entry = entries[followLinks(entries, path)];
    if (typeof entry === 'object' && 'kind' in entry && entry.kind === 'directory') {
      throw new Error(`${path}: is a directory`);
    }
    return typeof entry === 'string' ? entry : entry && 'text' in entry ? entry.text : undefined;
  };
  const view: FileView = {
    readText,
    readTextWithoutLinks(trusted, path) {
      for (let at = path; at !== trusted && at !== '/'; at = posix.dirname(at)) {
        if (isLink(entries[at])) throw new Error(`${at} is a symbolic link; remove it to go on`);
      }
      return readText(path);
    },
    status(path) {
      const entry = entries[path];
      const base = { mode: 0o644, uid: 0, gid: 0, size: 0 };
      if (typeof entry === 'string') return { ...base, kind: 'file', size: Buffer.byteLength(entry) };
      if (isLink(entry)) return { ...base, kind: 'link', mode: 0o777, size: entry.link.length };
      if (entry) {
        const { text, ...status } = entry;
        return { ...base, kind: 'file', size: Buffer.byteLength(text ?? ''), ...status };
      }
      return namesIn(path).length > 0 ? { ...base, kind: 'directory', mode: 0o755 } : undefined;
    },
    modifiedAt: (path) => (entries[path] === undefined ? undefined : Date.now()),
    linkTarget(path) {
      const entry = entries[path];
      return isLink(entry) ? entry.link : undefined;
    },
    list: namesIn,
    aside: () => view,
  };
  return view;
}

/** What a context is made of; what is left out is an ordinary Debian 12 guest on KVM that the host gave nothing. */
export interface ContextParts {
  files?: FileEntries;
  facts?: Partial<Facts>;
  /** What the host asks for; `host` says more about where it came from. */
  config?: GuestConfig;
  host?: Partial<HostConfiguration> & Partial<GandiDisk>;
  /** Text of the settings file. */
  settings?: string;
  applied?: AppliedRecord;
  failed?: readonly string[];
}

/** What is Gandi's is given beside the rest, and put where it belongs. */
function hostOf({
  archive,
  swap,
  disk,
  modules,
  hasInit = false,
  ...host
}: NonNullable<ContextParts['host']> = {}) {
  const given = Object.entries({ archive, swap, disk, modules }).filter(([, value]) => value !== undefined);
  return { gandi: { hasInit, ...Object.fromEntries(given) }, ...host };
}

export function makeContext(parts: ContextParts = {}): StepContext {
  return {
    settings: parseSettings(parts.settings ?? '', '/etc/default/gandi'),
    host: {
      state: parts.config ? 'new' : 'none',
      ...(parts.config ? { source: 'gandi' } : {}),
      origin: '/dev/sdb at byte 524288',
      parsed: { config: parts.config ?? {}, problems: [], refused: [], origins: [] },
      ...hostOf(parts.host),
    },
    facts: {
      live: true,
      booting: false,
      os: { id: 'debian', like: [], versionId: '12', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
      kernelRelease: '6.1.0-13-cloud-amd64',
      pageBytes: 4096,
      onlineCpus: 1,
      hypervisor: 'kvm',
      interfaces: [
        { name: 'eth0', mac: '00:16:3e:00:00:01', driver: 'virtio_net', queues: 1, multiQueue: false },
      ],
      root: undefined,
      rootChecks: undefined,
      lostAtReboot: undefined,
      activeSwaps: [],
      networkManager: 'ifupdown',
      kernelCommandLine: 'root=LABEL=root rw console=ttyS0 net.ifnames=0',
      sshdSettings: () => ({ failure: 'no sshd runs in a test' }),
      ...parts.facts,
    },
    files: makeFiles(parts.files ?? {}),
    applied: parts.applied ?? {},
    failed: parts.failed ?? [],
  };
}
