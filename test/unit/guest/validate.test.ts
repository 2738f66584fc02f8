import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { validate } from '../../../src/guest/validate.ts';
import { yamlPlaces } from '../../../src/metadata/fields/yaml/yaml-places.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

const directory = mkdtempSync(join(tmpdir(), 'validate-'));

/** What is printed about a file, without its path. */
async function printed(text: string | Uint8Array, name = 'user-data', json = false) {
  const path = join(directory, name);
  writeFileSync(path, text);
  let out = '';
  const output = {
    print: (more: string) => {
      out += more;
    },
    printError: () => expect.fail('nothing is printed there'),
    isTerminal: () => false,
    columns: () => undefined,
  };
  const status = await validate(path, { json }, { output });
  return { status, out: out.replaceAll(`${path}: `, '') };
}

const WRONG = `#cloud-config
hostname: a_b
users:
  - name: bob
    uid: x
  - {name: eve, ssh-import-id: [x]}
write_files:
- path: /a
  permissions: 644
runcmds: [a]
mounts: [[vdb, mnt]]
`;

it('says all that is wrong in user-data at once, with line and column', async () => {
  const { status, out } = await printed(WRONG);
  expect(status).toBe(1);
  expect(out.split('\n').map((line) => line.replace(/: found .*/, ''))).toEqual([
    'host-name: user-data hostname at line 2, column 1',
    'user: user-data users[0].uid at line 5, column 5',
    'user: user-data users[1].ssh_import_id at line 6, column 17',
    'files: user-data write_files[0].permissions at line 9, column 3',
    'storage: user-data mounts[0][1] at line 11, column 16',
    'source: user-data runcmds at line 10, column 1',
    '',
  ]);
});

it('prints places as numbers in JSON', async () => {
  const { out } = await printed('#cloud-config\nruncmds: [a]\n', 'user-data', true);
  expect(JSON.parse(out).problems).toMatchObject([{ path: 'user-data runcmds', line: 2, column: 1 }]);
});

test.each([
  ['vendor-data', '#cloud-config\nruncmds: [a]\n', 'vendor-data runcmds at line 2, column 1'],
  ['some.yaml', '#cloud-config\nruncmds: [a]\n', 'user-data runcmds at line 2, column 1'],
  ['some.yaml', '## template: jinja\n#cloud-config\nruncmds: [a]\n', 'user-data runcmds at line 3, column 1'],
  [
    'user-data',
    '## template: jinja\n#cloud-config\nfqdn: {{ v1.local_hostname }}.example.net\nruncmds: [a]\n',
    'user-data runcmds at line 4, column 1',
  ],
  [
    'some.yaml',
    '## template: jinja\n#cloud-config\nfqdn: {{ v1.local_hostname }}-{{ instance_id }}.x\nruncmds: [a]\n',
    'user-data runcmds at line 4, column 1',
  ],
  [
    'some.mime',
    'MIME-Version: 1.0\nContent-Type: text/cloud-config\n\na: 1\nruncmds: [a]\n',
    'user-data part 1 runcmds at line 2, column 1',
  ],
  ['meta-data', 'a: b\nlocal-hostname: a_b\n', 'meta-data local-hostname at line 2, column 1'],
  [
    'network-config',
    'network:\n  version: 2\n  ethernets: {eth0: {mtu: x}}\n',
    'network-config network.ethernets.eth0.mtu at line 3, column 22',
  ],
  [
    'network-config',
    'version: 2\nethernets: {eth0: {mtu: x}}\n',
    'network-config ethernets.eth0.mtu at line 2, column 20',
  ],
  ['user-data', '#cloud-config\na: b: c\n', 'user-data: found a mistake at line 2, column 4'],
])('%s: %j', async (name, text, line) => {
  const { status, out } = await printed(text, name);
  expect(status).toBe(1);
  expect(out).toContain(line);
});

test.each([
  ['user-data', '#!/bin/sh\n'],
  ['user-data', '#cloud-config\ntimezone: Etc/UTC\n'],
  ['some.yaml', '#cloud-config\ntimezone: Etc/UTC\n'],
  ['setup.sh', '#!/bin/sh\n'],
  ['some.gz', gzipSync('#cloud-config\ntimezone: Etc/UTC\n')],
])('%s: %j is valid', async (name, text) => {
  expect(await printed(text, name)).toEqual({ status: 0, out: 'a valid user-data\n' });
});

test.each<[string, string | Uint8Array, string]>([
  ['include.txt', '#include\nhttp://x\n', 'an #include of other addresses'],
  ['cloud.yaml', 'hostname: web1\n', 'YAML without "#cloud-config" in front'],
  ['cloud.yaml', '# cloud-config\nhostname: web1\n', 'a "#cloud-config" that is written otherwise'],
  ['cloud.yaml', '\ufeff#cloud-config\nhostname: web1\n', 'text behind a byte order mark'],
  ['cloud.yaml', Buffer.from('\ufeff#cloud-config\n', 'utf16le'), 'text in UTF-16'],
  ['cloud.b64', Buffer.from('#cloud-config\nhostname: web1\n').toString('base64'), 'looks like base64'],
  ['notes', 'hello\n', 'text of no known kind'],
])('%s: %j is told for what it is', async (name, text, found) => {
  const { status, out } = await printed(text, name);
  expect(status).toBe(1);
  expect(out).toContain(`source: user-data: found ${found}`.replace('found looks', 'found text that looks'));
});

test.each(['{"vm_hostname": 1}', '\ufeff{}', '[]', '', 'a\0b'])(
  '%j is a configuration, as wrong as it may be',
  async (text) => {
    expect((await printed(text, 'some')).out).not.toContain('user-data');
  },
);

it('finds nothing wrong in the example', async () => {
  const path = fileURLToPath(new URL('../../../docs/examples/nocloud/user-data', import.meta.url));
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(/^#cloud-config\n/);
  expect(await printed(text)).toEqual({ status: 0, out: 'a valid user-data\n' });
});

describe('places', () => {
  it('are those of what is around a field that is not there', () => {
    const find = yamlPlaces(Buffer.from('a:\n- b: 1\n'));
    expect(find?.('a[0].c')).toEqual({ line: 2, column: 3 });
    expect(find?.('x.y')).toBeUndefined();
  });

  it('are found, or not, for any text and path', () => {
    const part = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      '? ',
      '&x ',
      '*x',
      '.',
      '<<',
      ' ',
    );
    const text = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (yaml, path) => {
        const place = yamlPlaces(Buffer.from(yaml))?.(path);
        if (place !== undefined) expect(place.line).toBeGreaterThan(0);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

it('says a warning, and that the file is valid', async () => {
  expect(await printed('#cloud-config\nusers: [{name: bob, plain_text_passwd: x}]\n')).toMatchObject({
    status: 0,
    out: expect.stringMatching(
      /warning: user: user-data users\[0\] at line 2, column 9: found a password of bob.*\n.*a valid user-data\n$/,
    ),
  });
});
