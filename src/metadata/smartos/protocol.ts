import { crc32 } from '../../machine/formats/crc32.ts';
import { LineReader } from './line-reader.ts';

/** What a guest can ask its host. In V1 there are GET and KEYS alone. */
export type Request =
  | { word: 'GET' | 'DELETE'; key: string }
  | { word: 'KEYS' }
  | { word: 'PUT'; key: string; value: Uint8Array };

/** What the host has to say. `failure`: it has the key, or may have it, and cannot give it; that is no `not-found`. */
export type Answer =
  | { state: 'success'; value: Uint8Array }
  | { state: 'not-found' }
  | { state: 'failure'; message: string }
  /** Asked twice, it did not answer. */
  | { state: 'silent' };

/** What is to be done next. */
export type Turn =
  | {
      state: 'waiting';
      /** To be sent first. */
      send?: Uint8Array;
      /** How long to wait for it to go on, from now; absent: as long as was said before. */
      waitMilliseconds?: number;
    }
  | { state: 'ready' }
  | { state: 'answered'; answer: Answer };

/** Nothing comes any more: what was on its way to somebody before us is over. */
const QUIET_MILLISECONDS = 100;
/** A host in trouble is given this long before it is asked again. */
const PAUSE_MILLISECONDS = 500;
/** How long mdata-client waits for the answer to an empty line. */
const WAKE_MILLISECONDS = 2000;

/** Bytes of the longest answer. */
const ANSWER_BYTES_LIMIT = 8 * 1024 * 1024;
/** Characters of a host's message that are shown. */
const MESSAGE_CHARACTERS = 200;

const WAKE = Buffer.from('\n');
const NEGOTIATE = Buffer.from('NEGOTIATE V2\n');
const REFUSAL = 'invalid command';

const FRAME = /^V2 (\d{1,8}) ([0-9a-f]{8}) ([^\n]*)$/;
const BODY = /^([0-9a-f]{8}) (SUCCESS|NOTFOUND|FAILURE)(?: ([A-Za-z0-9+/]*={0,2}))?$/;

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes as string).toString('base64');

function payloadOf(request: Request): string | undefined {
  switch (request.word) {
    case 'KEYS':
      return undefined;
    case 'GET':
    case 'DELETE':
      return base64(request.key);
    case 'PUT':
      return base64(`${base64(request.key)} ${base64(request.value)}`);
  }
}

/** A frame of V2: length and CRC-32 are those of what stands behind them. */
function frameOf(id: string, request: Request): Uint8Array {
  const payload = payloadOf(request);
  const body = `${id} ${request.word}${payload === undefined ? '' : ` ${payload}`}`;
  const sum = crc32(Buffer.from(body)).toString(16).padStart(8, '0');
  return Buffer.from(`V2 ${body.length} ${sum} ${body}\n`);
}

/** A line of V1, which knows no more than GET and KEYS. */
const lineOf = (request: Request) =>
  Buffer.from(request.word === 'KEYS' ? 'KEYS\n' : `GET ${'key' in request ? request.key : ''}\n`);

/** @returns undefined if it is no frame, or the answer to something else */
function answerOf(line: Uint8Array, id: string): Answer | undefined {
  const [, length, sum, text] = FRAME.exec(Buffer.from(line).toString('latin1')) ?? [];
  if (text === undefined || text.length !== Number(length)) return undefined;
  if (crc32(Buffer.from(text, 'latin1')) !== Number.parseInt(sum ?? '', 16)) return undefined;
  const [, of, word, payload = ''] = BODY.exec(text) ?? [];
  if (of !== id) return undefined;
  const value = Buffer.from(payload, 'base64');
  if (word === 'SUCCESS') return { state: 'success', value };
  return word === 'NOTFOUND' ? { state: 'not-found' } : failure(value.toString());
}

const failure = (message: string): Answer => ({
  state: 'failure',
  message: message.slice(0, MESSAGE_CHARACTERS),
});

/** What is being waited for. */
type Stage =
  /** Bytes are dropped until none comes any more. */
  | { name: 'quiet'; milliseconds: number; next: 'wake' | 'negotiate' }
  /** An empty line was sent; so many were since it was quiet. */
  | { name: 'wake'; sent: number }
  | { name: 'negotiate' }
  | { name: 'ready' }
  | {
      name: 'ask';
      id: string;
      /** The lines of V1 that have come, once SUCCESS has. */
      value?: Uint8Array[];
      valueBytes: number;
    };

/**
 * The guest's side of the metadata protocol of SmartOS, V2 and V1, without a line of its own: bytes and silence go in, bytes
 * to send and answers come out (joyent/mdata-client, proto.c; smartos-live, metadata/agent.js). One request is asked at a
 * time. What is no answer to it is dropped; when none comes in time, all begins anew and it is asked once more.
 */
export class MetadataProtocol {
  readonly #newId: () => string;
  readonly #answerMilliseconds: { 1: number; 2: number };
  readonly #lines = new LineReader(ANSWER_BYTES_LIMIT);
  #stage: Stage = { name: 'ready' };
  #version: 1 | 2 = 1;
  #request: Request | undefined;
  #isAskedAgain = false;
  #believedBytes = 0;

  /**
   * @param newId eight random hexadecimal digits, other ones at each call
   * @param answerMilliseconds how long the answer to a request may take, in each version
   */
  constructor(newId: () => string, answerMilliseconds: { 1: number; 2: number }) {
    this.#newId = newId;
    this.#answerMilliseconds = answerMilliseconds;
  }

  /** What was negotiated; 1 before that. */
  get version(): 1 | 2 {
    return this.#version;
  }

  /** Bytes of answers, and of what may become one: they take time on a line, for which no host is to blame. */
  get believedBytes(): number {
    const isComing = this.#stage.name === 'ask' && this.#isPlausible();
    return this.#believedBytes + (isComing ? this.#lines.pendingBytes : 0);
  }

  /** Begins to talk. `ready` follows. */
  open(): Turn {
    this.#version = 1;
    this.#lines.clear();
    return this.#enter({ name: 'quiet', milliseconds: QUIET_MILLISECONDS, next: 'wake' });
  }

  /** Asks, once `ready`. `answered` follows. */
  ask(request: Request): Turn {
    this.#request = request;
    this.#isAskedAgain = false;
    return this.#send(request);
  }

  /** Takes what has come. Bytes behind an answer are dropped: nothing else was asked. */
  received(bytes: Uint8Array): Turn {
    if (this.#isQuiet()) return this.#enter(this.#stage);
    let turn: Turn = { state: 'waiting' };
    for (const line of this.#lines.take(bytes)) {
      const next = this.#take(line);
      if (next.state !== 'waiting' || next.send !== undefined || this.#isQuiet()) {
        this.#lines.clear();
        return next;
      }
      if (next.waitMilliseconds !== undefined) turn = next;
    }
    const isGoingOn = this.#stage.name === 'ask' && this.#isPlausible();
    return isGoingOn ? { state: 'waiting', waitMilliseconds: this.#answerTime } : turn;
  }

  /** Nothing came for as long as was to be waited. */
  silence(): Turn {
    const stage = this.#stage;
    switch (stage.name) {
      case 'quiet':
        return stage.next === 'wake'
          ? this.#enter({ name: 'wake', sent: 1 }, WAKE)
          : this.#enter({ name: 'negotiate' }, NEGOTIATE);
      case 'wake':
        return this.#enter({ name: 'wake', sent: stage.sent + 1 }, WAKE);
      case 'negotiate':
        return this.open();
      case 'ready':
        return { state: 'ready' };
      case 'ask':
        return this.#again();
    }
  }

  get #answerTime(): number {
    return this.#answerMilliseconds[this.#version];
  }

  #isQuiet(): boolean {
    return this.#stage.name === 'quiet';
  }

  #enter(stage: Stage, send?: Uint8Array): Turn {
    this.#stage = stage;
    const time = stage.name === 'quiet' ? stage.milliseconds : WAKE_MILLISECONDS;
    return { state: 'waiting', waitMilliseconds: time, ...(send === undefined ? {} : { send }) };
  }

  #send(request: Request): Turn {
    const id = this.#newId();
    this.#stage = { name: 'ask', id, valueBytes: 0 };
    // What came before belongs to nothing that was asked.
    this.#lines.clear();
    const send = this.#version === 2 ? frameOf(id, request) : lineOf(request);
    return { state: 'waiting', send, waitMilliseconds: this.#answerTime };
  }

  /** Whether what has come of a line can be the start of an answer. */
  #isPlausible(): boolean {
    const stage = this.#stage;
    if (stage.name !== 'ask' || this.#lines.pendingBytes === 0) return false;
    return this.#version === 1 ? stage.value !== undefined : this.#lines.beginsWith('V2 ');
  }

  #again(): Turn {
    if (this.#isAskedAgain) return this.#answer({ state: 'silent' });
    this.#isAskedAgain = true;
    return this.open();
  }

  #answer(answer: Answer): Turn {
    this.#request = undefined;
    this.#stage = { name: 'ready' };
    return { state: 'answered', answer };
  }

  #ready(version: 1 | 2): Turn {
    this.#version = version;
    if (this.#request !== undefined) return this.#send(this.#request);
    this.#stage = { name: 'ready' };
    return { state: 'ready' };
  }

  #take(line: Uint8Array): Turn {
    const stage = this.#stage;
    const text = line.length > REFUSAL.length ? '' : Buffer.from(line).toString('latin1');
    switch (stage.name) {
      case 'wake':
        if (text === 'FAILURE')
          return this.#enter({ name: 'quiet', milliseconds: PAUSE_MILLISECONDS, next: 'wake' });
        if (text !== REFUSAL) return { state: 'waiting' };
        if (stage.sent === 1) return this.#enter({ name: 'negotiate' }, NEGOTIATE);
        // The answers to the other empty lines would read as one to what comes next.
        return this.#enter({ name: 'quiet', milliseconds: QUIET_MILLISECONDS, next: 'negotiate' });
      case 'negotiate':
        if (text === 'V2_OK') return this.#ready(2);
        return text === REFUSAL || text === 'FAILURE' ? this.#ready(1) : { state: 'waiting' };
      case 'ask':
        return this.#version === 2
          ? this.#takeFrame(line, text, stage.id)
          : this.#takeLine(line, text, stage);
      default:
        return { state: 'waiting' };
    }
  }

  #takeFrame(line: Uint8Array, text: string, id: string): Turn {
    // The host's agent was started anew, and knows nothing of V2.
    if (text === REFUSAL) return this.#again();
    const answer = answerOf(line, id);
    if (answer === undefined) return { state: 'waiting' };
    this.#believedBytes += line.length;
    return this.#answer(answer);
  }

  #takeLine(line: Uint8Array, text: string, stage: Stage & { name: 'ask' }): Turn {
    const { value } = stage;
    if (value === undefined) {
      if (text === 'NOTFOUND') return this.#answer({ state: 'not-found' });
      if (text === 'FAILURE' || text === REFUSAL) return this.#answer(failure(text));
      if (text !== 'SUCCESS') return { state: 'waiting' };
      stage.value = [];
    } else if (text === '.') {
      return this.#answer({ state: 'success', value: joined(value) });
    } else {
      // A dot that begins a line is doubled.
      value.push(line[0] === 0x2e ? line.subarray(1) : line);
      stage.valueBytes += line.length + 1;
      if (stage.valueBytes > ANSWER_BYTES_LIMIT) return this.#answer(failure('a value that is too long'));
    }
    this.#believedBytes += line.length + 1;
    return { state: 'waiting', waitMilliseconds: this.#answerTime };
  }
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [WAKE, line])));
}
