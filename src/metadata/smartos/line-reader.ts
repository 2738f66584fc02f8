const NEWLINE = 0x0a;

/** Makes lines of bytes that come in any pieces. */
export class LineReader {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #pending = 0;
  #isOverlong = false;

  /** @param limit bytes of the longest line; a longer one is dropped whole */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes of the line that has not ended yet; 0 of one that is dropped. */
  get pendingBytes(): number {
    return this.#pending;
  }

  /** Whether the line that has not ended yet begins so, as far as it has come. */
  beginsWith(text: string): boolean {
    const start = Buffer.concat(this.#parts.slice(0, text.length), Math.min(this.#pending, text.length));
    return text.startsWith(start.toString('latin1'));
  }

  clear(): void {
    this.#parts = [];
    this.#pending = 0;
    this.#isOverlong = false;
  }

  /** The lines that these bytes end, without their ends. What follows {@link clear} within one call is given all the same. */
  take(bytes: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      this.#add(bytes.subarray(from, end));
      if (!this.#isOverlong) lines.push(Buffer.concat(this.#parts));
      this.clear();
      from = end + 1;
    }
    this.#add(bytes.subarray(from));
    return lines;
  }

  #add(bytes: Uint8Array): void {
    if (this.#isOverlong || bytes.length === 0) return;
    this.#pending += bytes.length;
    // A copy: who reads may use its memory again.
    this.#parts.push(Uint8Array.from(bytes));
    if (this.#pending <= this.#limit) return;
    this.clear();
    this.#isOverlong = true;
  }
}
