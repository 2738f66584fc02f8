import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { renderConfigSchema } from '../../../../packaging/documentation/config-schema.ts';
import { parseConfig } from '../../../../src/metadata/gandi/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { isValid } from './json-schema.ts';

const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const SCHEMA = JSON.parse(read('docs/config.schema.json'));
const valid = (config: unknown) => isValid(SCHEMA, config);
const problemsOf = (text: string) => parseConfig(new TextEncoder().encode(text)).problems;

const EXAMPLES = [
  'docs/example-config.json',
  'docs/examples/minimal.json',
  'docs/examples/several-networks.json',
  'docs/examples/complete.json',
];

describe('docs/config.schema.json', () => {
  it('is what the validator gives; "make generated" writes it', () => {
    expect(read('docs/config.schema.json')).toBe(renderConfigSchema());
  });

  it.each(EXAMPLES)('takes %s, and so do the programs', (path) => {
    expect(valid(JSON.parse(read(path)))).toBe(true);
    expect(problemsOf(read(path))).toEqual([]);
  });

  it('is shown whole by the complete example', () => {
    const keys = (value: unknown): string[] =>
      typeof value !== 'object' || value === null
        ? []
        : Object.entries(value).flatMap(([key, inner]) => [key, ...keys(inner)]);
    const named = new Set(keys(JSON.parse(read('docs/examples/complete.json'))));
    const properties = (schema: Record<string, unknown>): string[] => {
      const own = Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>);
      const items = schema.items === undefined ? [] : properties(schema.items as Record<string, unknown>);
      return [...items, ...own.flatMap(([name, inner]) => [name, ...properties(inner)])];
    };
    expect(properties(SCHEMA)).toContain('pvn_gateway_onlink');
    for (const name of properties(SCHEMA)) expect(named).toContain(name);
  });

  it('takes every fixture that the programs take', () => {
    const folders = readdirSync(new URL('../../../fixtures/gandi', import.meta.url));
    const taken = folders
      .map((name) => read(`test/fixtures/gandi/${name}/config`))
      .filter((text) => problemsOf(text).length === 0);
    expect(taken.length).toBeGreaterThan(2);
    for (const text of taken) expect(valid(JSON.parse(text))).toBe(true);
  });

  const pna = (fields: object) => ({ vif: [{ pna: [{ pna_address: '192.0.2.2', ...fields }] }] });
  const pbn = { pbn_network: '192.0.2.0/24' };
  const pvn = { pvn_network: '192.0.2.0/24' };

  it.each<[string, unknown]>([
    ['a list', []],
    ['a number for a name', { vm_hostname: 7 }],
    ['null for servers', { nameservers: null }],
    ['a name for a server', { nameservers: ['dns'] }],
    ['seven domains', { search_domains: Array(7).fill('example.com') }],
    ['a number that is not whole', { vif: [{ vif_number: 0.5 }] }],
    ['a number that is too large', { vif: [{ vif_number: 256 }] }],
    ['small packets', { vif: [{ vif_mtu: 576 }] }],
    ['half a MAC address', { vif: [{ vif_mac: '00:16:3e' }] }],
    ['an address without a network', pna({})],
    ['an address in two networks', pna({ pbn, pvn })],
    ['a network without its address', pna({ pbn: {} })],
    ['a user with a colon', { vm_conf: { user: 'a:0' } }],
    ['a list for the user', { vm_conf: [] }],
  ])('refuses %s, as the programs do', (_, config) => {
    expect(valid(config)).toBe(false);
    expect(problemsOf(JSON.stringify(config))).not.toEqual([]);
  });

  it('takes null where the programs do', () => {
    const config = { vm_hostname: null, ...pna({ pbn: { ...pbn, pbn_gateway: null }, pvn: null }) };
    expect(valid(config)).toBe(true);
    expect(problemsOf(JSON.stringify(config))).toEqual([]);
  });

  it('never refuses what the programs take', () => {
    const leaf = fc.oneof(
      fc.constantFrom(
        null,
        true,
        0,
        1500,
        'web1',
        '192.0.2.2',
        '192.0.2.0/24',
        'fe80::1',
        '2001:db8::/64',
        '',
      ),
      fc.jsonValue({ maxDepth: 1 }),
    );
    const some = (names: readonly string[], value: fc.Arbitrary<unknown> = leaf) =>
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 });
    const network = (key: string) => some([`${key}_network`, `${key}_gateway`, `${key}_gateway_onlink`]);
    const address = fc.record(
      { pna_address: leaf, pbn: fc.oneof(network('pbn'), leaf), pvn: fc.oneof(network('pvn'), leaf) },
      { requiredKeys: [] },
    );
    const vif = fc
      .tuple(some(['vif_number', 'vif_mac', 'vif_name', 'vif_mtu']), fc.array(address, { maxLength: 2 }))
      .map(([fields, list]) => ({ ...fields, pna: list }));
    const config = fc.record(
      {
        vm_hostname: leaf,
        nameservers: fc.oneof(fc.array(leaf, { maxLength: 2 }), leaf),
        search_domains: fc.array(leaf, { maxLength: 2 }),
        vif: fc.array(fc.oneof(vif, leaf), { maxLength: 2 }),
        vm_conf: fc.oneof(some(['user', 'password', 'ssh_key', 'script_args', 'run']), leaf),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(config, (document) => {
        const text = JSON.stringify(document);
        if (problemsOf(text).length === 0) expect(valid(JSON.parse(text))).toBe(true);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('renderConfigSchema', () => {
  it('refuses a rule that it does not know', () => {
    expect(() => renderConfigSchema(v.object({ mail: v.pipe(v.string(), v.email()) }))).toThrow('"email"');
    expect(() => renderConfigSchema(v.object({ when: v.date() }))).toThrow('"date"');
  });
});
