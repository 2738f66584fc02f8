import type { Duplex } from 'node:stream';
import { crc32 } from 'node:zlib';

/** What a value is, or why there is none to be had. */
export type HostValue = string | { failure: string };

/** How a metadata host behaves. */
export interface HostBehaviour {
  /** Customer keys, and those that begin with `sdc:`. */
  values: Record<string, HostValue>;
  /** 2 by default. */
  version?: 1 | 2;
  /** Says nothing at all. */
  isSilent?: boolean;
  /** Noise before each answer, and a first answer to each request that is wrong. */
  isGarbling?: boolean;
  /** Each answer comes so much later. */
  delayMilliseconds?: number;
  /** Requests so many that are left without an answer. */
  unanswered?: number;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const plain = (text = '') => Buffer.from(text, 'base64').toString();

/** A frame of V2, with length and CRC-32 as they should be or off by something. */
export function frame(body: string, off: { length?: number; sum?: number } = {}): string {
  const sum = ((crc32(Buffer.from(body)) + (off.sum ?? 0)) >>> 0).toString(16).padStart(8, '0');
  return `V2 ${Buffer.byteLength(body) + (off.length ?? 0)} ${sum} ${body}\n`;
}

/**
 * A metadata host as SmartOS's platform has one for each of its virtual machines (smartos-live, metadata/agent.js): it
 * answers line by line what comes over a stream, and keeps what is put. `seen` has the lines that came.
 */
export class MetadataHost {
  behaviour: HostBehaviour;
  readonly seen: string[] = [];
  #version: 1 | 2 = 1;
  #rest = '';

  constructor(behaviour: HostBehaviour) {
    this.behaviour = behaviour;
  }

  /** Serves a stream, such as the socket of a serial port. */
  serve(stream: Duplex): void {
    this.#version = 1;
    this.#rest = '';
    stream.on('data', (bytes: Buffer) => {
      const answers = this.take(bytes.toString('latin1'));
      if (answers === '') return;
      const { delayMilliseconds } = this.behaviour;
      const answer = () => stream.write(Buffer.from(answers, 'latin1'));
      if (delayMilliseconds === undefined) answer();
      else setTimeout(answer, delayMilliseconds);
    });
    stream.on('error', () => undefined);
  }

  /** What it answers to bytes, given as latin1. */
  take(text: string): string {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => this.#answer(line)).join('');
  }

  #answer(line: string): string {
    this.seen.push(line);
    const { isSilent, isGarbling, version = 2, unanswered = 0 } = this.behaviour;
    if (isSilent === true) return '';
    const isRequest = /^(?:V2|GET|KEYS)/.test(line);
    if (isRequest && unanswered > 0) {
      this.behaviour = { ...this.behaviour, unanswered: unanswered - 1 };
      return '';
    }
    if (line === 'NEGOTIATE V2' && version === 2) {
      this.#version = 2;
      return 'V2_OK\n';
    }
    if (this.#version === 1) return this.#plain(line);
    const body = /^V2 \d+ [0-9a-f]{8} (.*)$/.exec(line)?.[1];
    // A host says nothing to a frame that is wrong.
    if (body === undefined || frame(body) !== `${line}\n`) return line.startsWith('V2') ? '' : REFUSED;
    const [id = '', word = '', payload] = body.split(' ');
    const said = this.#said(word, payload).trimEnd();
    // Short, for what the line is slow to carry is waited for: no test is about that.
    const lie = said.slice(0, 100);
    const noise = `\u00ff\u0000V2 7 x\n${frame(`${id} ${lie}`, { sum: 1 })}${frame(`${id} ${lie}`, { length: 2 })}${frame(`0badc0de ${lie}`)}`;
    return `${isGarbling === true ? noise : ''}${frame(`${id} ${said}`)}`;
  }

  #plain(line: string): string {
    if (line !== 'KEYS' && !line.startsWith('GET ')) return REFUSED;
    const value = line === 'KEYS' ? this.#keys() : this.behaviour.values[line.slice(4)];
    if (value === undefined) return 'NOTFOUND\n';
    if (typeof value !== 'string') return 'FAILURE\n';
    const bytes = Buffer.from(value).toString('latin1');
    return `SUCCESS\n${bytes.replaceAll(/^\./gm, '..')}\n.\n`;
  }

  #keys(): string {
    const keys = Object.keys(this.behaviour.values);
    return keys.filter((key) => !key.startsWith('sdc:')).join('\n');
  }

  #said(word: string, payload: string | undefined): string {
    const { values } = this.behaviour;
    const key = plain(payload);
    switch (word) {
      case 'KEYS':
        return `SUCCESS ${base64(this.#keys())}`;
      case 'GET': {
        const value = values[key];
        if (value === undefined) return 'NOTFOUND';
        return typeof value === 'string' ? `SUCCESS ${base64(value)}` : `FAILURE ${base64(value.failure)}`;
      }
      case 'DELETE':
        delete values[key];
        return `SUCCESS ${base64('OK')}`;
      case 'PUT': {
        const [name = '', value = ''] = key.split(' ').map(plain);
        if (name.startsWith('sdc:')) return `FAILURE ${base64('no access')}`;
        values[name] = value;
        return `SUCCESS ${base64('OK')}`;
      }
      default:
        return `FAILURE ${base64('unknown')}`;
    }
  }
}

const REFUSED = 'invalid command\n';
