import type { ByteSource } from '../../../src/machine/formats/byte-source.ts';

/** A source over bytes in memory that counts what is read of it. */
export interface MemorySource extends ByteSource {
  bytesRead: number;
}

export function memorySource(bytes: Uint8Array, size = bytes.length): MemorySource {
  const source: MemorySource = {
    path: '/dev/memory',
    size,
    bytesRead: 0,
    read(offset, length) {
      const available = Math.max(0, Math.min(length, size - offset));
      source.bytesRead += available;
      const result = new Uint8Array(available);
      result.set(bytes.subarray(offset, offset + available));
      return result;
    },
  };
  return source;
}
