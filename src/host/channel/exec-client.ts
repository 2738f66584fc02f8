import { randomBytes } from 'node:crypto';
import type { Line } from '../../machine/devices/lines/line.ts';
import {
  AnsweredFrames,
  type CommandEnd,
  type CommandRequest,
  encodeFrames,
  FILLING,
  FRAME_BYTES,
  type Frame,
  PING_BYTES,
  parseEnd,
} from '../../machine/formats/exec-frames.ts';

/** What takes a command's output as it comes. */
export interface OutputSink {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
}

/** A wait is cut into such pieces, between which is looked whether it is to end. */
const PIECE_MILLISECONDS = 250;
const WRITE_MILLISECONDS = 60_000;

/** A guest's port for commands, once the guest has answered on it. */
export class ExecClient {
  readonly #line: Line;
  readonly #frames: AnsweredFrames;
  #waiting: Frame[] = [];

  private constructor(line: Line, frames: AnsweredFrames) {
    this.#line = line;
    this.#frames = frames;
  }

  /**
   * Waits until the guest answers, which it does once it is configured.
   * @param line to its port; closed by {@link ExecClient.close}
   * @param isOver asked now and then: whether to give up
   * @returns undefined if it is over before the guest answers
   * @throws the system's error if the line breaks
   */
  static async connect(
    line: Line,
    isOver: () => boolean | Promise<boolean>,
  ): Promise<ExecClient | undefined> {
    const ping = randomBytes(PING_BYTES / 2).toString('hex');
    const frames = new AnsweredFrames(ping);
    const client = new ExecClient(line, frames);
    await client.#write(Buffer.concat([FILLING, encodeFrames('ping', Buffer.from(ping))]));
    while (!frames.isAnswered) {
      if (await isOver()) return undefined;
      const bytes = await line.read(performance.now() + PIECE_MILLISECONDS);
      if (bytes !== undefined) client.#waiting.push(...frames.push(bytes));
    }
    return client;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (!(await this.#line.write(bytes, performance.now() + WRITE_MILLISECONDS)))
      throw new Error('the guest does not read from its port');
  }

  /**
   * Runs a command in the guest.
   * @param input for its standard input
   * @param wanted asked now and then: a signal that the command is to get, once, or `over` to wait no longer
   * @returns how it ended; undefined if it was not waited for
   * @throws the system's error if the line breaks, as when the guest dies
   */
  async run(
    request: CommandRequest,
    input: Uint8Array,
    sink: OutputSink,
    wanted: () => 'over' | NodeJS.Signals | undefined,
  ): Promise<CommandEnd | undefined> {
    await this.#write(encodeFrames('request', Buffer.from(JSON.stringify(request))));
    await this.#write(encodeFrames('start'));
    for (let at = 0; at < input.length; at += FRAME_BYTES)
      await this.#write(encodeFrames('input', input.subarray(at, at + FRAME_BYTES)));
    await this.#write(encodeFrames('inputEnd'));
    for (;;) {
      for (const { kind, content } of this.#waiting.splice(0)) {
        if (kind === 'stdout' || kind === 'stderr') sink[kind](content);
        else if (kind === 'end') return parseEnd(content) ?? { error: 'the guest did not say how it ended' };
      }
      const want = wanted();
      if (want === 'over') return undefined;
      if (want !== undefined) await this.#write(encodeFrames('signal', Buffer.from(want)));
      const bytes = await this.#line.read(performance.now() + PIECE_MILLISECONDS);
      if (bytes !== undefined) this.#waiting = this.#frames.push(bytes);
    }
  }

  close(): void {
    this.#line.close();
  }
}
