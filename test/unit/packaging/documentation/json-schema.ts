import { isIPv4, isIPv6 } from 'node:net';

type Schema = Record<string, unknown>;

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  ipv4: isIPv4,
  ipv6: isIPv6,
  hostname: (text) => /^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.|$)/.test(text),
};

const ofText = (value: unknown, test: (text: string) => boolean) => typeof value !== 'string' || test(value);
const ofNumber = (value: unknown, test: (number: number) => boolean) =>
  typeof value !== 'number' || test(value);
const fieldsOf = (value: unknown): Schema => (TYPES.object?.(value) ? (value as Schema) : {});
const count = (schemas: unknown, value: unknown) =>
  (schemas as Schema[]).filter((schema) => isValid(schema, value)).length;

/** The keywords of JSON Schema that docs/config.schema.json uses, by the specification's words (draft 2020-12). */
const KEYWORDS: Readonly<Record<string, (argument: never, value: unknown) => boolean>> = {
  $schema: () => true,
  title: () => true,
  description: () => true,
  type: (type: string | string[], value) => [type].flat().some((name) => TYPES[name]?.(value) === true),
  properties: (properties: Record<string, Schema>, value) =>
    Object.entries(fieldsOf(value)).every(
      ([name, field]) => properties[name] === undefined || isValid(properties[name], field),
    ),
  required: (names: string[], value) =>
    !TYPES.object?.(value) || names.every((name) => name in fieldsOf(value)),
  items: (items: Schema, value) => !Array.isArray(value) || value.every((item) => isValid(items, item)),
  maxItems: (most: number, value) => !Array.isArray(value) || value.length <= most,
  minimum: (least: number, value) => ofNumber(value, (number) => number >= least),
  maximum: (most: number, value) => ofNumber(value, (number) => number <= most),
  maxLength: (most: number, value) => ofText(value, (text) => [...text].length <= most),
  pattern: (pattern: string, value) => ofText(value, (text) => new RegExp(pattern, 'u').test(text)),
  format: (format: string, value) => ofText(value, (text) => FORMATS[format]?.(text) === true),
  anyOf: (schemas: Schema[], value) => count(schemas, value) > 0,
  oneOf: (schemas: Schema[], value) => count(schemas, value) === 1,
};

/**
 * Whether a JSON value is valid by a JSON Schema.
 * @throws Error for a keyword that is not known here
 */
export function isValid(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, argument]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`the test does not know the keyword ${keyword}`);
    return check(argument as never, value);
  });
}
