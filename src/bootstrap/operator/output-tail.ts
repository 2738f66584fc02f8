/** Bytes of the end of the output that are kept for the host. */
const TAIL_BYTES = 32 * 1024;
/** Bytes that are shown: who waits for a console must not keep the script from its work. */
const SHOWN_BYTES = 256 * 1024;

const REST = '\n(the rest of the output is not shown; its end is told to the host)\n';

/** What a script prints: its beginning is shown, its end is kept, however much it is. */
export class OutputTail {
  readonly #show: (bytes: Uint8Array) => void;
  #tail: Buffer = Buffer.alloc(0);
  #shown = 0;

  constructor(show: (bytes: Uint8Array) => void) {
    this.#show = show;
  }

  take(chunk: Uint8Array): void {
    // What is kept must not hold a larger piece of memory.
    this.#tail =
      chunk.length >= TAIL_BYTES
        ? Buffer.from(chunk.subarray(-TAIL_BYTES))
        : Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES);
    const left = SHOWN_BYTES - this.#shown;
    if (left <= 0) return;
    this.#shown += Math.min(left, chunk.length);
    try {
      this.#show(chunk.subarray(0, left));
      if (this.#shown === SHOWN_BYTES) this.#show(Buffer.from(REST));
    } catch {
      // Where nothing takes it there is nobody to tell; the end is kept all the same.
      this.#shown = SHOWN_BYTES;
    }
  }

  /** The end of the output, as text. */
  get text(): string {
    return this.#tail.toString();
  }
}
