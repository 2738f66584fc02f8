import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { AptConfig } from '../metadata/guest-config.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { readOrder } from './order.ts';

const STEP = 'apt-sources';

/** Where images of Debian and Ubuntu have the distribution's own addresses: as lines, as deb822, or as a list of mirrors. */
const OWN_SOURCES = [
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d/debian.sources',
  '/etc/apt/sources.list.d/ubuntu.sources',
  '/etc/apt/mirrors/debian.list',
  '/etc/apt/mirrors/debian-security.list',
];

const SECURITY =
  /\bhttps?:\/\/(?:(?:deb|security|cdn-aws\.deb)\.debian\.org\/(?:debian-security|debian-security\/)|security\.ubuntu\.com\/ubuntu)\/?(?=\s|$)/g;
const PRIMARY =
  /\bhttps?:\/\/(?:(?:deb|httpredir|cdn-aws\.deb|ftp\.\w+|ftp)\.debian\.org\/debian|(?:[\w.-]+\.)?(?:archive\.ubuntu\.com\/ubuntu|ports\.ubuntu\.com(?:\/ubuntu-ports)?))\/?(?=\s|$)/g;

const USUAL_MIRRORS: Readonly<Record<string, string>> = {
  debian: 'http://deb.debian.org/debian',
  ubuntu: 'http://archive.ubuntu.com/ubuntu',
};

const codeName = (files: FileView) =>
  /^VERSION_CODENAME="?([\w-]+)"?\s*$/m.exec(
    files.readText('/etc/os-release') ?? files.readText('/usr/lib/os-release') ?? '',
  )?.[1];

/** The file with what only the guest knows; why not, where it does not know it. */
function fill(
  { path, text, isTemplate }: AptConfig['files'][number],
  values: Readonly<Record<string, string | undefined>>,
): { path: string; content: string; mode: number } | string {
  if (isTemplate !== true) return { path, content: text, mode: 0o644 };
  const unknown = Object.keys(values).find(
    (name) => values[name] === undefined && new RegExp(`\\$${name}\\b`).test(text),
  );
  if (unknown !== undefined) return `${path} is not written: the guest does not say what $${unknown} is`;
  const content = text.replace(/\$([A-Z]+)\b/g, (whole, name: string) => values[name] ?? whole);
  return { path, content, mode: 0o644 };
}

function mirrorChanges(files: FileView, { primary, security }: AptConfig): Change[] {
  return OWN_SOURCES.flatMap((path) => {
    const old = files.readText(path);
    if (old === undefined) return [];
    const changed = security === undefined ? old : old.replace(SECURITY, () => security);
    const content = primary === undefined ? changed : changed.replace(PRIMARY, () => primary);
    return content === old ? [] : ensureFile(files, { path, content, mode: 0o644, backup: true });
  });
}

/** Plans what apt reads before packages are installed, once for what is asked. What an admin changes later stays. */
export function planAptSources({ files, facts, applied }: StepContext): Plan {
  const asked = readOrder(files)?.late?.apt;
  if (asked === undefined) return { changes: [] };
  const digest = digestOf(asked);
  if (applied[STEP] === digest) return { changes: [], digest };
  const problem = (text: string) => ({ level: 'problem' as const, text });
  if (files.status('/usr/bin/apt-get') === undefined)
    return { changes: [], notes: [problem('sources of apt are asked for, and there is no apt-get here')] };
  const mirror = asked.primary ?? USUAL_MIRRORS[facts.os.id];
  const values = { RELEASE: codeName(files), MIRROR: mirror, PRIMARY: mirror, SECURITY: asked.security };
  const filled = asked.files.map((file) => fill(file, values));
  const notes = filled.flatMap((file) => (typeof file === 'string' ? [problem(file)] : []));
  const changes = [
    ...mirrorChanges(files, asked),
    ...filled.flatMap((file) =>
      typeof file === 'string' ? [] : ensureFile(files, { ...file, backup: true }),
    ),
  ];
  return { changes, notes, ...(notes.length === 0 ? { digest } : {}) };
}
