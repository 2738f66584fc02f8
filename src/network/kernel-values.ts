import { posix } from 'node:path';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { matchesGlob } from '../machine/files/glob.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { Plan } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import { normalise, parseSysctlFile, type SysctlValue } from './sysctl-file.ts';

const ADMIN_FILE = '/etc/sysctl.conf';
const ADMIN_DIRECTORY = '/etc/sysctl.d';

/** A kernel value as we want it. */
export type WantedValue = Pick<SysctlValue, 'key' | 'value' | 'optional'> & {
  /** Who asks for it, such as a file and line. */
  origin: string;
  /** A key that says the same to an admin, such as the `default` of interfaces. */
  sameAs?: string[];
};

/** The admin's own files; a link into /usr is the distribution's. */
function adminFiles(files: FileView): string[] {
  const names = files.list(ADMIN_DIRECTORY).filter((name) => name.endsWith('.conf'));
  const paths = [...names.map((name) => `${ADMIN_DIRECTORY}/${name}`), ADMIN_FILE];
  return paths.filter((path) => {
    const target = files.linkTarget(path);
    return (
      target === undefined || !/^\/(usr|lib)\/|^\/dev\/null$/.test(posix.resolve(posix.dirname(path), target))
    );
  });
}

interface AdminValue extends SysctlValue {
  file: string;
}

const covers = (pattern: readonly string[], key: readonly string[] = []) =>
  pattern.length === key.length && key.every((part, index) => matchesGlob(pattern[index] ?? '', part));

function readAdminValues(files: FileView): AdminValue[] {
  return adminFiles(files).flatMap((file) =>
    parseSysctlFile(files.readText(file) ?? '').values.map((value) => ({ ...value, file })),
  );
}

/**
 * What the kernel says of values that it only takes: route/flush may not be read, by root neither, and an interface's
 * stable_secret is an I/O error until it is set (net/ipv6/addrconf.c).
 */
const WRITE_ONLY = ['EACCES', 'EIO'];

/**
 * The change that gives a value to the kernel, if it has another. One that cannot be compared is set, as sysctl(8) does.
 * @returns a note where there is no such value, or none that can be set
 */
function setValue(files: FileView, { key, value, optional, origin }: WantedValue): Change | Note | undefined {
  const path = `/proc/sys/${key.join('/')}`;
  const change: Change = { kind: 'set-kernel-value', path, value };
  const warning = (text: string): Note => ({ level: 'warning', text: `${origin}: ${text}` });
  try {
    const live = files.readText(path);
    if (live !== undefined) return normalise(live) === value ? undefined : change;
    return optional ? undefined : warning(`this kernel has no value named ${key.join('.')}`);
  } catch (error) {
    if (WRITE_ONLY.includes((error as NodeJS.ErrnoException).code ?? '')) return change;
    return warning(`${key.join('.')} cannot be set: ${reasonOf(error)}`);
  }
}

/** Sets kernel values of the running system, unless the admin's files set them. */
export function planKernelValues(files: FileView, wanted: readonly WantedValue[]): Plan & { notes: Note[] } {
  const notes: Note[] = [];
  const changes: Change[] = [];
  if (wanted.length === 0) return { changes, notes };
  const admin = readAdminValues(files);
  for (const one of wanted) {
    const { key, value, sameAs } = one;
    const theirs = admin.findLast(({ key: pattern }) => covers(pattern, key) || covers(pattern, sameAs));
    if (theirs !== undefined) {
      if (theirs.value === value) continue;
      const where = `${theirs.file} line ${theirs.line}`;
      notes.push({ level: 'info', text: `${key.join('.')} stays as ${where} sets it: ${theirs.value}` });
      continue;
    }
    const planned = setValue(files, one);
    if (planned === undefined) continue;
    if ('kind' in planned) changes.push(planned);
    else notes.push(planned);
  }
  return { changes, notes };
}
