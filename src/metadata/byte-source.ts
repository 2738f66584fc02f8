/** A block device or file whose bytes are read in pieces. */
export interface ByteSource {
  /** Path of the block device or file, for messages and for what is copied from it later. */
  path: string;
  /** In bytes. */
  size: number;
  /**
   * Reads `length` bytes from byte `offset`; fewer only where the source ends. Throws if the device cannot be read.
   */
  read(offset: number, length: number): Uint8Array;
}
