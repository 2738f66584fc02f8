import { effectOf, linesWith, parseKeyLine } from '../machine/formats/text/key-line.ts';

/** Where a key is to be put so that it lets its owner in without restriction; undefined if a line does so already. */
function placeOf(text: string, type: string, blob: string): number | undefined {
  for (const { line, start } of linesWith(text, blob)) {
    const key = parseKeyLine(line);
    if (key?.type !== type || key.blob !== blob) continue;
    // It counts for sshd if it is the first, be it restricted or not.
    return key.options.every((option) => effectOf(option) === 'none') ? undefined : start;
  }
  return text.length;
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
  let lines = text === undefined || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`;
  // By type and base64.
  const atEnd = new Map<string, string>();
  let added = false;
  for (const key of keys) {
    const [type = '', blob = ''] = key.split(' ');
    const place = placeOf(lines, type, blob);
    if (place === undefined) continue;
    added = true;
    if (place === lines.length) atEnd.set(`${type} ${blob}`, key);
    else lines = `${lines.slice(0, place)}${key}\n${lines.slice(place)}`;
  }
  return added ? `${lines}${[...atEnd.values()].map((key) => `${key}\n`).join('')}` : undefined;
}
