import type { ByteSource } from '../../machine/formats/byte-source.ts';
import { BLOCK_BYTES } from '../../machine/formats/tar/header.ts';
import { quote } from '../fields/problem.ts';
import type { SeedArchive, StoredMember } from '../gandi-disk.ts';
import type { Problem } from '../guest-config.ts';
import { checkMember, MEMBERS_LIMIT, memberFileName, modulesRelease, namesGandi } from './member-rules.ts';
import { type TarMember, walkTar } from './tar-walk.ts';

/** Where hosts put the archive, in bytes from the start of the disk: 128 blocks of 4096. */
export const ARCHIVE_OFFSET = 524_288;

/** What is at the place of the archive. */
export type ArchiveResult =
  /** No archive that was meant for a guest. */
  | { state: 'absent' }
  /** An archive that must not be used. */
  | { state: 'broken'; problems: Problem[] }
  /** An archive that was checked from end to end, with the content of `gandi/config`. */
  | { state: 'present'; archive: SeedArchive; config: Uint8Array; operator?: Uint8Array };

/**
 * Looks for the archive at a byte offset of a disk or file and checks all of it before anything is used: names, types,
 * modes, sizes, and that it is there to its end. Contents are not read, other than `gandi/config` and the last block of
 * each member; memory and time do not grow with their sizes. Throws only what reading the source throws.
 *
 * An archive is taken for a guest's if it has a member that `gandi` is in the name of, in the right place or by a
 * detour such as `../gandi/config`; another one's is `absent`.
 */
export function readArchive(source: ByteSource, offset: number): ArchiveResult {
  const { members, end, fault, firstName } = walkTar(source, offset, MEMBERS_LIMIT);
  if (!namesGandi(firstName ?? '') && !members.some(({ header }) => namesGandi(header.name))) {
    return { state: 'absent' };
  }
  const problems: Problem[] = [
    ...members.flatMap((member) => memberProblems(source, member)),
    ...duplicates(members),
    ...(fault === undefined ? [] : [problem(`byte ${fault.at}`, fault.found, fault.expected)]),
  ];
  const stored = members.flatMap((member) => toStored(member));
  const config = stored.find(({ name }) => name === 'config');
  if (config === undefined && problems.length === 0) {
    problems.push(problem('gandi/config', 'nothing', 'a configuration'));
  }
  if (config === undefined || end === undefined || problems.length > 0) {
    return { state: 'broken', problems };
  }
  const operator = stored.find(({ name }) => name === 'operator');
  return {
    state: 'present',
    ...(operator === undefined ? {} : { operator: source.read(operator.offset, operator.length) }),
    archive: { device: source.path, offset, length: end - offset, members: stored },
    config: source.read(config.offset, config.length),
  };
}

function toStored({ header, offset }: TarMember): StoredMember[] {
  const name = memberFileName(header);
  return name === undefined ? [] : [{ name, offset, length: header.size }];
}

function memberProblems(source: ByteSource, member: TarMember): Problem[] {
  const name = shownName(member);
  const problems = checkMember(member.header).map(({ found, expected }) => problem(name, found, expected));
  if (problems.length === 0 && isCutOff(source, member)) {
    problems.push(problem(name, 'zeros at its end', 'a file that was written to its end'));
  }
  return problems;
}

/**
 * A disk whose writing stopped is zero from there on. No script or configuration ends in a block of zeros; nor does a
 * compressed archive, but for the last bytes of gzip's length field (RFC 1952, section 2.3.1), which unpacking checks.
 */
function isCutOff(source: ByteSource, { header, offset }: TarMember): boolean {
  const tail = header.size - Math.floor(Math.max(0, header.size - 1) / BLOCK_BYTES) * BLOCK_BYTES;
  const isModules = modulesRelease(memberFileName(header) ?? '') !== undefined;
  if (tail === 0 || (isModules && tail < 8)) {
    return false;
  }
  const bytes = source.read(offset + header.size - tail, tail);
  return bytes.length === tail && bytes.every((byte) => byte === 0);
}

function duplicates(members: readonly TarMember[]): Problem[] {
  const names = new Set<string>();
  return members.flatMap((member) => {
    const name = member.header.name.replace(/\/$/, '');
    const known = names.has(name);
    names.add(name);
    return known ? [problem(shownName(member), 'a second member of this name', 'each name once')] : [];
  });
}

/** Plain names as they are; others could hide something from the reader. */
function shownName({ header: { name } }: TarMember): string {
  return /^[A-Za-z0-9._+/-]{1,100}$/.test(name) ? name : quote(name);
}

function problem(path: string, found: string, expected: string): Problem {
  return { group: 'archive', path, found, expected };
}
