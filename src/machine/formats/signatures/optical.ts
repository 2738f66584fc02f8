import { hasText, labelField, viewOf } from '../byte-fields.ts';
import type { ProbeAreas } from './areas.ts';
import { named, type Probe } from './signature.ts';

/** Where the volume descriptors begin: sector 16 of 2048 bytes (ECMA-119, 6.2.1; ECMA-167, 2/8.3). */
const DESCRIPTORS_AT = 32768;
const SECTOR_BYTES = 2048;
const PRIMARY = 1;
const MOST_DESCRIPTORS = 16;

/** A number that is written in both orders of bytes (ECMA-119, 7.2.3 and 7.3.3); undefined where the two differ. */
function both(view: DataView, offset: number, bytes: 2 | 4): number | undefined {
  const [little, big] =
    bytes === 2
      ? [view.getUint16(offset, true), view.getUint16(offset + 2, false)]
      : [view.getUint32(offset, true), view.getUint32(offset + 4, false)];
  return little === big ? little : undefined;
}

/**
 * ISO 9660: ECMA-119, 8.4, the primary volume descriptor in sector 16. `CD001` in a file's block is none: the descriptor
 * has a type, a version, and sizes that are written twice.
 */
export const findIso: Probe = ({ head }) => {
  const descriptor = head.subarray(DESCRIPTORS_AT, DESCRIPTORS_AT + SECTOR_BYTES);
  if (!hasText(descriptor, 1, 'CD001') || descriptor[0] !== PRIMARY || descriptor[6] !== 1) return undefined;
  const view = viewOf(descriptor);
  const blocks = both(view, 80, 4);
  const blockBytes = both(view, 128, 2);
  if (!blocks || (blockBytes !== 512 && blockBytes !== 1024 && blockBytes !== 2048)) return undefined;
  return {
    type: 'iso9660',
    usage: 'filesystem',
    title: 'ISO 9660 file system',
    ...named(labelField(descriptor, 40, 32), undefined),
    blockBytes,
    fileSystemBytes: blocks * blockBytes,
  };
};

/**
 * UDF: ECMA-167, 2/9 and 3/9.1, the volume recognition sequence: descriptors of 2048 bytes, or one sector where that is
 * larger. One begins the extended area, and one behind it names the version.
 */
export const findUdf: Probe = (areas) =>
  [SECTOR_BYTES, 2 * SECTOR_BYTES].some((step) => hasSequence(areas, step))
    ? { type: 'udf', usage: 'filesystem', title: 'UDF file system' }
    : undefined;

/** @param step from one descriptor to the next, in bytes */
function hasSequence({ head }: ProbeAreas, step: number): boolean {
  let isExtended = false;
  for (let index = 0; index < MOST_DESCRIPTORS; index++) {
    const start = DESCRIPTORS_AT + step * index;
    const is = (identifier: string) => hasText(head, start + 1, identifier) && head[start + 6] === 1;
    if (is('BEA01') && head[start] === 0) isExtended = true;
    else if (isExtended && (is('NSR02') || is('NSR03'))) return true;
    else if (!is('CD001') && !is('BOOT2')) return false;
  }
  return false;
}
