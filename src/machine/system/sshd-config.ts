import { posix } from 'node:path';
import type { FileView } from '../files/files.ts';
import { expandGlob } from '../files/glob.ts';

/** Where distributions have the SSH server. */
const SSHD = ['/usr/sbin/sshd', '/usr/lib/ssh/sshd', '/usr/bin/sshd'];

/** The types of host keys that sshd loads by itself, and ssh-keygen -A makes; DSA is long refused by clients. */
export const HOST_KEY_TYPES = ['rsa', 'ecdsa', 'ed25519'] as const;

/** Where sshd looks for a key of a type if its configuration names none. */
export const defaultHostKey = (type: (typeof HOST_KEY_TYPES)[number]) => `/etc/ssh/ssh_host_${type}_key`;

/** Whether the guest has an SSH server. */
export const hasSshd = (files: FileView) => SSHD.some((path) => files.status(path) !== undefined);

/** The admin's, and the distribution's where that keeps its own below /usr (openSUSE). */
const SSHD_CONFIGS = ['/etc/ssh/sshd_config', '/usr/etc/ssh/sshd_config'];

/** A keyword's value. */
export interface SshdValue {
  /** The first argument. */
  value: string;
  /** All arguments; never empty. */
  values: readonly string[];
  file: string;
  /** From 1. */
  line: number;
}

export interface SshdConfig {
  /** The file that sshd begins with; undefined if there is none. */
  main: string | undefined;
  /**
   * In force for every connection, by keyword in lower case: of a keyword that is set several times the first counts
   * (sshd_config(5)).
   */
  values: ReadonlyMap<string, SshdValue>;
  /** The first of each keyword that is set for some connections alone, in a Match block or a file that one includes. */
  matched: ReadonlyMap<string, SshdValue>;
  /** All values of HostKey; empty for the default ones. */
  hostKeys: readonly string[];
  /** Patterns of files that are read for every connection. */
  includes: readonly string[];
}

const MOST_NESTED = 16;

/** Keyword and arguments, which blanks or one `=` separate. */
const LINE = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/;

/** A character behind a backslash that stands for itself, outside of quotes and in them. */
const ESCAPED = { plain: /^\\['"\\ ]/, quoted: /^\\['"\\]/ };

/** Reads one argument from its start; quotes may begin and end within it. */
function readArgument(text: string, start: number): { argument: string; end: number } {
  let argument = '';
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (ESCAPED[quote === '' ? 'plain' : 'quoted'].test(text.slice(at, at + 2))) argument += text[++at];
    else if (quote === '' && /[ \t]/.test(character)) break;
    else if (quote === '' && /['"]/.test(character)) quote = character;
    else if (character === quote) quote = '';
    else argument += character;
  }
  return { argument, end: at };
}

/** Arguments of a line, up to a comment, which begins where an argument could (argv_split of OpenSSH's misc.c). */
function splitArguments(text: string): string[] {
  // Most lines; where nothing is compiled, reading them by the character costs a hundred times as much.
  if (!/['"\\#]/.test(text)) return text.split(/[ \t]+/).filter((argument) => argument !== '');
  const split: string[] = [];
  for (let at = 0; at < text.length; at++) {
    if (/[ \t]/.test(text.charAt(at))) continue;
    if (text[at] === '#') break;
    const { argument, end } = readArgument(text, at);
    split.push(argument);
    at = end;
  }
  return split;
}

interface Keyword {
  /** In lower case. */
  name: string;
  values: string[];
  line: number;
  /** It stands behind a Match, which reaches to the end of the file. */
  isMatched: boolean;
}

function keywordsOf(text: string): Keyword[] {
  const keywords: Keyword[] = [];
  let isMatched = false;
  for (const [index, line] of text.split('\n').entries()) {
    // Four lines of five, in what distributions have.
    if (line === '' || line.startsWith('#')) continue;
    const [, name, rest = ''] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    if (name.toLowerCase() === 'match') isMatched = true;
    else
      keywords.push({ name: name.toLowerCase(), values: splitArguments(rest), line: index + 1, isMatched });
  }
  return keywords;
}

class Reader {
  readonly values = new Map<string, SshdValue>();
  readonly matched = new Map<string, SshdValue>();
  readonly hostKeys: string[] = [];
  readonly includes: string[] = [];

  constructor(
    private readonly files: FileView,
    private readonly ignored: string | undefined,
  ) {}

  /** @param inMatch a Match block includes the file: all of it is for some connections alone */
  read(file: string, inMatch = false, depth = 0): void {
    if (file === this.ignored || depth > MOST_NESTED) return;
    for (const { name, values, line, isMatched } of keywordsOf(this.files.readText(file) ?? '')) {
      const [value] = values;
      if (value === undefined) continue;
      const set = inMatch || isMatched ? this.matched : this.values;
      if (name === 'include') this.#include(values, inMatch || isMatched, depth);
      // It counts for the server as a whole, and sshd refuses it behind a Match.
      else if (name === 'hostkey') this.hostKeys.push(value);
      else if (!set.has(name)) set.set(name, { value, values, file, line });
    }
  }

  /** A relative pattern is one below /etc/ssh (sshd_config(5)). */
  #include(patterns: readonly string[], inMatch: boolean, depth: number): void {
    for (const pattern of patterns) {
      const path = posix.resolve('/etc/ssh', pattern);
      if (!inMatch) this.includes.push(path);
      for (const included of expandGlob(this.files, path)) this.read(included, inMatch, depth + 1);
    }
  }
}

/**
 * Reads the configuration, included files in place.
 * @param ignored a file that is passed over: ours
 */
export function readSshdConfig(files: FileView, ignored?: string): SshdConfig {
  const reader = new Reader(files, ignored);
  const main = SSHD_CONFIGS.find((path) => files.status(path) !== undefined);
  if (main !== undefined) reader.read(main);
  const { values, matched, hostKeys, includes } = reader;
  return { main, values, matched, hostKeys, includes };
}

/** Paths of the host keys that sshd loads, whether they are there or not. */
export function hostKeysOf(files: FileView): readonly string[] {
  const { hostKeys } = readSshdConfig(files);
  return hostKeys.length > 0 ? hostKeys : HOST_KEY_TYPES.map(defaultHostKey);
}
