import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const TOKEN = 'AQAEAEo3-token==';

/** A metadata service as Amazon has it, which takes nobody without a token. */
export interface MetadataServer {
  /** What QEMU starts for each connection from the guest. */
  readonly command: string;
  /** `PUT /latest/api/token`, in order. */
  readonly asked: string[];
  /** By path. */
  content: Record<string, string>;
  /** It takes questions, and answers none. */
  isSilent: boolean;
  close(): void;
}

/** @param folder of the test, for the program that leads from the guest to the service */
export async function startMetadataServer(folder: string): Promise<MetadataServer> {
  const asked: string[] = [];
  const reply = ({ method, url = '', headers }: IncomingMessage): string | number => {
    if (method === 'PUT') return url === '/latest/api/token' ? TOKEN : 400;
    if (headers['x-aws-ec2-metadata-token'] !== TOKEN) return 401;
    return service.content[url] ?? 404;
  };
  const server = createServer((question, answer) => {
    asked.push(`${question.method} ${question.url}`);
    if (service.isSilent) return;
    const said = reply(question);
    if (typeof said === 'number') answer.writeHead(said).end();
    else answer.end(said);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const relay = join(folder, 'relay.mjs');
  await writeFile(
    relay,
    `import { connect } from 'node:net';
const socket = connect(${port}, '127.0.0.1');
process.stdin.pipe(socket);
socket.pipe(process.stdout);
for (const stream of [socket, process.stdin, process.stdout]) stream.on('error', () => process.exit(1));
`,
  );
  const service: MetadataServer = {
    command: `${process.execPath} ${relay}`,
    asked,
    content: {},
    isSilent: false,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return service;
}
