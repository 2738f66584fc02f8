import type { ByteSource } from '../../machine/formats/byte-source.ts';
import { type CpioMember, readCpio, readCpioMember } from '../../machine/formats/volumes/cpio.ts';
import { quote } from '../fields/problem.ts';
import type { Problem } from '../guest-config.ts';

/** The files that mean something; all may be absent. */
export const FILE_NAMES = [
  'config.toml',
  'nodename',
  'authorized_keys',
  'firstboot.sh',
  // Ours: the metadata-agent unpacks it, and does nothing with it.
  'operator.sh',
] as const;
export type FileName = (typeof FILE_NAMES)[number];
export type CpioFiles = { [Name in FileName]?: Uint8Array };

export type CpioDevice =
  /** No archive. */
  | { state: 'absent' }
  /** An archive that must not be used. */
  | { state: 'broken'; problems: Problem[] }
  | { state: 'present'; format: string; files: CpioFiles };

const MEMBERS_LIMIT = 1000;
/** Bytes of the largest file that is read. */
const FILE_BYTES_LIMIT = 4 * 1024 * 1024;

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
/** Types of stat(2) that are refused. */
const TYPE_NAMES = new Map([
  [0o120000, 'a symbolic link'],
  [0o060000, 'a block device'],
  [0o020000, 'a character device'],
  [0o010000, 'a FIFO'],
  [0o140000, 'a socket'],
]);

/**
 * Reads the archive that begins at the first byte of a disk, in any of the five formats. Members are checked all, and read
 * only if they have one of the names; the disk is not written to.
 * @throws only what reading the source throws
 */
export function readCpioDevice(source: ByteSource): CpioDevice {
  const archive = readCpio(source, MEMBERS_LIMIT);
  if (archive === undefined) return { state: 'absent' };
  const { format, members, fault } = archive;
  // Two bytes alone say that it is binary: any disk may begin with them.
  if (fault !== undefined && members.length === 0 && format.startsWith('binary')) return { state: 'absent' };
  const problems = [
    ...members.flatMap(memberProblems),
    ...repeated(members),
    ...(fault === undefined ? [] : [problem(`byte ${fault.at}`, fault.found, fault.expected)]),
  ];
  if (problems.length > 0) return { state: 'broken', problems };
  const files: CpioFiles = {};
  for (const member of members) {
    const name = FILE_NAMES.find((known) => known === plainName(member));
    if (name === undefined || (member.mode & FILE_TYPE) !== REGULAR) continue;
    const content = readCpioMember(source, member, FILE_BYTES_LIMIT);
    if (content instanceof Uint8Array) files[name] = content;
    else problems.push(problem(name, content.fault.found, content.fault.expected));
  }
  return problems.length > 0 ? { state: 'broken', problems } : { state: 'present', format, files };
}

const problem = (path: string, found: string, expected: string): Problem => ({
  group: 'source',
  path,
  found,
  expected,
});

const plainName = ({ name }: CpioMember) => name.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '') || '.';

/** Plain names as they are; others could hide something from the reader. */
const shown = ({ name }: CpioMember) => (/^[A-Za-z0-9._+/-]{1,100}$/.test(name) ? name : quote(name));

function memberProblems(member: CpioMember): Problem[] {
  const type = member.mode & FILE_TYPE;
  const refused = (found: string, expected: string) => [problem(shown(member), found, expected)];
  if (member.name.startsWith('/')) return refused('an absolute name', 'a name below the archive');
  if (member.name.split('/').includes('..')) return refused('a name with ".."', 'a name below the archive');
  if (type === REGULAR && member.links > 1) return refused('a hard link', 'a file of one name');
  if (type === REGULAR || type === DIRECTORY) return [];
  return refused(TYPE_NAMES.get(type) ?? `a member of type ${type.toString(8)}`, 'a file or a directory');
}

function repeated(members: readonly CpioMember[]): Problem[] {
  const names = new Set<string>();
  return members.flatMap((member) => {
    const name = plainName(member);
    const isKnown = names.has(name);
    names.add(name);
    return isKnown ? [problem(shown(member), 'a second member of this name', 'each name once')] : [];
  });
}
