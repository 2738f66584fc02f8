import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';

/** Of what is read at a time. */
const CHUNK_BYTES = 64 * 1024;

type Decoder = WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;

/** Gives a file to the decoder, no faster than what comes out is read. */
async function feed(descriptor: number, decoder: Decoder): Promise<void> {
  try {
    for (;;) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, null);
      if (length === 0) return await decoder.close();
      await decoder.write(chunk.subarray(0, length));
    }
  } catch (error) {
    // Whoever reads the other end is told; the decoder's own complaints are there already.
    await decoder.abort(error);
  }
}

/** More zeros than a gzip file can end with: checksum, length and last block of one that unpacks to nothing are ten. */
const PADDING_BYTES = 16;

/** Whether zeros follow the end, as a tape or a device leaves them. */
function isPadded(path: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const end = Buffer.alloc(PADDING_BYTES, 1);
    const { size } = fstatSync(descriptor);
    if (size > PADDING_BYTES) readSync(descriptor, end, 0, PADDING_BYTES, size - PADDING_BYTES);
    return end.every((byte) => byte === 0);
  } finally {
    closeSync(descriptor);
  }
}

/** What the decoders have to say about damage is not for admins. */
function tellDamage(error: unknown): never {
  if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
  throw new Error('the file is no gzip, is damaged, or ends too early', { cause: error });
}

/** Bun's own decoder takes padding for damage, that of `node:zlib` passes over it in both runtimes. */
async function* gunzipPadded(path: string): AsyncGenerator<Uint8Array> {
  const decoder = process.getBuiltinModule('node:zlib').createGunzip();
  // What goes wrong is seen by who reads the decoder, which the pipeline then ends.
  process.getBuiltinModule('node:stream').pipeline(createReadStream(path), decoder, () => undefined);
  try {
    yield* decoder;
  } catch (error) {
    tellDamage(error);
  }
}

async function* gunzipPlain(path: string): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(path, 'r');
  const { readable, writable } = new DecompressionStream('gzip');
  const reader = readable.getReader();
  const fed = feed(descriptor, writable.getWriter());
  let ended = false;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    ended = true;
  } catch (error) {
    ended = true;
    tellDamage(error);
  } finally {
    // A reader that wants no more ends the feeding, which has the file open.
    if (!ended) await reader.cancel();
    await fed;
    closeSync(descriptor);
  }
}

/**
 * Unpacks a gzip file, piece by piece as its reader asks for more. By the decoder that both runtimes have built in
 * (Compression Streams, W3C): `node:zlib` and its streams would cost a boot four times as much.
 * @throws Error if the file is damaged or ends too early; the system's error if it cannot be read
 */
export function gunzip(path: string): AsyncGenerator<Uint8Array> {
  return isPadded(path) ? gunzipPadded(path) : gunzipPlain(path);
}
