const decoder = new TextDecoder();

/** A view of the same bytes, to read numbers from. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether the ASCII text, which may hold `\xNN` bytes, stands at an offset. False where the bytes end before it does. */
export function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  // Beyond their end no byte is equal to anything; to ask how many there are costs as much as four of them.
  for (let index = 0; index < text.length; index++) {
    if (bytes[offset + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/**
 * A label of fixed size: UTF-8 up to the first NUL, without spaces that pad its end.
 * @returns undefined if it is empty; bytes that are not UTF-8 become U+FFFD
 */
export function labelField(bytes: Uint8Array, offset: number, length: number): string | undefined {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end)).trimEnd() || undefined;
}

/** UTF-16LE text of fixed size up to its first NUL; undefined if it is empty. */
export function utf16Field(bytes: Uint8Array, offset: number, length: number): string | undefined {
  const view = viewOf(bytes);
  let text = '';
  for (let at = offset; at + 2 <= offset + length; at += 2) {
    const unit = view.getUint16(at, true);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text || undefined;
}

/** Bytes as lower-case hexadecimal digits. */
export function hexField(bytes: Uint8Array, offset: number, length: number): string {
  let text = '';
  for (const byte of bytes.subarray(offset, offset + length)) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** 16 bytes as a UUID in lower case, big-endian fields (RFC 9562); undefined if all are zero, which means none. */
export function uuidField(bytes: Uint8Array, offset: number): string | undefined {
  const digits = hexField(bytes, offset, 16);
  if (/^0*$/.test(digits)) return undefined;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** 16 bytes as a GUID in upper case, its first three fields little-endian (UEFI specification 2.10, appendix A). */
export function guidField(bytes: Uint8Array, offset: number): string {
  const view = viewOf(bytes);
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const fields = [
    hex(view.getUint32(offset, true), 8),
    hex(view.getUint16(offset + 4, true), 4),
    hex(view.getUint16(offset + 6, true), 4),
    hexField(bytes, offset + 8, 2),
    hexField(bytes, offset + 10, 6),
  ];
  return fields.join('-').toUpperCase();
}

/** A 64-bit number; above 2^53 it is rounded, which only a damaged header says. */
export function uint64(view: DataView, offset: number, littleEndian: boolean): number {
  return Number(view.getBigUint64(offset, littleEndian));
}
