import { posix } from 'node:path';
import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import { matchesGlob } from '../machine/glob.ts';
import type { Note, Plan, Step, StepContext } from '../plan/step.ts';
import { normalise, parseSysctlFile, type SysctlValue } from './sysctl-file.ts';

const OWN_FILE = '/etc/gandi/sysctl.conf';
const ADMIN_FILE = '/etc/sysctl.conf';
const ADMIN_DIRECTORY = '/etc/sysctl.d';

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

const covers = (pattern: readonly string[], key: readonly string[]) =>
  pattern.length === key.length && key.every((part, index) => matchesGlob(pattern[index] ?? '', part));

function readAdminValues(files: FileView): AdminValue[] {
  return adminFiles(files).flatMap((file) =>
    parseSysctlFile(files.readText(file) ?? '').values.map((value) => ({ ...value, file })),
  );
}

function plan({ facts, files }: StepContext): Plan {
  if (!facts.live) return { changes: [] };
  const { values, notUnderstood } = parseSysctlFile(files.readText(OWN_FILE) ?? '');
  const notes: Note[] = notUnderstood.map((rest) => ({
    level: 'warning',
    text: `${OWN_FILE} line ${rest.line}: ${JSON.stringify(rest.text)} is not understood; expected key = value`,
  }));
  const changes: Change[] = [];
  const admin = readAdminValues(files);
  const last = new Map(values.map((value) => [value.key.join('/'), value]));
  for (const [path, { key, value, optional, line }] of last) {
    const theirs = admin.findLast((candidate) => covers(candidate.key, key));
    if (theirs !== undefined) {
      if (theirs.value === value) continue;
      const where = `${theirs.file} line ${theirs.line}`;
      notes.push({ level: 'info', text: `${key.join('.')} stays as ${where} sets it: ${theirs.value}` });
      continue;
    }
    const live = files.readText(`/proc/sys/${path}`);
    if (live === undefined) {
      if (optional) continue;
      const name = key.join('.');
      notes.push({
        level: 'warning',
        text: `${OWN_FILE} line ${line}: this kernel has no value named ${name}`,
      });
    } else if (normalise(live) !== value) {
      changes.push({ kind: 'set-kernel-value', path: `/proc/sys/${path}`, value });
    }
  }
  return { changes, notes };
}

/** The kernel values of /etc/gandi/sysctl.conf, unless the admin wants others. */
export const sysctl: Step = {
  name: '02-config_sysctl',
  setting: 'CONFIG_SYSCTL',
  summary: 'kernel values of /etc/gandi/sysctl.conf that the admin does not set',
  plan,
};
