import { LineSocket } from './line-socket.ts';
import { within } from './wait.ts';

/** An event of the QEMU machine, such as `DEVICE_DELETED` or `SHUTDOWN`. */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

type Settle = (answer: Answer) => void;

const answerSeconds = 30;

/** The QEMU Machine Protocol: JSON commands and events, one in a line (QEMU's docs/interop/qmp-spec). */
export class Qmp {
  readonly #pending = new Map<number, Settle>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #socket: LineSocket | undefined;
  #lastId = 0;

  static async open(path: string): Promise<Qmp> {
    const qmp = new Qmp();
    qmp.#socket = await LineSocket.open(path, (line) => qmp.#receive(JSON.parse(line)));
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  /**
   * @returns what the command returns, to be checked by the caller.
   * @throws with the command's name and QEMU's description when QEMU refuses it.
   */
  async execute(command: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#pending.set(id, resolve));
    this.#socket?.send(JSON.stringify({ execute: command, arguments: parameters, id }));
    const answer = await within(`QMP command ${command}`, answerSeconds, answered);
    if (answer.error) throw new Error(`QMP command ${command}: ${answer.error.desc}`);
    return answer.return;
  }

  /** Calls `listener` for each event, until the function returned is called. */
  listen(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Does `action` and waits for the event that it brings about. */
  async andEvent(
    name: string,
    matches: (event: QmpEvent) => boolean,
    action: () => Promise<unknown>,
    seconds = answerSeconds,
  ): Promise<QmpEvent> {
    let stop = (): void => undefined;
    const happened = new Promise<QmpEvent>((resolve) => {
      stop = this.listen((event) => {
        if (event.event === name && matches(event)) resolve(event);
      });
    });
    try {
      await action();
      return await within(`the event ${name}`, seconds, happened);
    } finally {
      stop();
    }
  }

  close(): void {
    this.#socket?.close();
  }

  #receive(message: Answer | QmpEvent): void {
    if ('event' in message) {
      for (const listener of this.#listeners) listener(message);
    } else if (message.id !== undefined) {
      this.#pending.get(message.id)?.(message);
      this.#pending.delete(message.id);
    }
  }
}
