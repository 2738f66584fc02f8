import type { ByteSource } from '../byte-source.ts';

/** The device's bytes as probes see them. */
export interface ProbeAreas {
  /** Size of the device in bytes. */
  size: number;
  /**
   * The type that libblkid has found, which computes checksums as well. To compute that of a superblock of this type once
   * more would cost 1.5 million instructions a KiB.
   */
  verified: string | undefined;
  /** The first 68 KiB; zeros stand for what is behind the device's end. */
  head: Uint8Array;
  /** A range of just that length, zeros where it lies outside the device; of head and end no second read is made. */
  at(offset: number, length: number): Uint8Array;
}

/** Up to here lies every signature at a fixed place but the archive; the furthest is that of btrfs. */
const HEAD_BYTES = 68 * 1024;
/**
 * Here lie the superblock of MD version 1.0, that of DRBD and the backup of a GPT. What is further from the end, such as that of
 * MD version 0.90, is a read of its own: these are few, and to read all up to there costs each disk half a million instructions.
 */
const TAIL_BYTES = 16 * 1024;

/** Reads a device's beginning, and other places when a probe asks for them. */
export function readAreas(device: Pick<ByteSource, 'size' | 'read'>, verified?: string): ProbeAreas {
  const { size } = device;
  const head = padded(device.read(0, HEAD_BYTES), HEAD_BYTES);
  const tailStart = Math.max(0, size - TAIL_BYTES);
  let tail: Uint8Array | undefined;
  const at = (offset: number, length: number): Uint8Array => {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset >= size) return new Uint8Array(length);
    if (offset + length <= HEAD_BYTES) return head.subarray(offset, offset + length);
    if (offset < tailStart) return padded(device.read(offset, length), length);
    tail ??= padded(device.read(tailStart, size - tailStart), size - tailStart);
    return padded(tail.subarray(offset - tailStart, offset - tailStart + length), length);
  };
  return { size, verified, head, at };
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  const whole = new Uint8Array(length);
  whole.set(bytes.subarray(0, length));
  return whole;
}
