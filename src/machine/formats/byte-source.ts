/** A block device or file whose bytes are read in pieces. */
export interface ByteSource {
  /** Path of the block device or file, for messages and for what is copied from it later. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes of a range; fewer where it reaches past the end. Throws the system's error if they cannot be read. */
  read(offset: number, length: number): Uint8Array;
}
