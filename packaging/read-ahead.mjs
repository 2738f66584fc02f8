/**
 * Makes `gandi-read-ahead`, through which the launcher starts the executable where nothing of it is in memory yet:
 * `gandi-read-ahead PROGRAM ARGUMENT...` asks the kernel for those pages of the file that a start touches, and becomes the
 * program. They lie all over the runtime's 106 MiB. By itself the kernel reads 128 KiB around each of them that a process comes
 * upon, three times as much in all, and the process waits for each.
 *
 * It is an ELF file of one segment that needs no library, so that to run it costs next to nothing. No compiler is needed to
 * build the project: its 58 instructions stand here.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const PAGE_BYTES = 4096;
/** Where x86-64 programs of fixed addresses are linked to (System V ABI, AMD64 supplement). */
const ADDRESS = 0x400000n;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PROGRAM_HEADERS = 2;

const NOT_ALLOWED = 'not allowed to run: look for "noexec" in /proc/mounts, and at what SELinux refuses';

/**
 * What it says behind the program's name where that cannot be started, by the error (include/uapi/asm-generic/errno-base.h). The last
 * one is for all others.
 * @type {readonly (readonly [number, string])[]}
 */
const REASONS = [
  [2, 'not there, or the loader of the C library is not (glibc): install gandi-guest again, or glibc'],
  [8, 'damaged: install gandi-guest again'],
  [1, NOT_ALLOWED],
  [13, NOT_ALLOWED],
  [0, 'not started: call it in a shell to see why'],
];
const REASON_BYTES = 12;

/** @param {number} value of 32 bits, as an operand has it */
const word = (value) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];

/**
 * The instructions, each with what an assembler calls it. Numbers of system calls are those of arch/x86/entry/syscalls/syscall_64.tbl;
 * the stack of a new program has the number of its arguments, these, a zero, and the environment.
 * @param {number} table bytes from the first instruction to the list of pages, which ends with a count of 0
 * @param {number} reasons the same to the list of reasons: of each the error, where its text begins in the list, and its length
 */
function instructions(table, reasons) {
  /** @param {number} target @param {number} next where the instruction behind the operand begins */
  const from = (target, next) => word(target - next);
  return [
    [0x48, 0x8b, 0x04, 0x24], // mov rax, [rsp]
    [0x31, 0xdb], // xor ebx, ebx
    [0x48, 0x83, 0xf8, 0x02], // cmp rax, 2
    [0x48, 0x0f, 0x43, 0x5c, 0x24, 0x10], // cmovae rbx, [rsp+16]: the program, if there is one
    [0x48, 0x8d, 0x6c, 0x24, 0x10], // lea rbp, [rsp+16]: its arguments, of which its name is the first
    [0x4c, 0x8d, 0x64, 0xc4, 0x10], // lea r12, [rsp+rax*8+16]: the environment
    [0x48, 0x89, 0xdf], // mov rdi, rbx
    [0xbe, ...word(0x80000)], // mov esi, O_RDONLY | O_CLOEXEC
    [0xb8, ...word(2)], // mov eax, open
    [0x0f, 0x05], // syscall
    [0x49, 0x89, 0xc5], // mov r13, rax: if it is an error, that is what readahead says, too, and execve then tells
    [0x4c, 0x8d, 0x35, ...from(table, 0x33)], // lea r14, [rip+table]
    // next:
    [0x41, 0x8b, 0x36], // mov esi, [r14]: the first page
    [0x41, 0x8b, 0x56, 0x04], // mov edx, [r14+4]: how many there are
    [0x85, 0xd2], // test edx, edx
    [0x74, 0x18], // je done
    [0x4c, 0x89, 0xef], // mov rdi, r13
    [0x48, 0xc1, 0xe6, 0x0c], // shl rsi, 12
    [0x48, 0xc1, 0xe2, 0x0c], // shl rdx, 12
    [0xb8, ...word(187)], // mov eax, readahead
    [0x0f, 0x05], // syscall: it does not wait for the disk
    [0x49, 0x83, 0xc6, 0x08], // add r14, 8
    [0xeb, 0xdd], // jmp next
    // done:
    [0x48, 0x89, 0xdf], // mov rdi, rbx
    [0x48, 0x89, 0xee], // mov rsi, rbp
    [0x4c, 0x89, 0xe2], // mov rdx, r12
    [0xb8, ...word(59)], // mov eax, execve
    [0x0f, 0x05], // syscall: it comes back where it has failed
    [0x4c, 0x8d, 0x35, ...from(reasons - REASON_BYTES, 0x6d)], // lea r14, [rip+reasons-12]
    // other:
    [0x49, 0x83, 0xc6, REASON_BYTES], // add r14, 12
    [0x41, 0x8b, 0x0e], // mov ecx, [r14]: the error that it is about
    [0x85, 0xc9], // test ecx, ecx
    [0x74, 0x04], // je found
    [0x01, 0xc1], // add ecx, eax: what execve says is negative
    [0x75, 0xf1], // jne other
    // found: what writev takes is put together on the stack, the last first
    [0x41, 0x8b, 0x4e, 0x04], // mov ecx, [r14+4]: where the text begins
    [0x48, 0x8d, 0x35, ...from(reasons, 0x87)], // lea rsi, [rip+reasons]
    [0x48, 0x01, 0xf1], // add rcx, rsi
    [0x41, 0x8b, 0x56, 0x08], // mov edx, [r14+8]: its length
    [0x52], // push rdx
    [0x51], // push rcx
    [0x31, 0xd2], // xor edx, edx: the length of the program's name
    [0x48, 0x85, 0xdb], // test rbx, rbx
    [0x74, 0x0b], // je counted
    // count:
    [0x80, 0x3c, 0x13, 0x00], // cmp byte [rbx+rdx], 0
    [0x74, 0x05], // je counted
    [0x48, 0xff, 0xc2], // inc rdx
    [0xeb, 0xf5], // jmp count
    // counted:
    [0x52], // push rdx
    [0x53], // push rbx
    [0xbf, ...word(2)], // mov edi, 2
    [0x48, 0x89, 0xe6], // mov rsi, rsp
    [0xba, ...word(2)], // mov edx, 2: name and text
    [0xb8, ...word(20)], // mov eax, writev
    [0x0f, 0x05], // syscall
    [0xbf, ...word(126)], // mov edi, 126: as a shell ends that cannot run a program
    [0xb8, ...word(60)], // mov eax, exit
    [0x0f, 0x05], // syscall
  ].flat();
}

/** The list of reasons, behind which its texts lie. */
function reasonList() {
  const texts = REASONS.map(([, text]) => Buffer.from(`: ${text}\n`));
  const list = Buffer.alloc(REASONS.length * REASON_BYTES);
  let begin = list.length;
  REASONS.forEach(([error], index) => {
    const length = texts[index]?.length ?? 0;
    [error, begin, length].forEach((value, place) => {
      list.writeUInt32LE(value, index * REASON_BYTES + place * 4);
    });
    begin += length;
  });
  return Buffer.concat([list, ...texts]);
}

/**
 * @param {number} type
 * @param {number} flags
 * @param {number} bytes of the file and in memory, from the file's begin
 */
function programHeader(type, flags, bytes) {
  const header = Buffer.alloc(PROGRAM_HEADER_BYTES);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  if (bytes > 0) {
    header.writeBigUInt64LE(ADDRESS, 16);
    header.writeBigUInt64LE(ADDRESS, 24);
    header.writeBigUInt64LE(BigInt(bytes), 32);
    header.writeBigUInt64LE(BigInt(bytes), 40);
  }
  header.writeBigUInt64LE(BigInt(bytes > 0 ? PAGE_BYTES : 16), 48);
  return header;
}

/** @param {bigint} entry (System V gABI, chapter 4) */
function elfHeader(entry) {
  const header = Buffer.alloc(ELF_HEADER_BYTES);
  // 64 bits, little-endian, version 1.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const [executable, x86, version] = [2, 62, 1];
  header.writeUInt16LE(executable, 16);
  header.writeUInt16LE(x86, 18);
  header.writeUInt32LE(version, 20);
  header.writeBigUInt64LE(entry, 24);
  header.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32);
  header.writeUInt16LE(ELF_HEADER_BYTES, 52);
  header.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  header.writeUInt16LE(PROGRAM_HEADERS, 56);
  return header;
}

/**
 * Reads a list of pages: lines of two numbers, the first page and how many follow each other, from 0, ascending; the first
 * line says whose they are.
 * @param {string} text such as `# bun-linux-x64-baseline 1.4.5`, then `13 4`
 * @throws Error for a line that is none
 */
export function parsePages(text) {
  const [title = '', ...lines] = text.trimEnd().split('\n');
  const pages = lines.map((line) => {
    const [, first, count] = /^(\d+) ([1-9]\d*)$/.exec(line) ?? [];
    if (count === undefined) throw new Error(`build: "${line}" is no range of pages`);
    return { first: Number(first), count: Number(count) };
  });
  return { of: title.replace('# ', ''), pages };
}

/**
 * The program for x86-64.
 * @param {readonly { first: number; count: number }[]} pages of 4096 bytes, as `parsePages` gives them
 */
export function readAheadProgram(pages) {
  const begin = ELF_HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
  const length = instructions(0, 0).length;
  const tableBytes = (pages.length + 1) * 8;
  const code = Buffer.from(instructions(length, length + tableBytes));
  const table = Buffer.alloc(tableBytes);
  pages.forEach(({ first, count }, index) => {
    table.writeUInt32LE(first, index * 8);
    table.writeUInt32LE(count, index * 8 + 4);
  });
  const rest = Buffer.concat([code, table, reasonList()]);
  const [load, stack] = [1, 0x6474e551];
  const [readExecute, readWrite] = [5, 6];
  return Buffer.concat([
    elfHeader(ADDRESS + BigInt(begin)),
    programHeader(load, readExecute, begin + rest.length),
    programHeader(stack, readWrite, 0),
    rest,
  ]);
}

/**
 * Writes `gandi-read-ahead`, where there is a list of the pages of a runtime. By a list of another version more would be read than
 * is needed, and less of what is; but the build goes on without the program, since the list is made of what is built.
 * @param {string} bun folder of the runtime's npm package, whose name is that of the list
 * @param {string} lists folder of all lists
 * @param {string} output folder for the program
 * @returns {Promise<string | undefined>} in one line why there is none although there is a list, and what to do
 */
export async function writeReadAhead(bun, lists, output) {
  const name = basename(bun);
  const list = join(lists, `${name}.txt`);
  if (!existsSync(list)) return undefined;
  const { of, pages } = parsePages(await readFile(list, 'utf8'));
  const { version } = JSON.parse(await readFile(join(bun, 'package.json'), 'utf8'));
  if (of !== `${name} ${version}`)
    return `gandi-read-ahead is left out, for ${list} is of ${of}, and not of ${version}: make the list anew by "node packaging/run-ts.mjs bench/runtime-pages.ts", then build again`;
  await writeFile(join(output, 'gandi-read-ahead'), readAheadProgram(pages), { mode: 0o755 });
  return undefined;
}
