import { nearestName } from '../fields/nearest-name.ts';
import { quote } from '../fields/problem.ts';
import { ConfigSchema } from './schema.ts';

/** A key of the document that does not do what its writer may think. */
export interface KeyWarning {
  /** The path of the key, such as `vif[0].pna[1].pbn.pbn_gatway`. */
  path: string;
  text: string;
}

/** Warnings that are told one by one; the rest is counted. */
const WARNINGS_LIMIT = 50;

/** What of valibot's schemas says which keys there may be. */
interface SchemaNode {
  kind: 'schema';
  entries?: Readonly<Record<string, SchemaNode>>;
  item?: SchemaNode;
  wrapped?: SchemaNode;
}

/** An object or list that is open where the text is read. */
interface Level {
  path: string;
  schema: SchemaNode | undefined;
  /** Keys so far; undefined for a list. */
  keys: Set<string> | undefined;
  /** The index of the element that comes, in a list. */
  index: number;
  /** The key whose value comes, in an object. */
  key: string | undefined;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

function unwrapped(schema: SchemaNode | undefined): SchemaNode | undefined {
  return schema?.wrapped === undefined ? schema : unwrapped(schema.wrapped);
}

function open(bracket: string, parent: Level | undefined): Level {
  const base = { keys: bracket === '{' ? new Set<string>() : undefined, index: 0, key: undefined };
  if (parent === undefined) return { ...base, path: '', schema: ConfigSchema };
  if (parent.keys === undefined) {
    return { ...base, path: `${parent.path}[${parent.index}]`, schema: unwrapped(parent.schema?.item) };
  }
  const key = parent.key ?? '';
  const entries = parent.schema?.entries;
  const schema = entries !== undefined && Object.hasOwn(entries, key) ? unwrapped(entries[key]) : undefined;
  return { ...base, path: pathOf(parent, key), schema };
}

/** Keys are a stranger's text: what could break a line is shown quoted. */
function pathOf({ path }: Level, key: string): string {
  const shown = /^[\w-]{1,60}$/.test(key) ? key : quote(key);
  return path === '' ? shown : `${path}.${shown}`;
}

function warningsOf(level: Level, key: string): KeyWarning[] {
  const path = pathOf(level, key);
  if (level.keys?.has(key)) return [{ path, text: 'the key is there twice; the last one counts' }];
  const entries = level.schema?.entries;
  if (entries === undefined || Object.hasOwn(entries, key)) return [];
  const nearest = nearestName(key, Object.keys(entries));
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return [{ path, text: `the key is not known and is passed over${hint}` }];
}

/**
 * Keys that the format does not know, and keys that are twice in one object: no boot fails by them, and none does what
 * they say. Below a key that is not known only double ones are told.
 * @param text JSON that {@link parseJsonText} takes
 */
export function keyWarnings(text: string): KeyWarning[] {
  const warnings: KeyWarning[] = [];
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') levels.push(open(token, level));
    else if (token === '}' || token === ']') levels.pop();
    else if (level === undefined) continue;
    else if (token === ',') {
      level.index += 1;
      level.key = undefined;
    } else if (token !== ':' && level.keys !== undefined && level.key === undefined) {
      const key = String(JSON.parse(token));
      warnings.push(...warningsOf(level, key));
      level.keys.add(key);
      level.key = key;
    }
  }
  const left = warnings.length - WARNINGS_LIMIT;
  return left > 0
    ? [...warnings.slice(0, WARNINGS_LIMIT), { path: '', text: `${left} more keys like these` }]
    : warnings;
}
