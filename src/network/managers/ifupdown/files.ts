import { posix } from 'node:path';
import type { FileView } from '../../../machine/files/files.ts';
import { expandGlob, pathMatchesGlob } from '../../../machine/files/glob.ts';
import type { Place } from '../admin-file.ts';
import { isPort, namesPorts } from './ports.ts';

export const INTERFACES_FILE = '/etc/network/interfaces';
export const INTERFACES_DIRECTORY = '/etc/network/interfaces.d';

/** File names that `source-directory` takes (interfaces(5)). */
const PLAIN_NAME = /^[A-Za-z0-9_-]+$/;

/** Where an interface is defined. */
export interface Stanza {
  interface: string;
  file: string;
  /** From 1. */
  line: number;
}

/** A line by which an interface has others for its ports. */
export interface PortLine extends Stanza {
  words: readonly string[];
}

/** What /etc/network/interfaces says, with all that it includes. */
export interface IfupdownFiles {
  stanzas: Stanza[];
  /** Lines within stanzas that may say what is part of their interface. */
  portLines: PortLine[];
  /** The files that are read, in their order. */
  paths: readonly string[];
  /** Whether a file is read, or would be if it existed. */
  includes(path: string): boolean;
}

/** Words of each line, lines that a backslash continues joined; comments are no lines, whatever they end with (interfaces(5)). */
function* wordsOf(text: string): Generator<{ line: number; words: string[] }> {
  let pending = '';
  let start = 0;
  for (const [index, piece] of text.split('\n').entries()) {
    if (pending === '' && piece.trimStart().startsWith('#')) continue;
    if (pending === '') start = index + 1;
    if (piece.endsWith('\\')) {
      pending += `${piece.slice(0, -1)} `;
      continue;
    }
    const words = (pending + piece).split(/\s+/).filter((word) => word !== '');
    pending = '';
    if (words[0] !== undefined) yield { line: start, words };
  }
}

const isReadable = (files: FileView, path: string) =>
  ['file', 'link'].includes(files.status(path)?.kind ?? '');

/** The files that one `source` or `source-directory` argument stands for, and whether it covers a path. */
function inclusion(keyword: string, argument: string, from: string) {
  const pattern = posix.resolve(posix.dirname(from), argument);
  if (keyword === 'source') {
    return {
      expand: (files: FileView) => expandGlob(files, pattern),
      covers: (path: string) => pathMatchesGlob(pattern, path),
    };
  }
  const covers = (path: string) =>
    pathMatchesGlob(pattern, posix.dirname(path)) && PLAIN_NAME.test(posix.basename(path));
  return { expand: (files: FileView) => expandGlob(files, `${pattern}/*`).filter(covers), covers };
}

/** Words that begin something else than an option of a stanza (interfaces(5)). */
const OUTSIDE = /^(auto|allow-.*|mapping|rename|source|source-directory|no-auto-down|no-scripts)$/;

/** What one file says, without what it includes. */
function readFile(files: FileView, file: string) {
  const stanzas: Stanza[] = [];
  const portLines: PortLine[] = [];
  const inclusions: ReturnType<typeof inclusion>[] = [];
  let stanza: string | undefined;
  for (const { line, words } of wordsOf(files.readText(file) ?? '')) {
    const [keyword = '', ...rest] = words;
    if (keyword === 'iface' || OUTSIDE.test(keyword)) stanza = keyword === 'iface' ? rest[0] : undefined;
    if (keyword === 'iface' && stanza !== undefined) stanzas.push({ interface: stanza, file, line });
    if (stanza !== undefined && namesPorts(keyword)) portLines.push({ interface: stanza, file, line, words });
    if (keyword === 'source' || keyword === 'source-directory')
      inclusions.push(...rest.map((argument) => inclusion(keyword, argument, file)));
  }
  return { stanzas, portLines, inclusions };
}

/** Reads interfaces(5) files the way ifup(8) does: which interfaces are defined where. */
export function readIfupdownFiles(files: FileView): IfupdownFiles {
  const stanzas: Stanza[] = [];
  const portLines: PortLine[] = [];
  const covering: ((path: string) => boolean)[] = [];
  const seen = new Set<string>();
  const pending = [INTERFACES_FILE];
  for (let file = pending.shift(); file !== undefined; file = pending.shift()) {
    if (seen.has(file) || !isReadable(files, file)) continue;
    seen.add(file);
    const read = readFile(files, file);
    stanzas.push(...read.stanzas);
    portLines.push(...read.portLines);
    for (const { expand, covers } of read.inclusions) {
      covering.push(covers);
      pending.push(...expand(files));
    }
  }
  return {
    stanzas,
    portLines,
    paths: [...seen],
    includes: (path) => covering.some((covers) => covers(path)),
  };
}

/** The line of a file, other than ours, by which an interface is part of another one. */
export function enslavingLine(
  { portLines }: IfupdownFiles,
  name: string,
  isOwnFile: (path: string) => boolean,
): Place | undefined {
  const found = portLines.find(({ words, file }) => isPort(words, name) && !isOwnFile(file));
  return found === undefined ? undefined : { file: found.file, line: found.line, master: found.interface };
}
