import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';

/** Source ports that root alone can have, as a service asks for that is to answer nobody else. */
const LOW_PORTS = { first: 600, last: 1023 };
/** Tries with another port, where one is taken. */
const MOST_PORTS = 20;

/** What is asked, and from where. */
export interface SocketQuestion {
  method: string;
  headers: Readonly<Record<string, string>>;
  /** The connection comes from a port below 1024. */
  isFromLowPort: boolean;
  signal: AbortSignal;
}

/** The parts of an address: `http://[fe80::a9fe:a9fe%eth0]:8080`, which the URL standard has no form for. */
const ADDRESS = /^http:\/\/(?:\[([^\]]+)\]|([^:/]+))(?::(\d+))?$/;

/**
 * Asks where the runtime's `fetch` cannot: at a link-local address, which is one only together with an interface, or from a port
 * of one's own. It follows no redirect, knows no proxy and unpacks nothing.
 * @param address `http://[fe80::a9fe:a9fe%eth0]`
 * @returns the answer, of which the head alone has come; its body is read from it
 * @throws the system's error; an AbortError when the signal comes
 */
export async function requestBySocket(
  address: string,
  path: string,
  question: SocketQuestion,
): Promise<IncomingMessage> {
  const [, ipv6, ipv4, port] = ADDRESS.exec(address) ?? [];
  const host = ipv6 ?? ipv4;
  if (host === undefined) throw new Error(`${address} is no address of a service`);
  const options = {
    host,
    port: Number(port ?? 80),
    path,
    method: question.method,
    // Without the interface, of which nobody but this guest knows (RFC 6874, section 3).
    headers: { ...question.headers, host: hostHeader(ipv6?.replace(/%.*$/, ''), host, port) },
    agent: false,
    signal: question.signal,
  } as const satisfies RequestOptions;
  if (!question.isFromLowPort) return await answerTo(options);
  for (let tries = 1; ; tries++) {
    try {
      return await answerTo({ ...options, localPort: somePort() });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= MOST_PORTS) throw error;
    }
  }
}

const hostHeader = (ipv6: string | undefined, host: string, port: string | undefined) =>
  `${ipv6 === undefined ? host : `[${ipv6}]`}${port === undefined ? '' : `:${port}`}`;

/** Any of them: a port that was just used for the same address is taken for a while. */
const somePort = () => LOW_PORTS.first + Math.floor(Math.random() * (LOW_PORTS.last - LOW_PORTS.first + 1));

function answerTo(options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, resolve);
    request.on('error', reject);
    request.end();
  });
}
