import { crc32cRaw } from '../crc32.ts';

/** What is wrong with a header whose constant is right, for people. */
export const WRONG_CHECKSUM = 'the checksum of its superblock is wrong';

export const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));

/** Whether a value is a power of two between two others, such as a size of blocks in bytes. */
export function isSize(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && isPowerOfTwo(value);
}

/** CRC-32C of a header as it was when its own field of four bytes was zero; nothing is inverted. */
export function crc32cWithout(bytes: Uint8Array, fieldAt: number): number {
  const cleared = Uint8Array.from(bytes);
  cleared.fill(0, fieldAt, fieldAt + 4);
  return crc32cRaw(cleared);
}

/** The part of a signature that says what is wrong, if the checksum of its superblock is. */
export function checked(isRight: boolean): { flaw?: string } {
  return flawed(isRight ? undefined : WRONG_CHECKSUM);
}

/** The part of a signature that says what is wrong. */
export function flawed(flaw: string | undefined): { flaw?: string } {
  return flaw === undefined ? {} : { flaw };
}
