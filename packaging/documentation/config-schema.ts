import type { GenericSchema } from 'valibot';
import { ConfigSchema } from '../../src/metadata/gandi/schema.ts';

type Keywords = Record<string, unknown>;

/** What valibot keeps of a schema, a rule or a remark: plain data. */
interface Part {
  kind: 'schema' | 'validation' | 'metadata';
  type: string;
  message?: unknown;
  requirement?: unknown;
  description?: string;
  metadata?: { jsonSchema?: Keywords };
  entries?: Record<string, Part>;
  item?: Part;
  wrapped?: Part;
  /** The schema itself first, then rules and remarks. */
  pipe?: Part[];
}

const isOptional = ({ type }: Part) => type === 'optional' || type === 'nullish';

/**
 * Rules by their types. Bytes of UTF-8 are at least as many as characters; `max_length` is used of lists alone, for
 * texts have their limits in bytes.
 */
const RULES: Readonly<Record<string, (requirement: unknown) => Keywords>> = {
  integer: () => ({ type: 'integer' }),
  min_value: (minimum) => ({ minimum }),
  max_value: (maximum) => ({ maximum }),
  max_length: (maxItems) => ({ maxItems }),
  max_bytes: (maxLength) => ({ maxLength }),
  regex: (requirement) => ({ pattern: (requirement as RegExp).source }),
  // What only code can say: its message, which says what is expected, becomes the description.
  check: () => ({}),
  raw_check: () => ({}),
};

/** What a message expects describes the field; "an object" says no more than the type. */
const withMessage = ({ message, type }: Part): Keywords =>
  typeof message === 'string' && type !== 'object' ? { description: message } : {};

function renderObject(entries: Record<string, Part>): Keywords {
  const required = Object.keys(entries).filter((name) => !isOptional(entries[name] as Part));
  const properties = Object.entries(entries).map(([name, part]) => [name, renderPart(part)]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
  };
}

function renderSchema({ type, entries, item, wrapped }: Part): Keywords {
  if (type === 'object' && entries !== undefined) return renderObject(entries);
  if (type === 'array' && item !== undefined) return { type: 'array', items: renderPart(item) };
  if (type === 'optional' && wrapped !== undefined) return renderPart(wrapped);
  if (type === 'nullish' && wrapped !== undefined) {
    const inner = renderPart(wrapped);
    return { ...inner, type: [inner.type, 'null'] };
  }
  if (type === 'string' || type === 'number' || type === 'boolean') return { type };
  throw new Error(`config-schema.ts does not know valibot's "${type}"`);
}

function renderPart(part: Part): Keywords {
  const { kind, type, pipe, requirement } = part;
  if (pipe !== undefined) {
    // The schema is the first of its own pipe.
    const [first, ...rules] = pipe as [Part, ...Part[]];
    return Object.assign({}, ...[{ ...first, pipe: undefined } as unknown as Part, ...rules].map(renderPart));
  }
  if (kind === 'schema') return { ...withMessage(part), ...renderSchema(part) };
  if (kind === 'metadata')
    return (
      part.metadata?.jsonSchema ?? (part.description === undefined ? {} : { description: part.description })
    );
  const rule = RULES[type];
  if (rule === undefined) throw new Error(`config-schema.ts does not know valibot's rule "${type}"`);
  return { ...withMessage(part), ...rule(requirement) };
}

/**
 * JSON Schema (draft 2020-12) of `/gandi/config`, from the schema that the programs check it by. All that the programs
 * accept is valid by it; what holds between fields, such as an address in its network, only they can tell.
 * @returns text of a JSON file
 * @throws Error for a kind of rule that is not known here, so that a new one cannot be forgotten
 */
export function renderConfigSchema(schema: GenericSchema = ConfigSchema): string {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'gandi/config',
    description:
      'What a host asks of its guest. Keys that are not named here are ignored. "gandi-guest validate" checks more.',
  };
  const { description: _, ...whole } = renderPart(schema as unknown as Part);
  return `${JSON.stringify({ ...head, ...whole }, null, 2)}\n`;
}
