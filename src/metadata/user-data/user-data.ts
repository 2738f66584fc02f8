import { parseYamlText } from '../fields/yaml-text.ts';
import type { Origin, Problem, ScriptConfig } from '../guest-config.ts';

/** Bytes of the largest script that a source brings. */
const SCRIPT_BYTES_LIMIT = 4 * 1024 * 1024;
/** The first characters, in which MIME names itself, as cloud-init looks for it. */
const START_BYTES = 4096;

export interface ParsedUserData {
  script?: ScriptConfig;
  problems: Problem[];
  origins: Origin[];
}

/** Kinds by how they begin, without case, behind white space; those that are read later, or never. */
const KINDS: [RegExp, string][] = [
  [/^#cloud-config-archive/i, 'a #cloud-config-archive'],
  [/^#cloud-config-jsonp/i, 'a #cloud-config-jsonp'],
  [/^#cloud-config/i, 'a #cloud-config'],
  [/^#cloud-boothook/i, 'a #cloud-boothook'],
  [/^#include/i, 'an #include of other addresses'],
  [/^#part-handler/i, 'a #part-handler'],
  [/^## template:/i, 'a template'],
];

const EXPECTED = 'a script that begins with "#!"; other kinds are not done yet';

/**
 * Reads user-data or vendor-data: a script runs once for an instance, when the guest has booted. Nothing else is done yet,
 * and a line says what it was.
 * @param file `user-data` or `vendor-data`, the script's name
 */
export function parseUserData(bytes: Uint8Array | undefined, file: string): ParsedUserData {
  const nothing = { problems: [], origins: [] };
  if (bytes === undefined || isBlank(bytes)) return nothing;
  const start = Buffer.from(bytes.subarray(0, START_BYTES)).toString();
  // A byte order mark is no white space to cloud-init.
  const text = start.replace(/^[\t-\r ]+/, '');
  if (/^#!/.test(text)) return scriptOf(bytes, file);
  if (/^#cloud-config\s/i.test(`${text}\n`) && asksForNothing(bytes)) return nothing;
  return { ...nothing, problems: [problem(file, kindOf(bytes, start, text), EXPECTED)] };
}

const problem = (path: string, found: string, expected: string): Problem => ({
  group: 'post-boot',
  path,
  found,
  expected,
});

/** Byte 0x20 and those of tabulators and line ends. */
const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

function scriptOf(bytes: Uint8Array, name: string): ParsedUserData {
  if (bytes.length > SCRIPT_BYTES_LIMIT) {
    return {
      problems: [problem(name, `${bytes.length} bytes`, `a script of at most ${SCRIPT_BYTES_LIMIT} bytes`)],
      origins: [],
    };
  }
  // The kernel looks for it in the first two bytes (execve(2)).
  const content = Buffer.from(bytes.subarray(bytes.indexOf(0x23))).toString('base64');
  const value = `${bytes.length} bytes`;
  return {
    script: { name, content, when: 'post-boot', repeat: 'once' },
    problems: [],
    origins: [{ setting: 'script after boot', value, field: name }],
  };
}

/** Tools write files of a heading alone, or with an empty map. */
function asksForNothing(bytes: Uint8Array): boolean {
  const parsed = parseYamlText(bytes);
  if ('fault' in parsed) return false;
  const { document } = parsed;
  return document === undefined || (document instanceof Map && document.size === 0);
}

function kindOf(bytes: Uint8Array, start: string, text: string): string {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'data in gzip';
  if (/^mime-version:/im.test(start)) return 'a MIME archive';
  const [, kind] = KINDS.find(([pattern]) => pattern.test(text)) ?? [];
  if (kind !== undefined) return kind;
  if (start.startsWith('\ufeff')) return 'text behind a byte order mark';
  return /^[A-Za-z0-9+/\s]{16,}={0,2}\s*$/.test(text)
    ? 'text that looks like base64'
    : 'text of no known kind';
}
