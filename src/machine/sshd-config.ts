import { posix } from 'node:path';
import type { FileView } from './files.ts';
import { expandGlob } from './glob.ts';

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

/** A keyword's value, in force for every connection. */
export interface SshdValue {
  value: string;
  file: string;
  /** From 1. */
  line: number;
}

export interface SshdConfig {
  /** The file that sshd begins with; undefined if there is none. */
  main: string | undefined;
  /** By keyword in lower case: of a keyword that is set several times the first counts (sshd_config(5)). */
  values: ReadonlyMap<string, SshdValue>;
  /** All values of HostKey; empty for the default ones. */
  hostKeys: readonly string[];
  /** Patterns of files that are read for every connection. */
  includes: readonly string[];
}

const MOST_NESTED = 16;

/** Keyword and arguments, which blanks or one `=` separate. */
const LINE = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/;

const unquoted = (text: string) => text.replace(/^"(.*)"$/, '$1');

interface Keyword {
  /** In lower case. */
  name: string;
  rest: string;
  line: number;
}

/** The keywords of a file that are for every connection: up to the first Match. */
function globalKeywords(text: string): Keyword[] {
  const keywords: Keyword[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, name, rest = ''] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    if (name.toLowerCase() === 'match') break;
    keywords.push({ name: name.toLowerCase(), rest, line: index + 1 });
  }
  return keywords;
}

class Reader {
  readonly values = new Map<string, SshdValue>();
  readonly hostKeys: string[] = [];
  readonly includes: string[] = [];

  constructor(
    private readonly files: FileView,
    private readonly ignored: string | undefined,
  ) {}

  read(file: string, depth = 0): void {
    if (file === this.ignored || depth > MOST_NESTED) return;
    for (const { name, rest, line } of globalKeywords(this.files.readText(file) ?? '')) {
      if (name === 'include') this.#include(rest, depth);
      else if (name === 'hostkey') this.hostKeys.push(unquoted(rest));
      else if (!this.values.has(name)) this.values.set(name, { value: unquoted(rest), file, line });
    }
  }

  /** A relative pattern is one below /etc/ssh (sshd_config(5)). */
  #include(patterns: string, depth: number): void {
    for (const pattern of patterns.split(/\s+/).map(unquoted)) {
      const path = posix.resolve('/etc/ssh', pattern);
      this.includes.push(path);
      for (const included of expandGlob(this.files, path)) this.read(included, depth + 1);
    }
  }
}

/**
 * Reads what is in force for every connection, included files in place.
 * @param ignored a file that is passed over: ours
 */
export function readSshdConfig(files: FileView, ignored?: string): SshdConfig {
  const reader = new Reader(files, ignored);
  const main = SSHD_CONFIGS.find((path) => files.status(path) !== undefined);
  if (main !== undefined) reader.read(main);
  const { values, hostKeys, includes } = reader;
  return { main, values, hostKeys, includes };
}

/** Paths of the host keys that sshd loads, whether they are there or not. */
export function hostKeysOf(files: FileView): readonly string[] {
  const { hostKeys } = readSshdConfig(files);
  return hostKeys.length > 0 ? hostKeys : HOST_KEY_TYPES.map(defaultHostKey);
}
