import { hasText } from '../byte-fields.ts';
import type { Probe } from './signature.ts';

/** Where the host's archive begins, in bytes: block 128 of 4096 bytes. */
export const ARCHIVE_OFFSET = 524288;

/** Whether a sector is the header of a POSIX tar member (ustar, pax(1) of POSIX.1-2017) whose name begins with `gandi`. */
export function hasArchiveHeader(sector: Uint8Array): boolean {
  return hasText(sector, 257, 'ustar') && hasText(sector, 0, 'gandi');
}

/** Gandi's archive at its place. */
export const findArchive: Probe = ({ at }) =>
  hasArchiveHeader(at(ARCHIVE_OFFSET, 512))
    ? { type: 'archive', usage: 'archive', title: 'archive of the host', at: ARCHIVE_OFFSET }
    : undefined;
