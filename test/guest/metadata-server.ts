import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A metadata service on this machine, which leads to it from the guest by way of QEMU. */
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

/** What a service says to a question by another rule than that the content of its path is the answer. */
type Rule = (question: IncomingMessage) => string | number | undefined;

const TOKEN = 'AQAEAEo3-token==';

/** Amazon's service takes nobody without a token. */
export const byTokens: Rule = ({ method, url = '', headers }) => {
  if (method === 'PUT') return url === '/latest/api/token' ? TOKEN : 400;
  return headers['x-aws-ec2-metadata-token'] === TOKEN ? undefined : 401;
};

/**
 * @param folder of the test, for the program that leads from the guest to the service
 * @param rule of this kind of service
 */
export async function startMetadataServer(folder: string, rule: Rule): Promise<MetadataServer> {
  const asked: string[] = [];
  const server = createServer((question, answer) => {
    asked.push(`${question.method} ${question.url}`);
    if (service.isSilent) return;
    const said = rule(question) ?? service.content[question.url ?? ''] ?? 404;
    if (typeof said === 'number') answer.writeHead(said).end();
    else answer.end(said);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  // It ends with the program that started it.
  server.unref();
  const { port } = server.address() as AddressInfo;
  const relay = join(folder, 'relay');
  await writeFile(
    relay,
    `#!/bin/bash\nexec 3<> /dev/tcp/127.0.0.1/${port} || exit\ncat <&3 &\nexec cat >&3\n`,
    { mode: 0o755 },
  );
  const service: MetadataServer = {
    command: relay,
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
