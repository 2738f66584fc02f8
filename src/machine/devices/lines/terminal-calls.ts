import { bun } from '../../runtime/bun.ts';

/** Numbers of Linux (asm-generic/fcntl.h, asm-generic/ioctls.h, asm-generic/termbits.h; alike on x86-64 and ARM64). */
const F_SETLK = 6;
const F_WRLCK = 1;
const TIOCEXCL = 0x540c;
const TCSANOW = 0;
const B115200 = 0o10002;
const HUPCL = 0o2000;
const CLOCAL = 0o4000;
const CREAD = 0o200;

/** glibc's `struct termios`: four words of flags, of which the third is c_cflag; the line discipline; then c_cc. */
const TERMIOS_BYTES = 60;
const C_CFLAG = 8;
const C_CC = 17;
const VTIME = 5;
const VMIN = 6;

/** `struct flock` of 64-bit machines; all zero but for the type it means the whole file. */
const FLOCK_BYTES = 32;

/** What the runtime's own interface to the C library does without another program. */
export interface TerminalCalls {
  /**
   * Takes the POSIX record lock of a whole file for writing (fcntl(2)).
   * @returns false if another process has one
   */
  lock(descriptor: number): boolean;
  /** Keeps others than root from opening a terminal (ioctl_tty(2), TIOCEXCL). */
  exclude(descriptor: number): void;
  /**
   * Bytes pass as they are, at 115,200 baud, and a line that is closed is not hung up (termios(3)).
   * @returns false if it is no terminal, or its hardware is missing
   */
  setRaw(descriptor: number): boolean;
}

/**
 * The C library by Bun's interface for foreign functions. Undefined where Node.js runs the program, and where Bun has no
 * just-in-time compiler, without which it calls none (packaging/launcher.sh).
 */
export function terminalCalls(): TerminalCalls | undefined {
  const foreign = bun?.FFI;
  if (foreign === undefined || process.env.BUN_JSC_useJIT === '0') return undefined;
  const { symbols } = foreign.dlopen('libc.so.6', {
    fcntl: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
    ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
    tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
    tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
    cfmakeraw: { args: ['ptr'], returns: 'i32' },
    cfsetspeed: { args: ['ptr', 'u32'], returns: 'i32' },
  });
  return {
    lock(descriptor) {
      const lock = Buffer.alloc(FLOCK_BYTES);
      lock.writeInt16LE(F_WRLCK);
      return symbols.fcntl(descriptor, F_SETLK, lock) === 0;
    },
    exclude(descriptor) {
      symbols.ioctl(descriptor, TIOCEXCL, null);
    },
    setRaw(descriptor) {
      const terminal = Buffer.alloc(TERMIOS_BYTES);
      if (symbols.tcgetattr(descriptor, terminal) !== 0) return false;
      symbols.cfmakeraw(terminal);
      symbols.cfsetspeed(terminal, B115200);
      const flags = terminal.readUInt32LE(C_CFLAG);
      terminal.writeUInt32LE(((flags & ~HUPCL) | CLOCAL | CREAD) >>> 0, C_CFLAG);
      terminal[C_CC + VTIME] = 0;
      terminal[C_CC + VMIN] = 0;
      return symbols.tcsetattr(descriptor, TCSANOW, terminal) === 0;
    },
  };
}
