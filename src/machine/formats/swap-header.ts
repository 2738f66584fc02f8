import { hasText, labelField, uuidField, viewOf } from './byte-fields.ts';

/** Header of a swap area, from `union swap_header` in the kernel's include/linux/swap.h. */
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
/** As mkswap(8) has it; the kernel takes any number. */
const LEAST_PAGES = 10;

/**
 * @param head the device's first 64 KiB, or as many bytes as it has
 * @returns undefined if there is no valid header of version 1
 */
export function parseSwapHeader(head: Uint8Array): SwapHeader | undefined {
  const pageBytes = PAGE_SIZES.find((size) => hasText(head, size - SIGNATURE.length, SIGNATURE));
  if (pageBytes === undefined) return undefined;
  const view = viewOf(head);
  // The kernel uses one in the other order of bytes as well (read_swap_header in mm/swapfile.c).
  const isLittle = view.getUint32(VERSION_AT, true) === 1;
  if (!isLittle && view.getUint32(VERSION_AT, false) !== 1) return undefined;
  const badPageCount = view.getUint32(BAD_PAGE_COUNT_AT, isLittle);
  if (badPageCount > badPageLimit(pageBytes)) return undefined;
  const badPages: number[] = [];
  for (let index = 0; index < badPageCount; index++) {
    badPages.push(view.getUint32(BAD_PAGES_AT + 4 * index, isLittle));
  }
  const uuid = uuidField(head, UUID_AT);
  const label = labelField(head, LABEL_AT, LABEL_BYTES);
  return {
    pageBytes,
    lastPage: view.getUint32(LAST_PAGE_AT, isLittle),
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
 * Whether the header excludes every page of a range from use: what lies there was written by no process of the guest.
 * @param offset of the range in bytes; pages are counted in the size that the header was written for
 */
export function excludesRange(
  { pageBytes, badPages }: Pick<SwapHeader, 'pageBytes' | 'badPages'>,
  offset: number,
  length: number,
): boolean {
  const excluded = new Set(badPages);
  const last = Math.floor((offset + length - 1) / pageBytes);
  for (let page = Math.floor(offset / pageBytes); page <= last; page++) {
    if (!excluded.has(page)) return false;
  }
  return true;
}

/**
 * Whether a header was being written when the power went (see renderSwapHeader): the signature is there, the version is
 * not yet. The kernel uses no such area.
 * @param head as for parseSwapHeader
 */
export function isUnfinishedHeader(head: Uint8Array): boolean {
  const signed = PAGE_SIZES.some((size) => hasText(head, size - SIGNATURE.length, SIGNATURE));
  return signed && viewOf(head).getUint32(VERSION_AT, true) === 0;
}

/** What a new swap area is to be. */
export interface NewSwapArea {
  /** Bytes of the device. */
  deviceBytes: number;
  /** The running kernel's: it uses no area that was made for another size. */
  pageBytes: number;
  uuid: string;
  /** At most 16 bytes of ASCII. */
  label: string;
  /** Pages that the kernel must never use. */
  badPages: readonly number[];
}

/**
 * The header that mkswap(8) would write, with pages excluded from the start.
 * @returns what to write, in this order, each synced before the next. The one sector that makes the header valid, or
 *   another than it was, comes last: whatever a power cut leaves is a good header or none.
 * @throws RangeError if the device is too small, or a page is the header's own, behind the end, or one too many
 */
export function renderSwapHeader(area: NewSwapArea): HeaderPatch[] {
  const { deviceBytes, pageBytes, uuid, label, badPages } = area;
  const pages = Math.floor(deviceBytes / pageBytes);
  if (pages < LEAST_PAGES)
    throw new RangeError(
      `${deviceBytes} bytes are too few for swap: at least ${LEAST_PAGES} pages are needed`,
    );
  if (badPages.length > badPageLimit(pageBytes))
    throw new RangeError(`the swap header has no room for ${badPages.length} bad pages`);
  const page = new Uint8Array(pageBytes);
  const view = viewOf(page);
  view.setUint32(VERSION_AT, 1, true);
  view.setUint32(LAST_PAGE_AT, pages - 1, true);
  view.setUint32(BAD_PAGE_COUNT_AT, badPages.length, true);
  page.set(Buffer.from(uuid.replaceAll('-', ''), 'hex'), UUID_AT);
  page.set(Buffer.from(label).subarray(0, LABEL_BYTES), LABEL_AT);
  badPages.forEach((bad, index) => {
    if (!Number.isInteger(bad) || bad < 1 || bad >= pages)
      throw new RangeError(`page ${bad} of a swap area of ${pages} pages cannot be excluded`);
    view.setUint32(BAD_PAGES_AT + 4 * index, bad, true);
  });
  page.set(Buffer.from(SIGNATURE), pageBytes - SIGNATURE.length);
  return [
    // Boot code may stand before the header, as mkswap(8) knows; here nothing is left that could be taken for some.
    { offset: 0, bytes: page.subarray(0, VERSION_AT) },
    { offset: BAD_PAGES_AT, bytes: page.subarray(BAD_PAGES_AT) },
    { offset: VERSION_AT, bytes: page.subarray(VERSION_AT, BAD_PAGES_AT) },
  ];
}

/** MAX_SWAP_BADPAGES: what fits between the fixed fields and the signature. */
function badPageLimit(pageBytes: number): number {
  return Math.floor((pageBytes - SIGNATURE.length - BAD_PAGES_AT) / 4);
}
