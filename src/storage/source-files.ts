import { posix } from 'node:path';
import { findAccount, findGroup } from '../accounts/accounts.ts';
import { lateHomes } from '../accounts/late-homes.ts';
import { defaultUser } from '../accounts/named-users.ts';
import type { Change, WriteFile } from '../machine/changes/change.ts';
import { type FileView, statusBehindLinks } from '../machine/files/files.ts';
import { type Owner, ROOT_OWNER } from '../machine/files/owner.ts';
import { decodeText } from '../machine/formats/text/text-bytes.ts';
import { describeFailure } from '../machine/runtime/errors.ts';
import type { FileConfig } from '../metadata/guest-config.ts';
import type { Plan, PlanPart, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { type SafePlace, safePlace } from './safe-place.ts';

/** What the kernel has there is no file of anybody's. */
const OF_THE_KERNEL = /^\/(dev|proc|sys)(\/|$)/;

/** Name of the part of a file, and of its digest. */
export const filePart = (path: string): string => `files: ${path}`;

/** What is asked of one path, in the order of the source: writing it, adding to it. */
type Entries = readonly FileConfig[];

const textOf = ({ content }: FileConfig) => decodeText(Buffer.from(content, 'base64'));

function byPath(asked: readonly FileConfig[]): Map<string, FileConfig[]> {
  const paths = new Map<string, FileConfig[]>();
  for (const file of asked) paths.set(file.path, [...(paths.get(file.path) ?? []), file]);
  return paths;
}

/** Within a line the same text is another one's. */
const hasAdded = (text: string, own: string) =>
  text.startsWith(own) || text.endsWith(own) || text.includes(`\n${own}`);

/** The file as it is to be. What an earlier run has added is not added once more. */
function contentOf(old: string | undefined, entries: Entries): string {
  let text = old;
  for (const entry of entries) {
    const own = textOf(entry);
    if (entry.append !== true || text === undefined) text = own;
    else if (!hasAdded(text, own)) text = `${text}${own}`;
  }
  return text ?? '';
}

/** @returns undefined where nothing is said of it; a name that the guest does not have, as text */
function ownerOf(files: FileView, { owner }: FileConfig): Owner | string | undefined {
  if (owner === undefined) return undefined;
  const uid = /^\d+$/.test(owner.user)
    ? Number(owner.user)
    : findAccount(files.readText('/etc/passwd'), owner.user)?.uid;
  if (uid === undefined) return `user ${owner.user}`;
  const gid = /^\d+$/.test(owner.group)
    ? Number(owner.group)
    : findGroup(files.readText('/etc/group'), owner.group)?.gid;
  return gid === undefined ? `group ${owner.group}` : { uid, gid };
}

function readOld(files: FileView, { path, linksRefusedBelow }: SafePlace): string | undefined {
  const status = linksRefusedBelow === undefined ? statusBehindLinks(files, path) : files.status(path);
  if (status === undefined) return undefined;
  if (status.kind === 'directory') throw new Error(`${path} is a directory; move it away to go on`);
  if (status.kind === 'link') return undefined;
  if (status.kind !== 'file') throw new Error(`${path} is no file; move it away to go on`);
  return linksRefusedBelow === undefined
    ? files.readText(path)
    : files.readTextWithoutLinks(linksRefusedBelow, path);
}

/** Mode and owner: those of the last entry that writes; of a file that is only added to, those that it has. */
function attributesOf(files: FileView, place: SafePlace, entries: Entries, isThere: boolean) {
  const last = entries.findLast(({ append }) => append !== true) ?? entries.at(-1);
  const isAdded = isThere && entries.every(({ append }) => append === true);
  const status = isAdded ? statusBehindLinks(files, place.path) : undefined;
  const mode = status?.mode ?? last?.mode ?? 0o644;
  const named = entries.map((entry) => ownerOf(files, entry)).findLast((owner) => owner !== undefined);
  const kept = status === undefined ? ROOT_OWNER : { uid: status.uid, gid: status.gid };
  return { mode, owner: named ?? kept };
}

function fileChanges(files: FileView, path: string, entries: Entries, backup: boolean): Change[] {
  if (OF_THE_KERNEL.test(path)) throw new Error(`${path} is the kernel's; name another place`);
  const place = safePlace(files, path);
  const old = readOld(files, place);
  const { mode, owner } = attributesOf(files, place, entries, old !== undefined);
  if (typeof owner === 'string')
    throw new Error(
      `there is no ${owner} yet, who is to own ${path}: it is not written; with defer: true it is, behind users and packages`,
    );
  const content = contentOf(old, entries);
  const status = statusBehindLinks(files, place.path);
  const isAsAsked =
    old === content && status?.mode === mode && status.uid === owner.uid && status.gid === owner.gid;
  if (isAsAsked) return [];
  const below = place.linksRefusedBelow === undefined ? {} : { linksRefusedBelow: place.linksRefusedBelow };
  const write: WriteFile = { kind: 'write-file', path: place.path, content, mode, owner, ...below };
  if (entries.some(({ secret }) => secret === true)) write.secret = true;
  if (backup && old !== undefined && old !== content) write.backup = true;
  const made = place.missing.map(
    (directory): Change => ({ kind: 'make-directory', path: directory, mode: 0o755, ...below }),
  );
  return [...made, write];
}

/** Whether a file is the default user's, or below its home: it has a name only here, and is made behind the early files. */
function isDefaultUsers(context: StepContext): (file: FileConfig) => boolean {
  const { users = [] } = context.host.parsed.config;
  const asked = users.find(({ name }) => name === undefined);
  const name = defaultUser(context);
  if (asked === undefined || name === 'root') return () => false;
  const { home = `/home/${name}` } = asked;
  return ({ path, owner }) => owner?.user === name || path.startsWith(`${home}/`);
}

/** Of the source's files those that this program writes, and those that it leaves for gandi-postboot. */
export function lateFiles(
  context: StepContext,
  asked: readonly FileConfig[],
): { early: FileConfig[]; late: FileConfig[] } {
  // What is written now below a mount point to come would be hidden by it.
  const hidden = lateHomes(
    context,
    asked.map(({ path }) => posix.dirname(path)),
  );
  const isUsers = isDefaultUsers(context);
  const isLate = (file: FileConfig) =>
    file.late === true || hidden.has(posix.dirname(file.path)) || isUsers(file);
  return { early: asked.filter((file) => !isLate(file)), late: asked.filter(isLate) };
}

/**
 * Writes files that a source brings, each once for its content: what an admin changes later stays until the source says
 * something else, and is kept in the backup then. One that cannot be written costs itself alone.
 */
export function planSourceFiles(context: StepContext, asked: readonly FileConfig[]): Plan {
  const { files, applied } = context;
  // Two ways into one directory that is to be made: it is made once.
  const made = new Set<string>();
  const separate = [...byPath(asked)].flatMap(([path, entries]): PlanPart[] => {
    const name = filePart(path);
    const digest = digestOf(entries);
    const part = { name, digests: { [name]: digest } };
    if (applied[name] === digest) return [];
    try {
      const changes = fileChanges(files, path, entries, true).filter(
        (change) => change.kind !== 'make-directory' || !made.has(change.path),
      );
      for (const change of changes) if (change.kind === 'make-directory') made.add(change.path);
      return [{ ...part, changes }];
    } catch (error) {
      return [{ name, changes: [], notes: [{ level: 'problem', text: describeFailure(error, true) }] }];
    }
  });
  return { changes: [], separate };
}

/** Plans the files of the source that are written before the users are there. */
export function planEarlyFiles(context: StepContext): Plan {
  const { early } = lateFiles(context, context.host.parsed.config.files ?? []);
  return planSourceFiles(context, early);
}
