import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * What a service does with a question: text or bytes are an answer with status 200, a number one with that status and no
 * body, `raw` is written as it is; nothing of it is no answer at all.
 */
export type Reply =
  | string
  | Uint8Array
  | number
  | { status: number; body: string }
  | { raw: string }
  | undefined;

export interface HttpService {
  /** `http://127.0.0.1:40123` */
  address: string;
  /** `GET /latest/user-data`, in order. */
  asked: string[];
}

/** A metadata service on this machine, until the test is over. */
export async function httpService(
  reply: (question: IncomingMessage) => Reply,
  host: '127.0.0.1' | '::1' = '127.0.0.1',
): Promise<HttpService> {
  const asked: string[] = [];
  const server = createServer((question, answer) => {
    asked.push(`${question.method} ${question.url}`);
    const said = reply(question);
    if (said === undefined) return;
    if (typeof said === 'number') answer.writeHead(said).end();
    else if (typeof said === 'string' || said instanceof Uint8Array) answer.end(said);
    else if ('raw' in said) question.socket.end(said.raw);
    else answer.writeHead(said.status).end(said.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `http://${host === '::1' ? '[::1]' : host}:${port}`, asked };
}

/** An address at which nobody is; fetch knows other low ports that it does not ask at all. */
export const NOBODY = 'http://127.0.0.1:2';
