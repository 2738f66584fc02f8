/** What decodeText (text-bytes.ts) makes of the byte order mark of UTF-16, little and big endian. */
const UTF_16 = /^(\udcff\udcfe|\udcfe\udcff)/;
/** The `#!` of a script in it, where there is no such mark. */
const WIDE_START = /^(#\0!\0|\0#\0!)/;
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Why a script cannot be run as it was meant, by how it begins. The kernel looks for `#!` in the first two bytes
 * (execve(2)); where it finds none, shells run the file by themselves, whatever its first line names.
 * @param start the first line, or more
 * @returns for people, what it is and how to save it; undefined if nothing is wrong with it
 */
export function whyNotAsMeant(start: string): string | undefined {
  if (UTF_16.test(start) || WIDE_START.test(start)) return 'it is text in UTF-16; save it as UTF-8';
  if (start.startsWith(BYTE_ORDER_MARK))
    return 'it begins with a byte order mark, before what its first line says; save it as UTF-8 without one';
  if (/^#![^\r\n]*\r[^\n]/.test(start)) return 'its lines end with CR alone; save it with LF line ends';
  if (/^[^\n]*\r(\n|$)/.test(start))
    return 'its lines end with CRLF, as on Windows; save it with LF line ends';
  return undefined;
}

/**
 * The interpreter that a script names behind blank space or blank lines, where the kernel does not see it.
 * @returns the interpreter and its argument, if it has one
 */
export function interpreterBehindBlanks(start: string): [string, ...string[]] | undefined {
  const [, interpreter, argument] = /^\s+#![ \t]*(\S+)(?:[ \t]+([^\n]*[^\s]))?/.exec(start) ?? [];
  if (interpreter === undefined) return undefined;
  return argument === undefined ? [interpreter] : [interpreter, argument];
}

/** Whether a file is a compiled program (elf(5)). */
export const isBinary = (start: string): boolean => start.startsWith('\u007fELF');
