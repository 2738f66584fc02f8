import type { Line } from '../../machine/devices/lines/line.ts';
import { type Answer, MetadataProtocol, type Request, type Turn } from './protocol.ts';

/** Half of what 115,200 baud carry, with a bit at each end of a byte: neither side is always ready. */
const BYTES_PER_SECOND = 11_520 / 2;

/** However much a host has to say. */
const LONGEST_ON_LINE_SECONDS = 60;
/** However often a host answers: so many times the time that it may be silent. */
const MOST_TIMES = 4;

const newId = () => {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number.toString(16).padStart(8, '0');
};

/** How long a host is waited for, in seconds. */
export interface Patience {
  /**
   * Since the last answer; four times as long altogether, for hosts take a while for each key. What answers take on the
   * line comes on top of it.
   */
  seconds: number;
  /** For the answer to one request, by version. */
  answerSeconds: { 1: number; 2: number };
}

/**
 * Talks to the host over a line. Nothing is waited for beyond the time that was given: once that is over every answer is
 * `silent`.
 */
export class MetadataClient {
  readonly #line: Line;
  readonly #protocol: MetadataProtocol;
  readonly #milliseconds: number;
  readonly #began = performance.now();
  #answeredAt = this.#began;

  private constructor(line: Line, { seconds, answerSeconds }: Patience) {
    this.#line = line;
    this.#milliseconds = seconds * 1000;
    this.#protocol = new MetadataProtocol(newId, {
      1: answerSeconds[1] * 1000,
      2: answerSeconds[2] * 1000,
    });
  }

  /**
   * Wakes the host and finds out which version it speaks.
   * @returns undefined if it does not answer
   * @throws the system's error if the line is broken
   */
  static async open(line: Line, patience: Patience): Promise<MetadataClient | undefined> {
    const client = new MetadataClient(line, patience);
    const turn = await client.#run(client.#protocol.open());
    return turn?.state === 'ready' ? client : undefined;
  }

  get version(): 1 | 2 {
    return this.#protocol.version;
  }

  /** @throws the system's error if the line is broken */
  async ask(request: Request): Promise<Answer> {
    const turn = await this.#run(this.#protocol.ask(request));
    if (turn?.state !== 'answered') return { state: 'silent' };
    if (turn.answer.state !== 'silent') this.#answeredAt = performance.now();
    return turn.answer;
  }

  get #end(): number {
    const onLine = Math.min(this.#protocol.believedBytes / BYTES_PER_SECOND, LONGEST_ON_LINE_SECONDS);
    const silent = this.#answeredAt + this.#milliseconds;
    const altogether = this.#began + MOST_TIMES * this.#milliseconds;
    return Math.min(silent, altogether) + onLine * 1000;
  }

  /** Does what the protocol says until it is done, or the time is over. */
  async #run(first: Turn): Promise<Turn | undefined> {
    let turn = first;
    let until = this.#end;
    while (turn.state === 'waiting') {
      if (performance.now() >= this.#end) return undefined;
      if (turn.send !== undefined && !(await this.#line.write(turn.send, this.#end))) return undefined;
      if (turn.waitMilliseconds !== undefined) until = performance.now() + turn.waitMilliseconds;
      const bytes = await this.#line.read(Math.min(until, this.#end));
      if (bytes !== undefined) turn = this.#protocol.received(bytes);
      else if (performance.now() >= until) turn = this.#protocol.silence();
      else turn = { state: 'waiting' };
    }
    return turn;
  }
}
