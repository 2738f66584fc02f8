import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { withUserData } from '../../../../src/metadata/user-data/with-user-data.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { KEY, sourceOf } from './said.ts';

const MIB = 1024 * 1024;

async function bounded(userData: Uint8Array): Promise<void> {
  const parsed = await withUserData(sourceOf(), { userData, vendorData: [userData], instanceId: 'i-1' });
  expect(JSON.parse(JSON.stringify(parsed.config))).toEqual(parsed.config);
  expect(parsed.problems.length).toBeLessThan(1000);
  for (const { found, expected, path } of parsed.problems) {
    expect([found, expected]).not.toContain('');
    expect(found + expected + path).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  }
  for (const { name, content } of parsed.config.scripts ?? []) {
    expect(name).toMatch(/^[A-Za-z0-9-]+$/);
    expect(Buffer.from(content, 'base64').toString().startsWith('#!')).toBe(true);
  }
  const names = (parsed.config.scripts ?? []).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
}

const HEADINGS = [
  '#cloud-config\n',
  '#!',
  '#cloud-boothook\n',
  '#cloud-config-archive\n',
  '## template: jinja\n',
];
const MIME = ['MIME-Version: 1.0\n', 'Content-Type: multipart/mixed; boundary="b"\n', '\n--b\n', '\n--b--\n'];
const TYPES = ['Content-Type: text/cloud-config\n', 'Content-Type: text/x-shellscript; name=a\n'];
const ENCODINGS = [
  'Content-Transfer-Encoding: base64\n',
  'Content-Transfer-Encoding: quoted-printable\n',
  '=3D',
  '=\n',
];
const KEYS = [
  'users',
  'user',
  'groups',
  'chpasswd',
  'password',
  'ssh_authorized_keys',
  'write_files',
  'runcmd',
  'bootcmd',
  'mounts',
  'mount_default_fields',
  'swap',
  'growpart',
  'packages',
  'power_state',
  'ntp',
  'hostname',
  'manage_etc_hosts',
  'system_info',
  'final_message',
  'merge_how',
  'timezone',
  'disable_root',
];
const FIELDS = [
  'name',
  'list',
  'path',
  'content',
  'encoding',
  'permissions',
  'mode',
  'servers',
  'default',
  'sudo',
];
const SIGNS = [
  '\n',
  '  ',
  '- ',
  ': ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '|',
  '\r\n',
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  '!x ',
  ', ',
];
const VALUES = [
  'root:x',
  '0644',
  'gz+b64',
  'aGVsbG8K',
  KEY,
  '{{ v1.instance_id }}',
  '{%',
  'true',
  'null',
  '2G',
  '/a',
  'RANDOM',
];

test('any bytes give a configuration and problems, never an exception', async () => {
  const part = fc.constantFrom(
    ...HEADINGS,
    ...MIME,
    ...TYPES,
    ...ENCODINGS,
    ...KEYS,
    ...FIELDS,
    ...SIGNS,
    ...VALUES,
  );
  const text = fc
    .tuple(fc.constantFrom('', ...HEADINGS, MIME.slice(0, 3).join('')), fc.array(part, { maxLength: 40 }))
    .map(([heading, parts]) => Buffer.from(heading + parts.join('')));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    text,
    text.map((plain) => gzipSync(plain)),
  );
  await fc.assert(fc.asyncProperty(bytes, bounded), { numRuns: PROPERTY_RUNS });
});

test('any values of the keys give a configuration and problems', async () => {
  const scalar = fc.oneof(
    fc.constantFrom(...VALUES, ...KEYS, 'a', '', 'default'),
    fc.string({ maxLength: 5 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('map')),
    list: fc.array(tie('any'), { maxLength: 4 }),
    map: fc.dictionary(fc.constantFrom(...FIELDS, ...KEYS, 'uid', 'type', 'users', 'size'), tie('any'), {
      maxKeys: 4,
    }),
  })).any;
  const document = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 5 });
  await fc.assert(
    fc.asyncProperty(document, (map) => bounded(Buffer.from(`#cloud-config\n${JSON.stringify(map)}`))),
    { numRuns: PROPERTY_RUNS },
  );
});

describe('what would cost much', () => {
  const seconds = 10_000;
  const many = (text: string, bytes = MIB) => text.repeat(Math.floor(bytes / text.length));

  it.each([
    ['brackets', `#cloud-config\na: ${many('[')}`],
    ['items', `#cloud-config\nruncmd:\n${many('- a\n')}`],
    ['lines of a text', `#cloud-config\na:\n${many('  b\n')}`],
    ['blank lines', `#cloud-config\n${many('\n')}a: b`],
    ['lines of a block', `#cloud-config\nfinal_message: |\n${many('  b\n', MIB - 100)}`],
    ['lines in quotes', `#cloud-config\na: "${many('\n')}"`],
    ['blanks', `#cloud-config\na: ${many(' ')}b`],
    ['letters', `#cloud-config\na: ${many('a', MIB - 100)}`],
    [
      'boundaries',
      `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${many('--b\n', 4 * MIB)}`,
    ],
    [
      'near boundaries',
      `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n${many('--bb', 4 * MIB)}`,
    ],
    ['headers', `MIME-Version: 1.0\n${many('a: b\n', 4 * MIB)}`],
    ['folded headers', `MIME-Version: 1.0\nContent-Type: multipart/mixed;\n${many(' a=b;\n', 4 * MIB)}`],
    ['backslashes in a header', `MIME-Version: 1.0\nContent-Type: a/b; name="${many('\\', 4 * MIB)}`],
    [
      'soft line ends',
      `MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n${many('=\n', 4 * MIB)}`,
    ],
    [
      'blanks at line ends',
      `MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n${many(' ', 4 * MIB)}x`,
    ],
    ['tags', `## template: jinja\n#cloud-config\na: ${many('{{ v1.instance_id }}', MIB - 100)}`],
    ['open tags', `## template: jinja\n#cloud-config\na: ${many('{{', MIB - 100)}`],
    ['parts', `#cloud-config-archive\n${many('- "#!x"\n', 60_000)}`],
    ['groups', `#cloud-config\nusers: [{name: a, groups: "${many('a ', MIB / 2)}"}]`],
    ['merge rules', `#cloud-config\nmerge_how: "${many('list(append)+', MIB / 2)}"`],
  ])('%s', async (_, text) => {
    const start = Date.now();
    await bounded(Buffer.from(text));
    expect(Date.now() - start).toBeLessThan(seconds);
  });

  it('MIME in MIME', async () => {
    const boundaries = Array.from({ length: 2000 }, (_, at) => `b${at}`);
    const text = boundaries
      .map((name) => `Content-Type: multipart/mixed; boundary=${name}\n\n--${name}\n`)
      .join('');
    await bounded(Buffer.from(`MIME-Version: 1.0\n${text}`));
  });

  it('gzip in gzip', async () => {
    let packed: Uint8Array = Buffer.from('#cloud-config\ntimezone: Etc/UTC\n');
    for (let level = 0; level < 20; level++) packed = gzipSync(packed);
    const { problems } = await withUserData(sourceOf(), { userData: packed });
    expect(problems).toMatchObject([{ found: 'more parts' }]);
  });
});
