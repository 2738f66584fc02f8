import { closeSync, openSync, readSync } from 'node:fs';

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

/**
 * Unpacks a gzip file, piece by piece as its reader asks for more. By the decoder that both runtimes have built in
 * (Compression Streams, W3C): `node:zlib` and its streams would cost a boot four times as much.
 * @throws Error if the file is damaged or ends too early; the system's error if it cannot be read
 */
export async function* gunzip(path: string): AsyncGenerator<Uint8Array> {
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
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new Error('the file is no gzip, is damaged, or ends too early', { cause: error });
  } finally {
    // A reader that wants no more ends the feeding, which has the file open.
    if (!ended) await reader.cancel();
    await fed;
    closeSync(descriptor);
  }
}
