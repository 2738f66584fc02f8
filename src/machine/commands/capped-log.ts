import { closeSync, constants, fchmodSync, fsyncSync, openSync } from 'node:fs';
import { writeFully } from '../files/write.ts';

/** Of one program's output this much of its start and as much of its end reach the log. */
export const KEPT_BYTES = 512 * 1024;

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/**
 * Keeps the start and the end of an endless output in bounded room. The start is in the file as soon as it is printed;
 * the end is held in memory until the program has ended.
 */
export class CappedLog {
  readonly #descriptor: number;
  readonly #kept: number;
  #startBytes = 0;
  #end: Uint8Array[] = [];
  #endBytes = 0;
  #leftOut = 0;

  /** @param path log file, made if it is missing, 0600 whatever it was; a link there is not followed */
  constructor(path: string, kept = KEPT_BYTES) {
    this.#kept = kept;
    this.#descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    fchmodSync(this.#descriptor, 0o600);
  }

  /** A line of our own. */
  note(line: string): void {
    writeFully(this.#descriptor, Buffer.from(`${line}\n`));
  }

  /** What the program printed. */
  write(chunk: Uint8Array): void {
    const room = Math.max(0, this.#kept - this.#startBytes);
    const start = chunk.subarray(0, room);
    if (start.length > 0) {
      writeFully(this.#descriptor, start);
      this.#startBytes += start.length;
    }
    if (chunk.length > room) this.#keepEnd(chunk.subarray(room));
  }

  /** Writes the end down, syncs and closes the file. */
  close(lastLine: string): void {
    try {
      const end = Buffer.concat(this.#end);
      const surplus = Math.max(0, end.length - this.#kept);
      const leftOut = this.#leftOut + surplus;
      if (leftOut > 0) this.note(`\n[… ${leftOut} bytes left out …]`);
      writeFully(this.#descriptor, end.subarray(surplus));
      this.note(lastLine);
      fsyncSync(this.#descriptor);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #keepEnd(chunk: Uint8Array): void {
    this.#end.push(chunk);
    this.#endBytes += chunk.length;
    for (let [first] = this.#end; first !== undefined; [first] = this.#end) {
      if (this.#endBytes - first.length < this.#kept) return;
      this.#end.shift();
      this.#endBytes -= first.length;
      this.#leftOut += first.length;
    }
  }
}
