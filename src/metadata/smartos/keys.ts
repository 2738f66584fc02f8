import { bytesOfBase64 } from '../fields/base64.ts';
import { Findings } from '../fields/map-reader.ts';
import { decodeUtf8 } from '../fields/utf8-text.ts';
import type { Group } from '../guest-config.ts';
import { type Answers, base64Key, MAY_BE_BASE64 } from './key-names.ts';

const TEXT_BYTES_LIMIT = 64 * 1024;

/** The value of a key, with what is wrong with it. */
export interface Value<T> {
  /** Undefined if there is none, or none that can be used. */
  value?: T;
  /** The host says that there is no such key. */
  isAbsent: boolean;
  findings: Findings;
}

/** Reads values; a failure of the host, and what is no text, refuses the group that the key belongs to. */
export class KeyReader {
  readonly #answers: Answers;
  readonly #inBase64: ReadonlySet<string>;

  constructor(answers: Answers) {
    this.#answers = answers;
    const said = (key: string) => {
      const answer = answers[key];
      return answer?.state === 'success' ? Buffer.from(answer.value).toString().trim() : '';
    };
    const isTrue = (key: string) => /^true$/i.test(said(key));
    const listed = said('base64_keys')
      .split(',')
      .map((key) => key.trim());
    const isCoded = (key: string) => isTrue('base64_all') || listed.includes(key) || isTrue(base64Key(key));
    this.#inBase64 = new Set(MAY_BE_BASE64.filter(isCoded));
  }

  bytes(key: string, group: Group): Value<Uint8Array> {
    const findings = new Findings(key, group);
    const answer = this.#answers[key] ?? { state: 'not-found' };
    if (answer.state === 'not-found') return { isAbsent: true, findings };
    if (answer.state !== 'success') {
      const why = answer.state === 'failure' && answer.message !== '' ? ` (${shown(answer.message)})` : '';
      findings.refuse('', `a failure of the host${why}`, 'a value, or none; have the host look after it');
      return { isAbsent: false, findings };
    }
    if (!this.#inBase64.has(key)) return { isAbsent: false, findings, value: answer.value };
    const value = bytesOfBase64(Buffer.from(answer.value).toString('latin1'));
    if (value !== undefined) return { isAbsent: false, findings, value };
    findings.refuse('', 'a value that is none of base64', 'base64, as the host says of it');
    return { isAbsent: false, findings };
  }

  text(key: string, group: Group): Value<string> {
    const { value: bytes, isAbsent, findings } = this.bytes(key, group);
    if (bytes === undefined) return { isAbsent, findings };
    const decoded = decodeUtf8(bytes, TEXT_BYTES_LIMIT, 'text');
    if ('text' in decoded) return { isAbsent, findings, value: decoded.text };
    findings.refuse('', decoded.fault.found, decoded.fault.expected);
    return { isAbsent, findings };
  }
}

/** Control characters of a message could hide something from the reader. */
const shown = (message: string) => message.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim();
