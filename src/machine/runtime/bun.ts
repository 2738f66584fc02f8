/** What we use of Bun's own interface (https://bun.com/reference/bun): the part that TypeScript has to know. */
interface Bun {
  spawn(options: BunSpawnOptions): BunSubprocess;
  hash: { crc32(bytes: Uint8Array): number };
  /** Functions of a C library; it needs the just-in-time compiler (https://bun.com/docs/runtime/ffi). */
  FFI?: {
    dlopen<Name extends string>(
      library: string,
      functions: Record<Name, { args: readonly string[]; returns: string }>,
    ): { symbols: Record<Name, (...args: (number | Uint8Array | null)[]) => number> };
  };
  CryptoHasher: new (
    algorithm: 'sha256',
  ) => { update(text: string | Uint8Array): { digest(encoding: 'hex'): string } };
}

interface BunSpawnOptions {
  cmd: readonly string[];
  cwd: string;
  /** The program is looked for in its PATH. */
  env: Readonly<Record<string, string>>;
  stdin: 'ignore' | Uint8Array;
  stdout: 'pipe';
  stderr: 'pipe';
  /** Calls setsid(2): the program gets a process group of its own. */
  detached: true;
}

interface BunSubprocess {
  pid: number;
  stdout: BunOutput;
  stderr: BunOutput;
  /** Resolves when the program has ended, never rejects. */
  exited: Promise<number>;
  exitCode: number | null;
  signalCode: string | null;
  /** The program that started it does not wait for its end. */
  unref(): void;
}

interface BunOutput {
  getReader(): {
    read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: undefined }>;
    cancel(): Promise<void>;
  };
}

/**
 * Bun's own interface; undefined where Node.js runs the program. What the runtime has of its own starts at once, while
 * its modules of Node.js's names load what Node.js has: 44 of the 584 million instructions of a first boot.
 */
export const bun = (globalThis as { Bun?: Bun }).Bun;
