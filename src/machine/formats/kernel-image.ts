import { viewOf } from './byte-fields.ts';

/** Fields of the header: Documentation/arch/x86/boot.rst of the kernel, "The Real-Mode Kernel Header". */
const SETUP_SECTORS = 0x1f1;
const HEADER_MAGIC_AT = 0x202;
const HEADER_MAGIC = 0x53726448; // "HdrS"
const VERSION_AT = 0x206;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const HEADER_BYTES = 0x250;
/** The first version that says where the payload is. */
const PAYLOAD_VERSION = 0x0208;
const SECTOR_BYTES = 512;
/** What 0 stands for in the field of that name. */
const DEFAULT_SETUP_SECTORS = 4;

/** The kernel's build adds the size of the content behind the payload (scripts/Makefile.lib, size_append). */
const SIZE_BYTES = 4;

/** Magic numbers, as 32 bits in little-endian order: LZ4's legacy frame, and RFC 8878. */
const LZ4_MAGIC = 0x184c2102;
const ZSTD_MAGIC = 0xfd2fb528;

/** The compressed kernel inside a bzImage. */
export interface KernelPayload {
  format: 'lz4' | 'zstd';
  /** Range of the compressed data in the image, in bytes. */
  offset: number;
  length: number;
  /** Bytes of the kernel itself. */
  contentBytes: number;
}

/**
 * Finds the payload of a bzImage that old Xen boot loaders cannot unpack.
 * @returns undefined for any other file: an ELF kernel, a format that they know, or no kernel at all
 */
export function findPayload(image: Uint8Array): KernelPayload | undefined {
  const view = viewOf(image);
  if (image.length < HEADER_BYTES || view.getUint32(HEADER_MAGIC_AT, true) !== HEADER_MAGIC) return undefined;
  if (view.getUint16(VERSION_AT, true) < PAYLOAD_VERSION) return undefined;
  const sectors = view.getUint8(SETUP_SECTORS) || DEFAULT_SETUP_SECTORS;
  const offset = (sectors + 1) * SECTOR_BYTES + view.getUint32(PAYLOAD_OFFSET, true);
  const length = view.getUint32(PAYLOAD_LENGTH, true) - SIZE_BYTES;
  if (length < SIZE_BYTES || offset + length + SIZE_BYTES > image.length) return undefined;
  const magic = view.getUint32(offset, true);
  const format = magic === LZ4_MAGIC ? 'lz4' : magic === ZSTD_MAGIC ? 'zstd' : undefined;
  if (format === undefined) return undefined;
  return { format, offset, length, contentBytes: view.getUint32(offset + length, true) };
}

/** ELF-64 (System V ABI, "ELF Header" and "Program Header"; elf(5)). */
const ELF_HEADER_BYTES = 64;
const ELF_MAGIC = 0x464c457f;
const CLASS_64 = 2;
const MACHINE_X86_64 = 62;
const SEGMENT_BYTES = 56;
const LOADED = 1;

interface Table {
  offset: number;
  entryBytes: number;
  count: number;
}

/** Whether the file is an ELF kernel for x86-64 of which no part is missing: headers, segments and section table. */
export function isWholeElfKernel(file: Uint8Array): boolean {
  const view = viewOf(file);
  if (file.length < ELF_HEADER_BYTES || view.getUint32(0, true) !== ELF_MAGIC) return false;
  if (file[4] !== CLASS_64 || view.getUint16(18, true) !== MACHINE_X86_64) return false;
  const segments: Table = {
    offset: Number(view.getBigUint64(32, true)),
    entryBytes: view.getUint16(54, true),
    count: view.getUint16(56, true),
  };
  const sections: Table = {
    offset: Number(view.getBigUint64(40, true)),
    entryBytes: view.getUint16(58, true),
    count: view.getUint16(60, true),
  };
  const isInside = ({ offset, entryBytes, count }: Table) => offset + entryBytes * count <= file.length;
  if (!isInside(segments) || !isInside(sections) || segments.entryBytes !== SEGMENT_BYTES) return false;
  let loaded = 0;
  for (let index = 0; index < segments.count; index++) {
    const at = segments.offset + index * SEGMENT_BYTES;
    const end = Number(view.getBigUint64(at + 8, true)) + Number(view.getBigUint64(at + 32, true));
    if (end > file.length) return false;
    if (view.getUint32(at, true) === LOADED) loaded++;
  }
  return loaded > 0;
}
