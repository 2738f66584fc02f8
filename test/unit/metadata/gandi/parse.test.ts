import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseConfig } from '../../../../src/metadata/gandi/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { changedBytes } from './changed-bytes.ts';

const FIXTURES = 'test/fixtures/gandi';
const complete = JSON.parse(readFileSync(`${FIXTURES}/complete/config`, 'utf8'));

function parse(document: unknown) {
  return parseConfig(Buffer.from(JSON.stringify(document)));
}

/** The lines that a person would read. */
function problemsOf(text: string | Uint8Array): string[] {
  return parseConfig(Buffer.from(text)).problems.map(
    ({ group, path, found, expected }) => `${group}: ${path}: ${found}; ${expected}`,
  );
}

describe('configurations in folders', () => {
  it.each(readdirSync(FIXTURES))('%s', (name) => {
    const expected: unknown = JSON.parse(readFileSync(`${FIXTURES}/${name}/expected.json`, 'utf8'));
    expect(parseConfig(readFileSync(`${FIXTURES}/${name}/config`))).toEqual(expected);
  });

  it('has nothing to say against the example of the documentation', () => {
    const { config, problems } = parseConfig(readFileSync('docs/example-config.json'));
    expect(problems).toEqual([]);
    expect(Object.keys(config).sort()).toEqual(['hostName', 'interfaces', 'postBoot', 'resolvers', 'users']);
  });
});

describe('documents that cannot be read', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['a byte order mark', '\ufeff{}', 'a byte order mark; UTF-8 without byte order mark'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 'a zero byte at byte 1; JSON text in UTF-8'],
    ['a zero byte', '{}\0', 'a zero byte at byte 2; JSON text in UTF-8'],
    ['Latin 1', Buffer.from('{"a":"é"}', 'latin1'), 'bytes that are not UTF-8; JSON text in UTF-8'],
    ['no text', '', 'the end of the text; a JSON value'],
    [
      'half a text',
      '{"vm_hostname": "we',
      'the end of the text; the rest of a string, with control characters escaped',
    ],
    ['a comma too many', '{\n  "a": 1,\n}', '"}" at line 3, column 1; a key in double quotes'],
    ['a text behind', '{}{}', '"{" at line 1, column 3; nothing behind the document'],
    [
      'a line end in a text',
      '{"a": "x\ny"}',
      String.raw`"\n" at line 1, column 9; the rest of a string, with control characters escaped`,
    ],
    ['nesting of 33', '['.repeat(33), 'more levels at line 1, column 34; at most 32 levels'],
    ['nesting of 100,000', '{"a":'.repeat(100_000), 'more levels at line 1, column 162; at most 32 levels'],
    [
      '20,001 values',
      `[${'1,'.repeat(20_000)}1]`,
      'more values at line 1, column 40001; at most 20000 values',
    ],
    ['more than 1 MiB', Buffer.alloc(1024 * 1024 + 1, ' '), '1048577 bytes; at most 1048576 bytes'],
    ['a list', '[]', 'a list; a JSON object'],
    ['null', 'null', 'null; a JSON object'],
    ['a text', '"secret"', 'a string of 6 characters; a JSON object'],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual([`archive: : ${expected}`]);
    expect(parseConfig(Buffer.from(text)).config).toEqual({});
  });

  it('reads nothing of 100 MB', () => {
    expect(problemsOf(Buffer.alloc(100_000_000, '['))).toEqual([
      'archive: : 100000000 bytes; at most 1048576 bytes',
    ]);
  });
});

describe('groups', () => {
  const BAD = {
    hostName: { vm_hostname: 'web1.' },
    resolvers: { nameservers: ['192.0.2.53', null] },
    interfaces: { vif: [{ pna: [{ pna_address: '192.0.2.1' }] }] },
    users: { vm_conf: { ...complete.vm_conf, password: 'x' } },
    postBoot: { vm_conf: { ...complete.vm_conf, run: 1 } },
  };
  const good: Record<string, unknown> = { ...parse(complete).config };

  it.each(Object.entries(BAD))('a bad %s costs only itself', (key, fields) => {
    const { [key]: refused, ...others } = good;
    expect(refused).toBeDefined();
    const { config, problems } = parse({ ...complete, ...fields });
    // Their order depends on the name.
    const sorted = ({ resolvers, ...rest }: Record<string, unknown>) => ({
      ...rest,
      resolvers: [resolvers ?? []].flat().sort(),
    });
    expect(sorted({ ...config })).toEqual(sorted(others));
    expect(problems).toHaveLength(1);
  });

  it('are absent where nothing is asked for', () => {
    const vm_conf = { user: null, password: null, ssh_key: '\n# none\n', script_args: '', run: null };
    expect(parse({ vm_hostname: null, nameservers: [], vif: [], vm_conf })).toEqual({
      config: {},
      problems: [],
      refused: [],
      origins: [],
    });
  });

  it('take the last of two equal keys, as version 2.43 did', () => {
    expect(parseConfig(Buffer.from('{"vm_hostname":"a","vm_hostname":"b"}')).config).toEqual({
      hostName: 'b',
    });
  });

  it('tell 50 problems and count the rest', () => {
    const { problems } = parse({ nameservers: Array.from({ length: 5000 }, (_, index) => index) });
    expect(problems).toHaveLength(51);
    expect(problems[0]?.path).toBe('nameservers[0]');
    expect(problems.at(-1)).toMatchObject({ found: '4950 more problems', group: 'resolver' });
  });
});

describe('user and post-boot fields', () => {
  const user = (name: unknown) => parse({ vm_conf: { user: name } });

  // Tried with useradd(8) of Debian 12 and 13, and the refused ones below.
  it.each([
    ...['root', 'admin1', '_apt', 'a', 'a-b_c', `a${'b'.repeat(31)}`],
    ...['Admin', 'JOHN', 'jane.doe', 'Jane.Doe-2', '.a', 'a..b', '1a'],
  ])('takes user %s', (name) => {
    const names = [...new Set(['root', name])];
    expect(user(name).config).toEqual({ users: names.map((each) => ({ name: each, sshKeys: [] })) });
  });

  it.each([
    ...['a:0', 'a\n', '0', '1234', '-rf', 'a b', 'a$', '../x', '.', '..', 'a+b', 'a@b', 'é'],
    ...[`a${'b'.repeat(32)}`, 7, []],
  ])('refuses user %j', (name) => {
    const { config, problems } = user(name);
    expect(config).toEqual({});
    expect(problems.map(({ path }) => path)).toEqual(['vm_conf.user']);
  });

  const [ED25519, RSA] = [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHpZVnRvCMJJ7L0Qf9hetlrjvhZiJICibgDD0di67bcV me',
    'ssh-rsa AAAA',
  ];
  const HASH: string = complete.vm_conf.password;

  it.each([
    ['user', { user: '', password: HASH, ssh_key: ED25519 }, { passwordHash: HASH, sshKeys: [ED25519] }],
    ['password', { user: 'a', password: '', ssh_key: ED25519 }, { sshKeys: [ED25519] }],
    ['key', { user: 'a', password: HASH, ssh_key: '' }, { passwordHash: HASH, sshKeys: [] }],
  ])('takes an empty %s for none', (_, vm_conf, expected) => {
    const names = ['root', ...(vm_conf.user === '' ? [] : [vm_conf.user])];
    const users = names.map((name) => ({ name, ...expected }));
    const { config, problems, refused } = parse({ vm_conf });
    expect({ config, problems, refused }).toEqual({ config: { users }, problems: [], refused: [] });
  });

  it.each<[string, string]>([
    ['of a broken key', RSA],
    ['of DSA', 'ssh-dss AAAA'],
    ['with an option', `no-pty ${ED25519}`],
    ['of a certificate', 'ssh-ed25519-cert-v01@openssh.com AAAA'],
    ['that is half a key', 'ssh-ed25519 AAAAC3NzaC1l\nZDI1NTE5'],
  ])('a line %s costs itself alone', (_, line) => {
    const vm_conf = { user: 'a', password: HASH, ssh_key: `${line}\r\n${ED25519}\r\n` };
    const { config, problems, refused } = parse({ vm_conf });
    const credentials = { passwordHash: HASH, sshKeys: [ED25519] };
    expect(config.users).toEqual(['root', 'a'].map((name) => ({ name, ...credentials })));
    const lines = line.split('\n');
    expect(problems).toEqual(
      lines.map((text, index) => ({
        group: 'user',
        path: 'vm_conf.ssh_key',
        found: `line ${index + 1} of ${text.length} characters`,
        expected: expect.any(String),
      })),
    );
    expect(refused).toEqual([]);
  });

  it('counts bad lines beyond 50, and says that nothing is left where there is nothing else', () => {
    const { config, problems, refused } = parse({ vm_conf: { ssh_key: `${RSA}\n`.repeat(60) } });
    expect(config).toEqual({});
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)?.found).toBe('10 more problems');
    expect(refused).toEqual(['user']);
  });

  it.each([
    ['zero', 'a\0b'],
    ['half a character', 'a\ud800'],
    ['too long', 'é'.repeat(32_769)],
    ['a list', ['a']],
  ])('refuses %s in arguments and command, and shows none of it', (_, value) => {
    const { config, problems } = parse({ vm_conf: { script_args: value, run: value } });
    expect(config).toEqual({});
    expect(problems.map(({ path }) => path)).toEqual(['vm_conf.script_args', 'vm_conf.run']);
    expect(problems[0]?.found).toMatch(/^a (string of \d+ characters|list)$/);
  });

  it('takes a command of several lines as it is', () => {
    const run = 'set -e\n  echo "$HOME" \'x\'\n';
    expect(parse({ vm_conf: { run } }).config).toEqual({ postBoot: { command: run } });
  });
});

describe('any input', () => {
  const SECRET = 'q7Zk9Wp2';

  /** What must hold whatever the bytes are. */
  function check(bytes: Uint8Array): void {
    const { config, problems, origins } = parseConfig(bytes);
    // A line of ssh_key costs itself alone.
    const whole = problems.filter(({ path, found }) => path !== 'vm_conf.ssh_key' || !/^line /.test(found));
    const groups = new Set(
      whole.filter(({ found }) => !/ more problems$/.test(found)).map(({ group }) => group),
    );
    const keys = {
      'host-name': config.hostName,
      network: config.interfaces,
      resolver: config.resolvers,
      user: config.users,
      'post-boot': config.postBoot,
    };
    for (const [group, value] of Object.entries(keys)) {
      if (groups.has('archive') || groups.has(group as keyof typeof keys)) {
        expect(value, group).toBeUndefined();
      }
    }
    const shown = JSON.stringify([problems, origins]);
    expect(shown).not.toContain(SECRET);
    for (const { path, found } of problems) {
      expect(`${path}${found}`).not.toMatch(/\p{Cc}/u);
      expect(found.length).toBeLessThan(500);
    }
    for (const { sshKeys, passwordHash } of config.users ?? []) {
      for (const line of sshKeys) expect(line).toMatch(/^(?:ssh|ecdsa|sk)-[^\p{Cc}]*$/u);
      if (passwordHash !== undefined) expect(passwordHash).toMatch(/^\$[^:\s]{20,}$/);
    }
  }

  test('arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 512 }), check), { numRuns: PROPERTY_RUNS });
  });

  test('arbitrary JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => check(Buffer.from(text))),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('the complete configuration with arbitrary values in any of its places', () => {
    const places: (string | number)[][] = [];
    const collect = (value: unknown, path: (string | number)[]): void => {
      places.push(path);
      if (typeof value === 'object' && value !== null) {
        for (const [key, inner] of Object.entries(value)) {
          collect(inner, [...path, key]);
        }
      }
    };
    collect(complete, []);
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: 'binary' }),
      fc.ipV4(),
      fc.ipV6(),
    );
    const change = fc.tuple(fc.constantFrom(...places), anything);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        check(Buffer.from(JSON.stringify(changes.reduce(replaced, complete))));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  test('the complete configuration with bytes changed', () => {
    const good = readFileSync(`${FIXTURES}/complete/config`);
    fc.assert(fc.property(changedBytes(good, 5), check), { numRuns: PROPERTY_RUNS });
  });

  test('secrets in any field of vm_conf but the name', () => {
    const secret = fc.tuple(fc.string(), fc.string()).map(([before, after]) => `${before}${SECRET}${after}`);
    const value = fc.oneof(secret, fc.array(secret), fc.record({ a: secret }));
    const fields = fc.record(
      { password: value, ssh_key: value, script_args: value, run: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fields, value), (vm_conf) => check(Buffer.from(JSON.stringify({ vm_conf })))),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

/** A copy of a JSON value with another value in one place; unchanged if the place is gone. */
function replaced(value: unknown, [path, other]: [(string | number)[], unknown]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return other;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const inner: unknown = Reflect.get(copy, key);
  Reflect.set(copy, key, replaced(inner, [rest, other]));
  return copy;
}
