/**
 * The frames of the port `net.gandi.exec.0`, by which a host runs commands in its guest: one byte of kind, four bytes of
 * length (big endian), and as many bytes of content. A connection can break off within a frame on either side. So who
 * connects first sends {@link FILLING}, which ends a frame that was begun before and begins none, then `ping` with a
 * number of its own, and takes what comes behind the `hello` with that number.
 */

/** By their first byte: from the host `ping` to `signal`, from the guest `hello` to `end`. */
export const FRAME_KINDS = {
  /** The host's number for this connection. */
  ping: 0x50,
  /** A piece of the request, JSON in UTF-8. */
  request: 0x52,
  /** The request is whole: run it. */
  start: 0x53,
  /** For the command's standard input. */
  input: 0x49,
  /** No more of it comes. */
  inputEnd: 0x43,
  /** Name of a signal, such as `SIGTERM`, for the command and its children. */
  signal: 0x4b,
  /** The number of the ping. */
  hello: 0x48,
  stdout: 0x4f,
  stderr: 0x45,
  /** How the command ended, JSON: {@link CommandEnd}. */
  end: 0x58,
} as const;

export type FrameKind = keyof typeof FRAME_KINDS;

export interface Frame {
  kind: FrameKind;
  content: Uint8Array;
}

/** Bytes of content of one frame at most. */
export const FRAME_BYTES = 16 * 1024;
const HEADER_BYTES = 5;
/** A number of a connection: letters and digits. */
export const PING_BYTES = 32;

/** Zeros, which are no kind of frame. */
export const FILLING = new Uint8Array(FRAME_BYTES + HEADER_BYTES);

const KIND_OF_BYTE = new Map<number, FrameKind>(
  Object.entries(FRAME_KINDS).map(([kind, byte]) => [byte, kind as FrameKind]),
);

/** The bytes of content of any length, in as many frames as it takes; at least one. */
export function encodeFrames(kind: FrameKind, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < content.length; at += FRAME_BYTES) {
    const piece = content.subarray(at, at + FRAME_BYTES);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(FRAME_KINDS[kind], 0);
    header.writeUInt32BE(piece.length, 1);
    parts.push(header, Buffer.from(piece.buffer, piece.byteOffset, piece.length));
  }
  return Buffer.concat(parts);
}

/** Makes frames of a stream of bytes, however it is split. What is no frame is passed over, byte by byte. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the frames that are whole now */
  push(bytes: Uint8Array): Frame[] {
    const all = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    let at = 0;
    while (all.length - at >= HEADER_BYTES) {
      const kind = KIND_OF_BYTE.get(all.readUInt8(at));
      const length = all.readUInt32BE(at + 1);
      if (kind === undefined || length > FRAME_BYTES) {
        at += 1;
        continue;
      }
      if (all.length - at < HEADER_BYTES + length) break;
      frames.push({ kind, content: all.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) });
      at += HEADER_BYTES + length;
    }
    this.#rest = all.subarray(at);
    return frames;
  }

  /** Forgets what was begun: the connection broke off. */
  reset(): void {
    this.#rest = Buffer.alloc(0);
  }
}

/** Gives the frames of one connection, and nothing that was still under way for one before it. */
export class AnsweredFrames {
  readonly #hello: Buffer;
  readonly #decoder = new FrameDecoder();
  #before: Buffer | undefined = Buffer.alloc(0);

  /** @param ping the number that the `hello` is to have */
  constructor(ping: string) {
    this.#hello = Buffer.from(encodeFrames('hello', Buffer.from(ping)));
  }

  /** Whether the other side has answered. */
  get isAnswered(): boolean {
    return this.#before === undefined;
  }

  push(bytes: Uint8Array): Frame[] {
    if (this.#before === undefined) return this.#decoder.push(bytes);
    const all = Buffer.concat([this.#before, bytes]);
    const at = all.indexOf(this.#hello);
    if (at === -1) {
      this.#before = all.subarray(Math.max(0, all.length - this.#hello.length));
      return [];
    }
    this.#before = undefined;
    return this.#decoder.push(all.subarray(at + this.#hello.length));
  }
}

/** What the host asks for. */
export interface CommandRequest {
  argv: readonly [string, ...string[]];
  /** Name of an account of the guest; absent: root. */
  user?: string;
  /** Beside what a login of the user has. */
  environment?: Readonly<Record<string, string>>;
}

/** How it ended: one of the three. */
export interface CommandEnd {
  status?: number;
  /** Such as `SIGKILL`. */
  signal?: string;
  /** Why it never ran. */
  error?: string;
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const isWord = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');

/** @returns the request, or undefined where the bytes are none */
export function parseRequest(bytes: Uint8Array): CommandRequest | undefined {
  const { argv, user, environment = {} } = parseObject(bytes) ?? {};
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every(isWord) || argv[0] === '') return undefined;
  if (user !== undefined && (!isWord(user) || user === '')) return undefined;
  if (typeof environment !== 'object' || environment === null) return undefined;
  const entries = Object.entries(environment);
  if (!entries.every(([name, value]) => /^[A-Za-z_]\w*$/.test(name) && isWord(value))) return undefined;
  const [program = '', ...rest] = argv;
  return {
    argv: [program, ...rest],
    ...(user === undefined ? {} : { user }),
    environment: Object.fromEntries(entries) as Record<string, string>,
  };
}

/** @returns how the command ended, or undefined where the bytes do not say */
export function parseEnd(bytes: Uint8Array): CommandEnd | undefined {
  const { status, signal, error } = parseObject(bytes) ?? {};
  if (typeof status === 'number' && Number.isInteger(status) && status >= 0 && status <= 255)
    return { status };
  if (typeof signal === 'string' && /^SIG[A-Z0-9+]{1,12}$/.test(signal)) return { signal };
  if (typeof error === 'string') return { error };
  return undefined;
}
