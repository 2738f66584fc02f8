/**
 * Makes `gandi-read-ahead`, through which the launcher starts the executable where nothing of it is in memory yet:
 * `gandi-read-ahead PROGRAM ARGUMENT...` asks the kernel for those pages of the file that a start touches, and becomes the
 * program. They lie all over the runtime's 106 MiB. By itself the kernel reads 128 KiB around each of them that a process comes
 * upon, three times as much in all, and the process waits for each.
 *
 * It is an ELF file of one segment that needs no library, so that to run it costs next to nothing. No compiler is needed to
 * build the project: its 40 instructions stand here.
 */

const PAGE_BYTES = 4096;
/** Where x86-64 programs of fixed addresses are linked to (System V ABI, AMD64 supplement). */
const ADDRESS = 0x400000n;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PROGRAM_HEADERS = 2;

const MESSAGE = 'gandi: the executable cannot be started\n';

/** @param {number} value of 32 bits, as an operand has it */
const word = (value) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];

/**
 * The instructions, each with what an assembler calls it. Numbers of system calls are those of arch/x86/entry/syscalls/syscall_64.tbl;
 * the stack of a new program has the number of its arguments, these, a zero, and the environment.
 * @param {number} table bytes from the first instruction to the list of pages, which ends with a count of 0
 * @param {number} message the same of the message
 */
function instructions(table, message) {
  /** @param {number} target @param {number} next where the instruction behind the operand begins */
  const from = (target, next) => word(target - next);
  return [
    [0x48, 0x8b, 0x5c, 0x24, 0x10], // mov rbx, [rsp+16]: the program
    [0x48, 0x8d, 0x6c, 0x24, 0x10], // lea rbp, [rsp+16]: its arguments, of which its name is the first
    [0x48, 0x8b, 0x04, 0x24], // mov rax, [rsp]
    [0x4c, 0x8d, 0x64, 0xc4, 0x10], // lea r12, [rsp+rax*8+16]: the environment
    [0x48, 0x89, 0xdf], // mov rdi, rbx
    [0xbe, ...word(0x80000)], // mov esi, O_RDONLY | O_CLOEXEC
    [0xb8, ...word(2)], // mov eax, open
    [0x0f, 0x05], // syscall
    [0x49, 0x89, 0xc5], // mov r13, rax: if it is an error, that is what readahead says, too, and execve then tells
    [0x4c, 0x8d, 0x35, ...from(table, 0x2c)], // lea r14, [rip+table]
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
    [0xbf, ...word(2)], // mov edi, 2
    [0x48, 0x8d, 0x35, ...from(message, 0x6b)], // lea rsi, [rip+message]
    [0xba, ...word(MESSAGE.length)], // mov edx, its length
    [0xb8, ...word(1)], // mov eax, write
    [0x0f, 0x05], // syscall
    [0xbf, ...word(126)], // mov edi, 126: as a shell ends that cannot run a program
    [0xb8, ...word(60)], // mov eax, exit
    [0x0f, 0x05], // syscall
  ].flat();
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
    if (count === undefined) throw new Error(`"${line}" is no range of pages`);
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
  const rest = Buffer.concat([code, table, Buffer.from(MESSAGE)]);
  const [load, stack] = [1, 0x6474e551];
  const [readExecute, readWrite] = [5, 6];
  return Buffer.concat([
    elfHeader(ADDRESS + BigInt(begin)),
    programHeader(load, readExecute, begin + rest.length),
    programHeader(stack, readWrite, 0),
    rest,
  ]);
}
