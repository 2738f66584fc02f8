import { hasText, viewOf } from '../../byte-fields.ts';
import type { ByteSource } from '../../byte-source.ts';
import { readAll, refuse } from '../volume.ts';
import { type IsoRecord, SECTOR_BYTES } from './records.ts';

/** What Rock Ridge says of a file. */
export interface Attributes {
  name?: string;
  /** It is neither a file nor a directory. */
  isSpecial?: boolean;
}

/** Continuations of one record, and of all that one reader reads; a name of 255 bytes needs two. */
const MOST_CONTINUATIONS = 8;
const MOST_READS = 5000;
/** Fields of an entry before its data: signature, length, version (SUSP, 4). */
const HEAD_BYTES = 4;
const NAME_CONTINUES = 0x01;
/** Flags of names that stand for the directory itself, its parent, the host. */
const NAME_STANDS_FOR_ANOTHER = 0x0e;
const FILE_TYPE = 0o170000;
const ORDINARY = [0o100000, 0o040000];

const decoder = new TextDecoder();

/** A field of a record's System Use area (SUSP, 4). */
interface Field {
  signature: string;
  data: Uint8Array;
}

/** Where an area goes on (SUSP, 5.1). */
interface Continuation {
  block: number;
  offset: number;
  length: number;
}

/**
 * Bytes before the first field of each record, as the SP field of the top directory's own record says (SUSP, 5.3).
 * @returns undefined if it has none, so that the image has no such fields
 */
export function skippedBytes(systemUse: Uint8Array): number | undefined {
  return hasText(systemUse, 0, 'SP') && systemUse[4] === 0xbe && systemUse[5] === 0xef
    ? systemUse[6]
    : undefined;
}

/** Reads Rock Ridge's fields of records. */
export class AttributeReader {
  readonly #source: ByteSource;
  readonly #blockBytes: number;
  readonly #skipped: number;
  #reads = 0;

  constructor(source: ByteSource, blockBytes: number, skipped: number) {
    this.#source = source;
    this.#blockBytes = blockBytes;
    this.#skipped = skipped;
  }

  read({ systemUse, at }: IsoRecord): Attributes {
    let name: string | undefined;
    let isSpecial = false;
    let isWhole = false;
    for (const { signature, data } of this.#fields(systemUse.subarray(this.#skipped), at)) {
      if (signature === 'NM' && !isWhole) {
        const flags = data[0] ?? 0;
        if ((flags & NAME_STANDS_FOR_ANOTHER) === 0)
          name = `${name ?? ''}${decoder.decode(data.subarray(1))}`;
        isWhole = (flags & NAME_CONTINUES) === 0;
      }
      if (signature === 'SL') isSpecial = true;
      if (signature === 'PX' && data.length >= 4) {
        isSpecial ||= !ORDINARY.includes(viewOf(data).getUint32(0, true) & FILE_TYPE);
      }
    }
    return { ...(name === undefined ? {} : { name }), ...(isSpecial ? { isSpecial } : {}) };
  }

  /** The fields of an area and of what continues it. */
  #fields(area: Uint8Array, at: number): Field[] {
    const fields: Field[] = [];
    let next = splitFields(area, at, fields);
    for (let count = 0; next !== undefined; count++) {
      this.#reads += 1;
      if (count === MOST_CONTINUATIONS || this.#reads > MOST_READS) {
        refuse(at, 'continuations of a record without end', `at most ${MOST_CONTINUATIONS} of them`);
      }
      const place = next.block * this.#blockBytes + next.offset;
      if (next.length > SECTOR_BYTES) refuse(place, `${next.length} bytes`, `at most ${SECTOR_BYTES} bytes`);
      next = splitFields(readAll(this.#source, place, next.length, 'a continuation'), place, fields);
    }
    return fields;
  }
}

/** Adds the fields of an area; gives the place where it goes on. */
function splitFields(area: Uint8Array, start: number, fields: Field[]): Continuation | undefined {
  let next: Continuation | undefined;
  for (let at = 0; at + HEAD_BYTES <= area.length; ) {
    const length = area[at + 2] ?? 0;
    const signature = Buffer.from(area.subarray(at, at + 2)).toString('latin1');
    // Zeros fill the rest up; ST says that no more follows.
    if (length === 0 || signature === 'ST') break;
    if (length < HEAD_BYTES || at + length > area.length) {
      refuse(start, `a field ${JSON.stringify(signature)} of ${length} bytes`, 'a field that fits its place');
    }
    const data = area.subarray(at + HEAD_BYTES, at + length);
    if (signature === 'CE' && data.length >= 24) {
      const view = viewOf(data);
      next = {
        block: view.getUint32(0, true),
        offset: view.getUint32(8, true),
        length: view.getUint32(16, true),
      };
    } else {
      fields.push({ signature, data });
    }
    at += length;
  }
  return next;
}
