/** What the decoder reads bits from: a function of how many, or of null to go on at the next whole byte. */
interface BitReader {
  (count: number | null): number;
  readonly bytesRead: number;
}

declare module 'unbzip2-stream/lib/bit_iterator.js' {
  export default function bitIterator(nextBuffer: () => Uint8Array): BitReader;
}

declare module 'unbzip2-stream/lib/bzip2.js' {
  const bzip2: {
    /** Reads the header of a stream: the block size in units of 100,000. */
    header(bits: BitReader): number;
    /**
     * Decodes a block, byte by byte.
     * @returns the checksum so far; null at the end of the stream
     */
    decompress(
      bits: BitReader,
      output: (byte: number) => void,
      symbols: Int32Array,
      mostSymbols: number,
      checksum: number,
    ): number | null;
  };
  export default bzip2;
}
