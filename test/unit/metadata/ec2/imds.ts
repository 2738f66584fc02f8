import type { IncomingMessage } from 'node:http';
import { type HttpService, httpService, type Reply } from '../../http-service.ts';

export const TOKEN = 'AQAEAEo3-token==';

/** Further answers, by path or `PUT PATH`, each once and then those of the instance again. */
export type Once = Record<string, Reply[]>;

/** A service of ours as Amazon has it: what is asked without a token, or with one of its own making, is refused. */
export async function imds(
  content: Record<string, string | Uint8Array>,
  once: Once = {},
): Promise<HttpService> {
  return await httpService((question: IncomingMessage): Reply => {
    const path = question.url ?? '';
    const next = once[question.method === 'PUT' ? `PUT ${path}` : path]?.shift();
    if (next !== undefined) return next;
    if (question.method === 'PUT') {
      const seconds = Number(question.headers['x-aws-ec2-metadata-token-ttl-seconds']);
      const isToken = path === '/latest/api/token' && seconds >= 1 && seconds <= 21600;
      return isToken ? TOKEN : 400;
    }
    if (question.headers['x-aws-ec2-metadata-token'] !== TOKEN) return 401;
    return content[path] ?? 404;
  });
}
