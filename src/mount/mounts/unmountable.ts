import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';

const MIB = 1024 * 1024;

/** The last block of an image is often cut, or padding is left out, and the kernel reads it all the same. */
const MAY_BE_SHORT = new Set(['iso9660']);

/**
 * Why no kernel can mount a file system on this device, told before anything is tried.
 * @returns undefined if nothing is known that speaks against it
 */
export function whyUnmountable(
  { size, sectorBytes, readOnly }: BlockDevice,
  content: Signature,
): string | undefined {
  const { type, fileSystemBytes = 0, replayBytes } = content;
  const unit = content.sectorBytes ?? content.blockBytes ?? sectorBytes;
  if (unit < sectorBytes) {
    return `its file system is made of units of ${unit} bytes, and the disk has sectors of ${sectorBytes}: only a disk with smaller sectors can hold it`;
  }
  if (fileSystemBytes > size && !MAY_BE_SHORT.has(type)) {
    const inMebibytes = (bytes: number) => Math.ceil(bytes / MIB);
    return `its file system is larger than its device (${inMebibytes(fileSystemBytes)} MiB on ${inMebibytes(size)} MiB): its end is missing`;
  }
  return replayBytes !== undefined && readOnly
    ? 'its journal is to be replayed, and the disk is read-only'
    : undefined;
}
