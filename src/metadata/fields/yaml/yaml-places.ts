import type { Document, LineCounter, Node, Pair } from 'yaml';
import { DEPTH_LIMIT } from '../json/json-scan.ts';
import { quoteKey } from '../map-reader.ts';
import { composeYaml, decodeYaml, LONG_YAML_BYTES_LIMIT } from './yaml-text.ts';

/** From 1. */
export interface TextPlace {
  line: number;
  column: number;
}

/**
 * Where the values of a YAML text stand, by the paths that problems name; a key of a map stands for its value. It costs as
 * much as parsing the text, and is for people who wait for it: no boot asks.
 * @returns finds the place of a path, or of what is nearest around it; undefined for a text that cannot be parsed
 */
export function yamlPlaces(bytes: Uint8Array): ((path: string) => TextPlace | undefined) | undefined {
  const decoded = decodeYaml(bytes, LONG_YAML_BYTES_LIMIT);
  if ('fault' in decoded) return undefined;
  const composed = composeYaml(decoded.text);
  if ('fault' in composed) return undefined;
  const offsets = offsetsOf(composed.document);
  return (path) => {
    for (let around = plainPath(path); around !== ''; around = parentOf(around)) {
      const offset = offsets.get(around);
      if (offset !== undefined) return placeOf(offset, composed.lines);
    }
    return undefined;
  };
}

/** Keys with `-` are read as those with `_` in some maps. */
const plainPath = (path: string) => path.replaceAll('-', '_');

/** Without its last key or number; empty where there is nothing around it. */
function parentOf(path: string): string {
  const [last = path] = /\[\d+\]$|\.[^.]*$/.exec(path) ?? [];
  return path.slice(0, -last.length);
}

function placeOf(offset: number, lines: LineCounter): TextPlace {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function offsetsOf(document: Document): Map<string, number> {
  const offsets = new Map<string, number>();
  const visit = (node: unknown, path: string, depth: number) => {
    if (depth > DEPTH_LIMIT) return;
    for (const { key, start, value } of fieldsOf(node)) {
      const isNested = path !== '' && !key.startsWith('[');
      const at = plainPath(`${path}${isNested ? '.' : ''}${key}`);
      if (start !== undefined) offsets.set(at, start);
      visit(value, at, depth + 1);
    }
  };
  visit(document.contents, '', 0);
  return offsets;
}

/** The values of a map or list, with the last part of their paths, and where they begin. */
function fieldsOf(node: unknown): { key: string; start: number | undefined; value: unknown }[] {
  if (typeof node !== 'object' || node === null || !('items' in node)) return [];
  return (node.items as unknown[]).map((item, index) => {
    if (!isPair(item)) return { key: `[${index}]`, start: startOf(item), value: item };
    const name = String((item.key as { value?: unknown }).value);
    return { key: quoteKey(name), start: startOf(item.key), value: item.value };
  });
}

const startOf = (node: unknown) => (node as Node | null)?.range?.[0];

const isPair = (item: unknown): item is Pair =>
  typeof item === 'object' &&
  item !== null &&
  'key' in item &&
  typeof item.key === 'object' &&
  item.key !== null;
