import type { ByteSource } from './byte-source.ts';

/** A range of bytes. */
export interface Range {
  offset: number;
  length: number;
}

/** A source that notes what is read of it. */
export interface RecordedSource extends ByteSource {
  /** What was read, in order, ranges that lie close together as one. */
  ranges(): Range[];
}

/** To compare what lies between costs less than to start another comparison. */
const GAP_BYTES = 65_536;

/** Notes which bytes are read of a source: as long as these are the same, whoever reads it learns the same. */
export function recorded(source: ByteSource): RecordedSource {
  const read: Range[] = [];
  return {
    path: source.path,
    size: source.size,
    read(offset, length) {
      const bytes = source.read(offset, length);
      // Nothing was there: that is known by its size.
      if (bytes.length > 0) read.push({ offset, length: bytes.length });
      return bytes;
    },
    ranges: () => joined(read),
  };
}

function joined(read: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const { offset, length } of [...read].sort((one, other) => one.offset - other.offset)) {
    const last = all.at(-1);
    if (last === undefined || offset > last.offset + last.length + GAP_BYTES) all.push({ offset, length });
    else last.length = Math.max(last.length, offset + length - last.offset);
  }
  return all;
}
