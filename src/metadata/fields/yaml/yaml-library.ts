import type * as Yaml from 'yaml';

/** What is used of the library; a bundle has nothing else of it (packaging/library-parts.mjs). */
export const YAML_PARTS = [
  'Composer',
  'isAlias',
  'isMap',
  'isScalar',
  'isSeq',
  'LineCounter',
  'Parser',
  'parseDocument',
  'visit',
] as const;

/**
 * The library of YAML, which is large: read from disk and set up where there is YAML to parse, and only there. What parses it, a
 * step's plan among it, cannot wait for `import()`.
 */
export const loadYaml = () => require('yaml') as Pick<typeof Yaml, (typeof YAML_PARTS)[number]>;
