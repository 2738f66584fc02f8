import { gzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { saidBy } from '../said.ts';

const GZIP = gzipSync('hello\n').toString('base64');

async function fileOf(fields: string) {
  const { config, lines } = await saidBy(
    `write_files:\n- path: /etc/x\n  ${fields.replaceAll('\n', '\n  ')}`,
  );
  const [file] = config.files ?? [];
  return { file, lines, text: file && Buffer.from(file.content, 'base64').toString() };
}

test.each([
  ['content: hello', 'hello'],
  ['content: 0644', '0644'],
  ['content: |\n  a\n  b\n', 'a\nb\n'],
  ['encoding: b64\ncontent: aGVsbG8K', 'hello\n'],
  ['encoding: base64\ncontent: |\n  aGVs\n  bG8K', 'hello\n'],
  [`encoding: gz+b64\ncontent: ${GZIP}`, 'hello\n'],
  [`encoding: gzip+base64\ncontent: ${GZIP}`, 'hello\n'],
  [`encoding: gzip\ncontent: !!binary |\n  ${GZIP}`, 'hello\n'],
  ['content: !!binary aGVsbG8K', 'hello\n'],
  ['encoding: text/plain\ncontent: x', 'x'],
  ['append: false', ''],
])('%j', async (fields, text) => {
  const found = await fileOf(fields);
  expect(found.lines).toEqual([]);
  expect(found.text).toBe(text);
  expect(found.file).toMatchObject({ path: '/etc/x', mode: 0o644 });
});

describe('permissions', () => {
  test.each([
    ['0644', 0o644],
    ['"0644"', 0o644],
    ["'0600'", 0o600],
    ['"420"', 0o420],
    ['0o644', 0o644],
    ['"0o755"', 0o755],
    ['04755', 0o4755],
    ['0', 0],
  ])('%s', async (text, mode) => {
    const { file, lines } = await fileOf(`permissions: ${text}`);
    expect(lines).toEqual([]);
    expect(file?.mode).toBe(mode);
    expect(file?.secret).toBe((mode & 0o077) === 0 ? true : undefined);
  });

  test.each([
    ['644', '"644" without quotes, a decimal number to YAML'],
    ['420', '"420" without quotes, a decimal number to YAML'],
    ['rw-r--r--', '"rw-r--r--"'],
    ['"17777"', '"17777"'],
    ['08', '"08"'],
    ['[0644]', 'a list'],
  ])('%s is refused', async (text, found) => {
    const { file, lines } = await fileOf(`permissions: ${text}`);
    expect(file).toBeUndefined();
    expect(lines).toEqual([`files: user-data write_files[0].permissions: ${found}`]);
  });
});

test.each([
  ['owner: root:root', {}],
  ['owner: bob', { owner: { user: 'bob', group: 'root' } }],
  ['owner: bob:staff', { owner: { user: 'bob', group: 'staff' } }],
  ['append: true', { append: true }],
  ['defer: true', { late: true }],
])('%s', async (fields, part) => {
  const { file, lines } = await fileOf(fields);
  expect(lines).toEqual([]);
  expect(file).toEqual({ path: '/etc/x', content: '', mode: 0o644, ...part });
});

test('what is to be a new user’s is written behind the users', async () => {
  const { config } = await saidBy('users: [bob]\nwrite_files: [{path: /a, owner: "bob:bob"}, {path: /b}]');
  expect(config.files?.map(({ late }) => late)).toEqual([true, undefined]);
});

test('what lies in the home of a new user comes behind the users, for else useradd finds a home of root’s there', async () => {
  const paths = ['/home/bob/.x', '/srv/al/a/b', '/home/bobby/.x', '/root/.x'];
  const { config } = await saidBy(
    `users: [bob, {name: al, homedir: /srv/al}, root]\nwrite_files: [${paths.map((path) => `{path: ${path}}`).join()}]`,
  );
  expect(config.files?.map(({ late }) => late)).toEqual([true, true, undefined, undefined]);
});

test.each([
  ['path: x', 'path: "x"'],
  ['path: /a/../b', 'path: "/a/../b"'],
  ['path: /a/', 'path: "/a/"'],
  ['content: x', 'path: nothing'],
  ['path: /a\n  content: [x]', 'content: a list'],
  ['path: /a\n  encoding: b64\n  content: "*"', 'content: no base64'],
  ['path: /a\n  encoding: gz\n  content: aGVsbG8K', 'content: no whole gzip, or too much of it'],
  ['path: /a\n  owner: "a:b:c"', 'owner: "a:b:c"'],
  ['path: /a\n  source: {uri: "http://x"}', 'source: a place in the network, which is not asked'],
  ['path: /a\n  defer: perhaps', 'defer: "perhaps"'],
])('an entry %j costs itself alone', async (fields, line) => {
  const { config, lines } = await saidBy(`write_files:\n- ${fields}\n- path: /ok`);
  expect(lines).toEqual([`files: user-data write_files[0].${line}`]);
  expect(config.files?.map(({ path }) => path)).toEqual(['/ok']);
});

it('takes an encoding that is not known for text, and says so', async () => {
  const { text, lines } = await fileOf('encoding: b64+gz\ncontent: abc');
  expect(text).toBe('abc');
  expect(lines).toEqual(['files: user-data write_files[0].encoding: "b64+gz"']);
});

it('does not let a bomb grow', async () => {
  const bomb = gzipSync(Buffer.alloc(17 * 1024 * 1024)).toString('base64');
  const { file, lines } = await fileOf(`encoding: gz+b64\ncontent: ${bomb}`);
  expect(file).toBeUndefined();
  expect(lines).toEqual(['files: user-data write_files[0].content: no whole gzip, or too much of it']);
});

test.each([
  ['per-boot', 'each-boot'],
  ['per-instance', 'once'],
  ['per-once', 'once'],
])('a script below /var/lib/cloud/scripts/%s is run', async (directory, repeat) => {
  const { config } = await saidBy(
    `write_files:\n- path: /var/lib/cloud/scripts/${directory}/a.sh\n  permissions: "0755"\n  content: "#!/bin/sh\\n"`,
  );
  expect(config.files).toBeUndefined();
  expect(config.scripts).toMatchObject([{ name: `${directory}-a-sh`, when: 'post-boot', repeat }]);
});
