import type { TarHeader } from '../../machine/formats/tar/header.ts';
import { CONFIG_BYTES_LIMIT } from '../fields/json/json-text.ts';
import { quote } from '../fields/problem.ts';

const MEBIBYTE = 1024 * 1024;
/** Bytes of the largest script, init or other member that is stored in /gandi. */
const FILE_BYTES_LIMIT = 16 * MEBIBYTE;
/** Bytes of the largest modules archive. */
const MODULES_BYTES_LIMIT = 1024 * MEBIBYTE;

/** Members of an archive: a host's own has 3 to 5. */
export const MEMBERS_LIMIT = 64;

const MEMBER_NAME = /^gandi\/([A-Za-z0-9_+-][A-Za-z0-9._+-]{0,254})$/;

/** A file name of a modules archive; the release is at most 64 characters (`__NEW_UTS_LEN` of the kernel). */
const MODULES_NAME = /^([A-Za-z0-9][A-Za-z0-9._+-]{0,63})-modules\.tar\.(?:gz|bz2)$/;

/** What type flags other than file and directory stand for. */
const TYPE_NAMES: Record<string, string> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a FIFO',
  S: 'a sparse file',
};

/** Type flags of members without content: a size other than 0 leaves open where the next header is. */
const WITHOUT_CONTENT = ['1', '2', '3', '4', '5', '6'];

/** What keeps a member from being taken. */
export interface MemberFault {
  found: string;
  expected: string;
}

/** The kernel release of a modules archive by its file name below /gandi; undefined for any other file. */
export function modulesRelease(name: string): string | undefined {
  return MODULES_NAME.exec(name)?.[1];
}

/** The file name below /gandi of a member; undefined if it has none that may be written. */
export function memberFileName(header: TarHeader): string | undefined {
  return header.type === '0' ? MEMBER_NAME.exec(header.name)?.[1] : undefined;
}

/** Whether a name has anything to do with `gandi/`, also on ways around it: such an archive was meant for the guest. */
export function namesGandi(name: string): boolean {
  return /^[./]*gandi(?:\/|$)/.test(name);
}

/** Checks one member: type, name, mode and size. */
export function checkMember(header: TarHeader): MemberFault[] {
  const faults: MemberFault[] = [];
  if (header.type !== '0' && header.type !== '5') {
    const found = TYPE_NAMES[header.type] ?? `a member of type ${quote(header.type)}`;
    faults.push({ found, expected: 'a file' });
  } else if (header.type === '5' ? !/^gandi\/?$/.test(header.name) : !MEMBER_NAME.test(header.name)) {
    const found = `${header.type === '5' ? 'a directory' : 'a file'} named ${quote(header.name)}`;
    faults.push({ found, expected: 'gandi/, or a file directly below it with a plain name' });
  }
  if ((header.mode & 0o7000) !== 0) {
    const found = `mode 0${header.mode.toString(8)}`;
    faults.push({ found, expected: 'a mode without setuid, setgid and sticky bits' });
  }
  const limit = sizeLimit(header);
  if (header.size > limit) {
    faults.push({ found: `${header.size} bytes`, expected: `at most ${limit} bytes` });
  }
  return faults;
}

/** Whether the next header follows right behind the member's content. */
export function canSkip({ type, size }: TarHeader): boolean {
  return type !== 'S' && (size === 0 || !WITHOUT_CONTENT.includes(type));
}

function sizeLimit({ name, type }: TarHeader): number {
  if (type === '5') {
    return 0;
  }
  if (name === 'gandi/config') {
    return CONFIG_BYTES_LIMIT;
  }
  return modulesRelease(MEMBER_NAME.exec(name)?.[1] ?? '') === undefined
    ? FILE_BYTES_LIMIT
    : MODULES_BYTES_LIMIT;
}
