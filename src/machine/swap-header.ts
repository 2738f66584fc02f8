import { hasText, labelField, uuidField, viewOf } from './byte-fields.ts';

/** Header of a little-endian swap area, from `union swap_header` in the kernel's include/linux/swap.h. */
export interface SwapHeader {
  /** Bytes of a page as the header was written for: the signature ends its first page. */
  pageBytes: number;
  /** Number of the last page that may be used; the first is 0, the header's own. */
  lastPage: number;
  /** Pages excluded from use, in the order they stand in the header. */
  badPages: number[];
  uuid?: string;
  label?: string;
}

/** Bytes to be written at a place of the device, counted from its start. */
export interface HeaderPatch {
  offset: number;
  bytes: Uint8Array;
}

const SIGNATURE = 'SWAPSPACE2';
/** Where the kernel puts the image of a suspended system its signature takes the place of swap's (kernel/power/swap.c). */
const SUSPEND_SIGNATURES = ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'];
/** Page sizes of the architectures that Linux runs on. */
const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536];
const VERSION_AT = 1024;
const LAST_PAGE_AT = 1028;
const BAD_PAGE_COUNT_AT = 1032;
const UUID_AT = 1036;
const LABEL_AT = 1052;
const LABEL_BYTES = 16;
const BAD_PAGES_AT = 1536;

/**
 * @param head the device's first 64 KiB, or as many bytes as it has
 * @returns undefined if there is no valid header of version 1
 */
export function parseSwapHeader(head: Uint8Array): SwapHeader | undefined {
  const pageBytes = PAGE_SIZES.find((size) => hasText(head, size - SIGNATURE.length, SIGNATURE));
  if (pageBytes === undefined) return undefined;
  const view = viewOf(head);
  if (view.getUint32(VERSION_AT, true) !== 1) return undefined;
  const badPageCount = view.getUint32(BAD_PAGE_COUNT_AT, true);
  if (badPageCount > badPageLimit(pageBytes)) return undefined;
  const badPages: number[] = [];
  for (let index = 0; index < badPageCount; index++) {
    badPages.push(view.getUint32(BAD_PAGES_AT + 4 * index, true));
  }
  const uuid = uuidField(head, UUID_AT);
  const label = labelField(head, LABEL_AT, LABEL_BYTES);
  return {
    pageBytes,
    lastPage: view.getUint32(LAST_PAGE_AT, true),
    badPages,
    ...(uuid === undefined ? {} : { uuid }),
    ...(label === undefined ? {} : { label }),
  };
}

/** Whether a suspended system's image is kept in the swap area. @param head as for parseSwapHeader */
export function holdsSuspendedSystem(head: Uint8Array): boolean {
  return PAGE_SIZES.some((size) =>
    SUSPEND_SIGNATURES.some((signature) => hasText(head, size - SIGNATURE.length, signature)),
  );
}

/**
 * What to write to a swap area that is not active, in this order, so that the kernel never uses one of its pages. The
 * entry comes before the count that makes it valid: whatever a power cut leaves is a good header.
 * @param page number of a page of the area, not its first; the kernel refuses an area whose header excludes a page
 *   behind its end
 * @param excluded what the header excludes already; nothing after mkswap(8)
 * @returns nothing if the page is excluded already
 * @throws RangeError for the header's own page, and if there is no room for another page
 */
export function excludePage(page: number, excluded: readonly number[] = []): HeaderPatch[] {
  if (!Number.isInteger(page) || page < 1)
    throw new RangeError(`page ${page} of a swap area cannot be excluded`);
  if (excluded.includes(page)) return [];
  // Room as in the smallest page, which every header has.
  if (excluded.length >= badPageLimit(4096))
    throw new RangeError('the swap header has no room for a bad page');
  return [
    { offset: BAD_PAGES_AT + 4 * excluded.length, bytes: uint32Bytes(page) },
    { offset: BAD_PAGE_COUNT_AT, bytes: uint32Bytes(excluded.length + 1) },
  ];
}

function uint32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

/** MAX_SWAP_BADPAGES: what fits between the fixed fields and the signature. */
function badPageLimit(pageBytes: number): number {
  return Math.floor((pageBytes - SIGNATURE.length - BAD_PAGES_AT) / 4);
}
