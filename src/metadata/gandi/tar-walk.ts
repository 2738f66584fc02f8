import type { ByteSource } from '../../machine/formats/byte-source.ts';
import {
  EXTENSION_BYTES_LIMIT,
  type Extension,
  isExtension,
  readExtension,
} from '../../machine/formats/tar/extension.ts';
import { BLOCK_BYTES, decodeHeader, paddedSize, type TarHeader } from '../../machine/formats/tar/header.ts';
import { canSkip } from './member-rules.ts';

/** Extension headers that may come before a member. */
const EXTENSIONS_LIMIT = 4;

export interface TarMember {
  header: TarHeader;
  /** The place of its content, in bytes from the start of the source. */
  offset: number;
}

/** What keeps the walk from going on, and the byte of the source where. */
export interface WalkFault {
  at: number;
  found: string;
  expected: string;
}

export interface TarWalk {
  /** The members of all headers before the fault, if there is one. */
  members: TarMember[];
  /** Name of the first member, also where its header is broken; undefined if there is no header at all. */
  firstName?: string;
  /** Byte of the source behind the two closing blocks. */
  end?: number;
  fault?: WalkFault;
}

/** Where the walk is. */
interface Walker {
  source: ByteSource;
  at: number;
  /** Said by extension headers about the next member. */
  said: Extension;
  extensions: number;
  walk: TarWalk;
}

/**
 * Goes from header to header of a tar archive that starts at a byte offset, without reading contents, up to its end
 * (two zero blocks), the first fault, or more members than the limit.
 */
export function walkTar(source: ByteSource, offset: number, membersLimit: number): TarWalk {
  const walker: Walker = { source, at: offset, said: {}, extensions: 0, walk: { members: [] } };
  const { walk } = walker;
  while (walk.end === undefined && walk.fault === undefined) {
    const block = source.read(walker.at, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) {
      stop(walker, 'the end of the device', 'two zero blocks at the end of the archive');
      break;
    }
    const result = decodeHeader(block);
    if (result.kind === 'zero') {
      finish(walker);
    } else if (result.kind === 'broken') {
      walk.firstName ??= result.name;
      stop(walker, result.found, result.expected);
    } else if (isExtension(result.header.type)) {
      takeExtension(walker, result.header);
    } else if (walk.members.length === membersLimit) {
      stop(walker, 'more members', `at most ${membersLimit} members`);
    } else {
      takeMember(walker, result.header);
    }
  }
  return walk;
}

function finish(walker: Walker): void {
  const second = walker.source.read(walker.at + BLOCK_BYTES, BLOCK_BYTES);
  if (walker.extensions > 0) {
    stop(walker, 'an extension header without its member', 'a member behind it');
  } else if (second.length < BLOCK_BYTES || second.some((byte) => byte !== 0)) {
    stop(walker, 'one zero block', 'two zero blocks at the end of the archive');
  } else {
    walker.walk.end = walker.at + 2 * BLOCK_BYTES;
  }
}

function takeExtension(walker: Walker, header: TarHeader): void {
  if (header.size > EXTENSION_BYTES_LIMIT || walker.extensions === EXTENSIONS_LIMIT) {
    const expected = `at most ${EXTENSIONS_LIMIT} of them of ${EXTENSION_BYTES_LIMIT} bytes each`;
    stop(walker, 'too many or too long extension headers', expected);
    return;
  }
  if (!isInside(walker, header.size)) {
    return;
  }
  const content = walker.source.read(walker.at + BLOCK_BYTES, header.size);
  const fault = readExtension(header.type, content, walker.said) ?? walker.said.link;
  if (walker.said.name !== undefined) {
    walker.walk.firstName ??= walker.said.name;
  }
  if (fault !== undefined) {
    stop(walker, fault, 'plain files only');
    return;
  }
  walker.extensions += 1;
  walker.at += BLOCK_BYTES + paddedSize(header.size);
}

function takeMember(walker: Walker, plain: TarHeader): void {
  const header = {
    ...plain,
    name: walker.said.name ?? plain.name,
    size: walker.said.size ?? plain.size,
  };
  walker.walk.firstName ??= header.name;
  walker.walk.members.push({ header, offset: walker.at + BLOCK_BYTES });
  if (!isInside(walker, header.size)) {
    return;
  }
  if (!canSkip(header)) {
    stop(walker, 'a special file with content', 'plain files only');
    return;
  }
  walker.said = {};
  walker.extensions = 0;
  walker.at += BLOCK_BYTES + paddedSize(header.size);
}

/** Stops the walk if the content of a member ends behind the source. */
function isInside(walker: Walker, size: number): boolean {
  const left = walker.source.size - walker.at - BLOCK_BYTES;
  if (paddedSize(size) > left) {
    stop(walker, `a member of ${size} bytes`, `at most the ${Math.max(0, left)} bytes that are left`);
    return false;
  }
  return true;
}

function stop(walker: Walker, found: string, expected: string): void {
  walker.walk.fault = { at: walker.at, found, expected };
}
