import { reasonOf } from '../runtime/errors.ts';
import { sleep } from '../runtime/sleep.ts';

/** How long a service may take that has never answered: nobody may be there. In seconds. */
const FIRST_SECONDS = 2;
/** How long any later answer may take, its body included. In seconds. */
const ANSWER_SECONDS = 5;
/** Between two tries, in milliseconds. */
const PAUSE_MILLISECONDS = 1000;
/** Bytes of the largest answer, unless the caller takes more. */
const MOST_BYTES = 1024 * 1024;

/** The service is busy, or not there yet (RFC 6585 section 4, RFC 9110 section 15.6). */
const TRIED_AGAIN = [429, 500, 502, 503, 504];

/** What a metadata service answered: a status that is not to be tried again, and no redirect. */
export interface Answer {
  status: number;
  body: Uint8Array;
}

export interface Question {
  /** Absent: GET. */
  method?: 'GET' | 'PUT';
  headers?: Readonly<Record<string, string>>;
  /** It is asked from a port below 1024, as a service wants that is to answer nobody but root. */
  isFromLowPort?: true;
  /** Bytes of the largest answer that is taken; absent: 1 MiB. */
  mostBytes?: number;
}

/** Why nothing was learned of a service. */
export class NoAnswer extends Error {
  /** @param found what happened, for people: `no answer: connect ECONNREFUSED` */
  constructor(
    readonly address: string,
    readonly found: string,
  ) {
    super(`${address}: ${found}`);
  }
}

/** An answer that is none of a metadata service's: to ask again would not help. */
class Refused extends Error {}

/** Bun's own option, which Node.js passes over: a body stays as it came. */
type Options = RequestInit & { decompress: false };

/** Bun takes proxies from its environment as that was when it started, and looks at these when it is to ask. */
const NO_PROXY = ['NO_PROXY', 'no_proxy'];

/** Nobody is asked by way of another while the work goes on. */
async function withoutProxy<T>(work: () => Promise<T>): Promise<T> {
  const before = NO_PROXY.map((name) => process.env[name]);
  for (const name of NO_PROXY) process.env[name] = '*';
  try {
    return await work();
  } finally {
    for (const [index, name] of NO_PROXY.entries()) {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/**
 * A metadata service at fixed addresses, asked over HTTP. This is the only place in the program that speaks to anybody
 * over a network, by `fetch`, which costs least, or where that cannot, by http-by-socket.ts. A redirect is refused, no proxy is asked, each body and all waiting have their bounds.
 */
export class MetadataService {
  readonly #addresses: readonly string[];
  readonly #until: number;
  readonly #pauseMilliseconds: number;
  #answering: string | undefined;

  /**
   * @param addresses `http://169.254.169.254` or `http://[fe80::1%eth0]`, each of the same service: the first that answers is asked from then on
   * @param seconds how long all questions together may take
   */
  constructor(addresses: readonly string[], seconds: number, pauseMilliseconds = PAUSE_MILLISECONDS) {
    this.#addresses = addresses;
    this.#until = performance.now() + seconds * 1000;
    this.#pauseMilliseconds = pauseMilliseconds;
  }

  /**
   * Asks until there is an answer or the time is over.
   * @param path `/latest/user-data`
   * @throws NoAnswer if nobody answers in time, or the answer is a redirect, too long, or not what it says of itself
   */
  async ask(path: string, question: Question = {}): Promise<Answer> {
    // Of several addresses the first is every guest's: what it did is what an admin can look into.
    let told: NoAnswer | undefined;
    const untold = () => told ?? new NoAnswer(`${this.#addresses[0]}${path}`, 'no time was left to ask');
    while (this.#left > 0) {
      const addresses = this.#answering === undefined ? this.#addresses : [this.#answering];
      for (const [index, address] of addresses.entries()) {
        if (this.#left <= 0) throw untold();
        // The end of all time cuts the last try short: that nobody answered in the rest of it says less than what came before.
        const isWhole = this.#left >= this.#mostMilliseconds;
        const tried = await this.#try(address, path, question);
        if (!(tried instanceof NoAnswer)) return tried;
        if (index === 0 && (isWhole || told === undefined)) told = tried;
      }
      if (this.#left <= this.#pauseMilliseconds) throw untold();
      await sleep(this.#pauseMilliseconds);
    }
    throw untold();
  }

  /** How long one answer may take. */
  get #mostMilliseconds(): number {
    return (this.#answering === undefined ? FIRST_SECONDS : ANSWER_SECONDS) * 1000;
  }

  /** Milliseconds. */
  get #left(): number {
    return this.#until - performance.now();
  }

  /**
   * @returns NoAnswer where it is to be tried again
   * @throws NoAnswer where that would not help
   */
  async #try(address: string, path: string, question: Question): Promise<Answer | NoAnswer> {
    const url = `${address}${path}`;
    try {
      const answer = await withoutProxy(() =>
        request(address, path, question, Math.ceil(Math.min(this.#left, this.#mostMilliseconds))),
      );
      if (TRIED_AGAIN.includes(answer.status)) return new NoAnswer(url, `status ${answer.status}`);
      this.#answering = address;
      return answer;
    } catch (error) {
      if (error instanceof Refused) throw new NoAnswer(url, error.message);
      return new NoAnswer(url, whyNot(error));
    }
  }
}

function whyNot(error: unknown): string {
  const { name, cause } = error as Error;
  if (name === 'AbortError') return 'no answer in time';
  return `no answer: ${cause === undefined ? reasonOf(error) : reasonOf(cause)}`;
}

/** An answer whose body is still to come. */
interface Opened {
  status: number;
  header(name: string): string | null | undefined;
  body: AsyncIterable<Uint8Array> | null;
}

/** Nothing packed, for a small answer may unpack to a large one; and no connection that outlives the question. */
const HEADERS = { 'accept-encoding': 'identity', connection: 'close' };

/** An address that is link-local has its interface behind it, which no URL can have (RFC 6874 is not in the URL standard). */
const isBeyondFetch = (address: string, { isFromLowPort }: Question) =>
  isFromLowPort === true || address.includes('%');

async function open(address: string, path: string, question: Question, signal: AbortSignal): Promise<Opened> {
  const { method = 'GET', headers = {}, isFromLowPort = false } = question;
  const sent = { ...headers, ...HEADERS };
  if (isBeyondFetch(address, question)) {
    const { requestBySocket } = await import('./http-by-socket.ts');
    const answer = await requestBySocket(address, path, { method, headers: sent, isFromLowPort, signal });
    return {
      status: answer.statusCode ?? 0,
      header: (name) => String(answer.headers[name] ?? ''),
      body: answer,
    };
  }
  const options: Options = { method, headers: sent, redirect: 'manual', decompress: false, signal };
  const { status, headers: came, body } = await fetch(`${address}${path}`, options);
  return { status, header: (name) => came.get(name), body };
}

async function request(
  address: string,
  path: string,
  question: Question,
  milliseconds: number,
): Promise<Answer> {
  const { mostBytes = MOST_BYTES } = question;
  // Whatever becomes of the question, nothing of its answer comes behind this.
  const closing = new AbortController();
  const timer = setTimeout(() => closing.abort(), milliseconds);
  const { signal } = closing;
  try {
    const { status, header, body } = await open(address, path, question, signal);
    if (status >= 300 && status < 400)
      throw new Refused(`a redirect (status ${status}), which is not followed`);
    if ((header('content-encoding') || 'identity') !== 'identity')
      throw new Refused('a body in an encoding that was not asked for');
    const length = Number(header('content-length') || 0);
    if (length > mostBytes) throw new Refused(`${length} bytes, more than the ${mostBytes} that are taken`);
    const bytes = await bytesOf(body, mostBytes);
    // A stream of node:http that is broken off ends as one does that has come to its end.
    signal.throwIfAborted();
    return { status, body: bytes };
  } finally {
    clearTimeout(timer);
    closing.abort();
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array> | null, mostBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > mostBytes) throw new Refused(`more than the ${mostBytes} bytes that are taken`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
