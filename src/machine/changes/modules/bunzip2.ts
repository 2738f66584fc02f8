import { closeSync, openSync, readSync } from 'node:fs';
import bitIterator from 'unbzip2-stream/lib/bit_iterator.js';
import bzip2 from 'unbzip2-stream/lib/bzip2.js';

/** Of what is read, and of what is given, at a time. */
const CHUNK_BYTES = 64 * 1024;

const USUAL_BLOCK_BYTES = 1024 * 1024;

/** Holds what one block unpacked to; used again for the next, or garbage would pile up. */
class BlockContent {
  #bytes = Buffer.allocUnsafe(USUAL_BLOCK_BYTES);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  readonly add = (byte: number): void => {
    if (this.#length === this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * this.#bytes.length);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  };

  *chunks(): Generator<Buffer> {
    for (let at = 0; at < this.#length; at += CHUNK_BYTES)
      yield Buffer.from(this.#bytes.subarray(at, Math.min(at + CHUNK_BYTES, this.#length)));
  }
}

/** Reads a file from its start to its end. */
class FileReader {
  #position = 0;

  constructor(private readonly descriptor: number) {}

  readonly next = (): Buffer => {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const length = readSync(this.descriptor, chunk, 0, CHUNK_BYTES, this.#position);
    if (length === 0) throw new Error('nothing follows');
    this.#position += length;
    return chunk.subarray(0, length);
  };

  /** @param used how many bytes of what was given were needed */
  hasMore(used: number): boolean {
    return used < this.#position || readSync(this.descriptor, Buffer.alloc(1), 0, 1, this.#position) > 0;
  }
}

/** What the decoder has to say about damage is not for admins. */
function decode<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new Error('the file is no bzip2, is damaged, or ends too early', { cause: error });
  }
}

/**
 * Unpacks a bzip2 file, block by block as its reader asks for more. Memory is bounded by what one block can unpack to,
 * whatever the file holds: 900,000 symbols of which five stand for 259 bytes at most, 47 MB. Blocks are decoded by
 * unbzip2-stream, whose own stream keeps all that it is given until it is read, as lists of numbers.
 * @throws Error if the file is damaged or ends too early
 */
export function* bunzip2(path: string): Generator<Buffer> {
  const descriptor = openSync(path, 'r');
  try {
    const reader = new FileReader(descriptor);
    const block = new BlockContent();
    const bits = decode(() => bitIterator(reader.next));
    // Several streams can follow one another (bzip2(1)).
    do {
      const mostSymbols = 100_000 * decode(() => bzip2.header(bits));
      const symbols = new Int32Array(mostSymbols);
      for (let checksum: number | null = 0; checksum !== null; ) {
        block.clear();
        const before: number = checksum;
        checksum = decode(() => bzip2.decompress(bits, block.add, symbols, mostSymbols, before));
        yield* block.chunks();
      }
    } while (reader.hasMore(bits.bytesRead));
  } finally {
    closeSync(descriptor);
  }
}
