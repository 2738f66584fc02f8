import { parseKeyLine } from '../machine/key-line.ts';

/**
 * Options that take nothing from a login: in lower case, without value. With any other one a key lets somebody in from
 * elsewhere, to another program, or until a day, which a clock that is wrong makes any day.
 */
const HARMLESS = new Set([
  'agent-forwarding',
  'environment',
  'no-touch-required',
  'port-forwarding',
  'pty',
  'user-rc',
  'x11-forwarding',
]);

/** One option; `\"` is a quote that ends nothing (sshd(8)). */
const OPTION = /^([A-Za-z0-9@.-]+)(?:="(?:\\"|\\(?!")|[^"\\])*")?$/;

/** What a line of authorized_keys is worth to one key. */
type Worth =
  /** It is another key, a comment, or no key. */
  | 'other'
  /** It lets the key in as one without options does. */
  | 'whole'
  /** It is about this key, and lets it in less far or not at all. */
  | 'restricted';

const isHarmless = (option: string): boolean => HARMLESS.has((OPTION.exec(option)?.[1] ?? '').toLowerCase());

/** @param wanted type and base64, with one blank between them */
function worthOf(line: string, wanted: string): Worth {
  const key = parseKeyLine(line);
  if (key === undefined || `${key.type} ${key.blob}` !== wanted) return 'other';
  return key.options.every(isHarmless) ? 'whole' : 'restricted';
}

/**
 * authorized_keys with keys added, so that sshd lets each of them in as the host wants it: without restriction. A key is
 * there if its line says no less. One that a line restricts, or takes for that of an authority, comes before that line,
 * for sshd takes the first that lets it in; the others come at the end. No line is taken away.
 * @param text the file as it is (sshd(8), AUTHORIZED_KEYS FILE FORMAT)
 * @param keys public keys, each `type base64 comment`
 * @returns undefined if all keys are there
 */
export function addKeys(text: string | undefined, keys: readonly string[]): string | undefined {
  const lines = (text ?? '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  let added = false;
  for (const key of keys) {
    const wanted = key.split(' ', 2).join(' ');
    const worths = lines.map((line) => worthOf(line, wanted));
    const [whole, restricted] = [worths.indexOf('whole'), worths.indexOf('restricted')];
    if (whole >= 0 && (restricted < 0 || whole < restricted)) continue;
    lines.splice(restricted < 0 ? lines.length : restricted, 0, key);
    added = true;
  }
  return added ? `${lines.join('\n')}\n` : undefined;
}
