import { posix } from 'node:path';
import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import { matchesGlob } from '../machine/glob.ts';
import type { Note, Plan } from '../plan/step.ts';
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

/** Sets kernel values of the running system, unless the admin's files set them. */
export function planKernelValues(files: FileView, wanted: readonly WantedValue[]): Plan & { notes: Note[] } {
  const notes: Note[] = [];
  const changes: Change[] = [];
  if (wanted.length === 0) return { changes, notes };
  const admin = readAdminValues(files);
  for (const { key, value, optional, origin, sameAs } of wanted) {
    const theirs = admin.findLast(({ key: pattern }) => covers(pattern, key) || covers(pattern, sameAs));
    if (theirs !== undefined) {
      if (theirs.value === value) continue;
      const where = `${theirs.file} line ${theirs.line}`;
      notes.push({ level: 'info', text: `${key.join('.')} stays as ${where} sets it: ${theirs.value}` });
      continue;
    }
    const path = `/proc/sys/${key.join('/')}`;
    const live = files.readText(path);
    if (live === undefined) {
      if (optional) continue;
      notes.push({ level: 'warning', text: `${origin}: this kernel has no value named ${key.join('.')}` });
    } else if (normalise(live) !== value) {
      changes.push({ kind: 'set-kernel-value', path, value });
    }
  }
  return { changes, notes };
}
