import { quote } from '../problem.ts';
import type { TextFault } from '../utf8-text.ts';

/** Levels of lists and objects in each other. A configuration has 6; the parser of the runtime recurses. */
export const DEPTH_LIMIT = 32;
/** Values in the document, so that the list of its problems stays bounded too. */
export const VALUES_LIMIT = 20_000;

/** What the scanner may meet next. */
type Next = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | 'comma' | 'rest of string' | 'end';

interface Scan {
  text: string;
  at: number;
  /** The brackets that are open. */
  open: ('{' | '[')[];
  next: Next;
  values: number;
  keepsText: boolean;
}

/** What the scanner saw of a text that is JSON. */
export interface JsonTraits {
  /** How many values there are: more than JSON.parse gives where a key is in an object twice. */
  values: number;
  /**
   * Whether numbers become the same text again, and keys stay in their order. Those that are numbers come first in an object of
   * JavaScript's.
   */
  keepsText: boolean;
}

const SPACE = /[ \t\n\r]*/y;
/** All but the quote, the backslash and control characters. */
const PLAIN_CHARACTERS = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** A key that is escaped as far as its first digit is a number as well. */
const DIGIT = /[0-9\\]/;
const SCALAR = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

const EXPECTED: Record<Next, string> = {
  value: 'a JSON value',
  'value or ]': 'a JSON value or "]"',
  key: 'a key in double quotes',
  'key or }': 'a key in double quotes or "}"',
  ':': '":"',
  comma: '"," or the closing bracket',
  'rest of string': 'the rest of a string, with control characters escaped',
  end: 'nothing behind the document',
};

/** Finds the first place of a text that is not JSON (RFC 8259) or goes over a limit; undefined if JSON.parse can have it. */
export function findFault(text: string): TextFault | undefined {
  const scanned = scanJson(text);
  return 'fault' in scanned ? scanned.fault : undefined;
}

/**
 * Looks through a text, which JSON.parse can have if there is no fault. It needs no recursion, however deep the text is.
 * @returns the first place that is not JSON (RFC 8259) or goes over a limit; else what was seen
 */
export function scanJson(text: string): JsonTraits | { fault: TextFault } {
  const state: Scan = { text, at: 0, open: [], next: 'value', values: 0, keepsText: true };
  for (;;) {
    state.at = matchEnd(SPACE, text, state.at) ?? state.at;
    if (state.next === 'end' && state.at === text.length) {
      return state;
    }
    if (!advance(state)) {
      return { fault: { found: place(text, state.at), expected: EXPECTED[state.next] } };
    }
    if (state.open.length > DEPTH_LIMIT) {
      const found = `more levels at ${position(text, state.at)}`;
      return { fault: { found, expected: `at most ${DEPTH_LIMIT} levels` } };
    }
    if (state.values > VALUES_LIMIT) {
      const found = `more values at ${position(text, state.at)}`;
      return { fault: { found, expected: `at most ${VALUES_LIMIT} values` } };
    }
  }
}

/** Takes the next token; false if it is not one of those that may come here. */
function advance(state: Scan): boolean {
  const character = state.text[state.at];
  switch (state.next) {
    case 'value or ]':
      return character === ']' ? close(state) : takeValue(state);
    case 'value':
      return takeValue(state);
    case 'key or }':
      return character === '}' ? close(state) : takeString(state, ':');
    case 'key':
      return takeString(state, ':');
    case ':':
      return character === ':' && take(state, 'value');
    case 'comma': {
      const inObject = state.open.at(-1) === '{';
      if (character === ',') {
        return take(state, inObject ? 'key' : 'value');
      }
      return character === (inObject ? '}' : ']') && close(state);
    }
    case 'rest of string':
    case 'end':
      return false;
  }
}

function takeValue(state: Scan): boolean {
  const character = state.text[state.at];
  state.values += 1;
  if (character === '{' || character === '[') {
    state.open.push(character);
    return take(state, character === '{' ? 'key or }' : 'value or ]');
  }
  if (character === '"') {
    return takeString(state, afterValue(state));
  }
  const end = matchEnd(SCALAR, state.text, state.at);
  if (end === undefined) return false;
  const scalar = state.text.slice(state.at, end);
  if (String(JSON.parse(scalar)) !== scalar) state.keepsText = false;
  return take(state, afterValue(state), end);
}

/** The state is left at the character that is wrong, if there is a fault inside the string. */
function takeString(state: Scan, next: Next): boolean {
  if (state.text[state.at] !== '"') {
    return false;
  }
  let at = state.at + 1;
  if (next === ':' && DIGIT.test(state.text[at] ?? '')) state.keepsText = false;
  for (;;) {
    at = matchEnd(PLAIN_CHARACTERS, state.text, at) ?? at;
    if (state.text[at] === '"') {
      return take(state, next, at + 1);
    }
    const escaped = matchEnd(ESCAPE, state.text, at);
    if (escaped === undefined) {
      state.at = at;
      state.next = 'rest of string';
      return false;
    }
    at = escaped;
  }
}

function close(state: Scan): boolean {
  state.open.pop();
  return take(state, afterValue(state));
}

function afterValue(state: Scan): Next {
  return state.open.length === 0 ? 'end' : 'comma';
}

function take(state: Scan, next: Next, end = state.at + 1): true {
  state.at = end;
  state.next = next;
  return true;
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function place(text: string, at: number): string {
  const character = text.slice(at, at + 1);
  return character === '' ? 'the end of the text' : `${quote(character)} at ${position(text, at)}`;
}

function position(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return `line ${line}, column ${at - before.lastIndexOf('\n')}`;
}
