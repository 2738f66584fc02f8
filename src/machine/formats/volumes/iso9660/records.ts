import { viewOf } from '../../byte-fields.ts';
import { refuse } from '../volume.ts';

/** Of the sectors that no directory record crosses (ECMA-119, 6.8.1.1). */
export const SECTOR_BYTES = 2048;

/** A record of a directory (ECMA-119, 9.1). */
export interface IsoRecord {
  /** Of the record, in bytes from the start of the image. */
  at: number;
  /** First block of its content, behind attributes that stand before it. */
  block: number;
  bytes: number;
  isDirectory: boolean;
  /** The first two records of a directory. */
  isItselfOrParent: boolean;
  /** A second stream of the file of the same name. */
  isAssociated: boolean;
  /** Its content is in several extents, or interleaved with another. */
  isInPieces: boolean;
  /** As it stands: bytes of ASCII, or of UCS-2. */
  identifier: Uint8Array;
  /** What extensions keep behind the name. */
  systemUse: Uint8Array;
}

const FLAGS = { directory: 0x02, associated: 0x04, more: 0x80 };
/** Bytes before the name. */
const FIXED_BYTES = 33;

/**
 * The records in the bytes of a directory. Those behind a zero length fill a sector up.
 * @param start of the bytes in the image
 */
export function directoryRecords(bytes: Uint8Array, start: number): IsoRecord[] {
  const records: IsoRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    const sectorEnd = Math.min(bytes.length, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (length === 0) {
      at = sectorEnd;
      continue;
    }
    const nameLength = bytes[at + FIXED_BYTES - 1] ?? 0;
    if (at + length > sectorEnd || nameLength === 0 || FIXED_BYTES + nameLength > length) {
      refuse(start + at, 'a record of a directory that is longer than its place', 'a record that fits');
    }
    records.push(decode(bytes.subarray(at, at + length), start + at, nameLength));
    at += length;
  }
  return records;
}

function decode(record: Uint8Array, at: number, nameLength: number): IsoRecord {
  const view = viewOf(record);
  const flags = view.getUint8(25);
  const identifier = record.subarray(FIXED_BYTES, FIXED_BYTES + nameLength);
  // A byte behind a name of even length fills it up (ECMA-119, 9.1.12).
  const systemUse = FIXED_BYTES + nameLength + (nameLength % 2 === 0 ? 1 : 0);
  return {
    at,
    // Extended attributes, in blocks, stand before the content.
    block: view.getUint32(2, true) + view.getUint8(1),
    bytes: view.getUint32(10, true),
    isDirectory: (flags & FLAGS.directory) !== 0,
    isItselfOrParent: nameLength === 1 && (identifier[0] ?? 0) <= 1,
    isAssociated: (flags & FLAGS.associated) !== 0,
    isInPieces: (flags & FLAGS.more) !== 0 || view.getUint8(26) !== 0,
    identifier,
    systemUse: record.subarray(systemUse),
  };
}

/** The name without version (`;1`) and without a dot at the end, which stands for an absent extension. */
export function nameOf({ identifier }: IsoRecord, isUcs2: boolean): string {
  const text = isUcs2 ? ucs2Text(identifier) : Buffer.from(identifier).toString('latin1');
  return text.replace(/;\d*$/, '').replace(/\.$/, '');
}

function ucs2Text(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  let text = '';
  for (let at = 0; at + 2 <= bytes.length; at += 2) text += String.fromCharCode(view.getUint16(at, false));
  return text;
}
