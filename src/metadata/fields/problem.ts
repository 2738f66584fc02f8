import type { Group, Problem } from '../guest-config.ts';

/** Problems of one group that are told one by one; the rest is counted. */
const PROBLEMS_LIMIT = 50;
/** Characters of a value that a line shows. */
const SHOWN_CHARACTERS = 60;

/** Text in double quotes, shortened, with everything escaped that could break a line or hide in it. */
export function quote(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(shown).replace(
    /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** What a JSON value is, in a few words. Of a secret only the type and length. */
export function describe(value: unknown, secret: boolean): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (value === null) {
    return 'null';
  }
  if (typeof value === 'string') {
    return secret ? countCharacters(value) : quote(value);
  }
  if (typeof value === 'object') {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
  if (secret) {
    return `a ${typeof value}`;
  }
  return Math.abs(Number(value)) === Number.POSITIVE_INFINITY ? 'a number that is too large' : String(value);
}

export function countCharacters(text: string): string {
  return text === '' ? 'an empty string' : `a string of ${text.length} characters`;
}

/** The first problems of one group; how many more there are is said in the last. */
export function limited(group: Group, problems: readonly Problem[]): Problem[] {
  const told = problems.slice(0, PROBLEMS_LIMIT);
  const left = problems.length - told.length;
  return left === 0
    ? told
    : [...told, { group, path: '', found: `${left} more problems`, expected: 'no problems' }];
}
