import { EXTENSION_BYTES_LIMIT, type Extension, isExtension, readExtension } from './extension.ts';
import { BLOCK_BYTES, decodeHeader, paddedSize, type TarHeader } from './header.ts';

/** A member of an archive that is being read. */
export interface StreamedMember {
  header: TarHeader;
  /** Of the header's size. What is not read of it before the next member is asked for is passed over. */
  content: AsyncIterable<Uint8Array>;
}

/** Gives bytes in the portions that are asked for. */
class Portions {
  readonly #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #rest = new Uint8Array(0);
  /** How many bytes have been given. */
  position = 0;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#source =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** At least one byte, at most so many; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done) return undefined;
      this.#rest = next.value as Uint8Array<ArrayBuffer>;
    }
    const portion = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(portion.length);
    this.position += portion.length;
    return portion;
  }

  /** That many bytes, one portion after the other. */
  async *pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const portion = await this.some(left);
      if (portion === undefined) throw new Error('the archive ends inside a member');
      left -= portion.length;
      yield portion;
    }
  }

  /** That many bytes in one piece; undefined if nothing follows at all. */
  async whole(length: number): Promise<Uint8Array | undefined> {
    const first = await this.some(length);
    if (first === undefined || first.length === length) return first;
    const bytes = new Uint8Array(length);
    bytes.set(first);
    let at = first.length;
    for await (const piece of this.pieces(length - at)) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async passOver(length: number): Promise<void> {
    for await (const _ of this.pieces(length));
  }

  async end(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  }

  async return(): Promise<void> {
    await this.#source.return?.();
  }
}

async function takeExtension(source: Portions, header: TarHeader, said: Extension): Promise<void> {
  if (header.size > EXTENSION_BYTES_LIMIT) throw new Error('an extension header of the archive is too long');
  const padded = (await source.whole(paddedSize(header.size))) ?? new Uint8Array(0);
  const fault = readExtension(header.type, padded.subarray(0, header.size), said);
  if (fault !== undefined) throw new Error(`the archive has ${fault}`);
}

/** Type flags of members without content: what stands in their size field is no length. */
const WITHOUT_CONTENT = new Set(['2', '3', '4', '5', '6']);

/** The header with what extensions said of it. */
function withSaid(header: TarHeader, { name = header.name, size = header.size }: Extension): TarHeader {
  return { ...header, name, size: WITHOUT_CONTENT.has(header.type) ? 0 : size };
}

async function* membersOf(source: Portions): AsyncGenerator<StreamedMember> {
  let said: Extension = {};
  for (;;) {
    const block = await source.whole(BLOCK_BYTES);
    if (block === undefined) return;
    const result = decodeHeader(block);
    if (result.kind === 'broken')
      throw new Error(`the archive has ${result.found}, expected ${result.expected}`);
    // Read to its end: only there stands whether all before it was as it was packed.
    if (result.kind === 'zero') return await source.end();
    if (isExtension(result.header.type)) {
      await takeExtension(source, result.header, said);
      continue;
    }
    const header = withSaid(result.header, said);
    said = {};
    const end = source.position + paddedSize(header.size);
    yield { header, content: source.pieces(header.size) };
    await source.passOver(end - source.position);
  }
}

/**
 * Reads a tar archive, ustar by POSIX or GNU, as it arrives: one member after the other, in memory that does not depend
 * on its size.
 * @param bytes of the archive, in pieces of any length; asked for as they are needed, and given back if reading ends early
 * @throws Error if a header is broken or the archive ends inside a member
 */
export async function* readTar(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<StreamedMember> {
  const source = new Portions(bytes);
  try {
    yield* membersOf(source);
  } finally {
    await source.return();
  }
}
