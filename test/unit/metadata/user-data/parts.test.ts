import { gzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { withUserData } from '../../../../src/metadata/user-data/with-user-data.ts';
import { linesOf, said, sourceOf, textsOf } from './said.ts';

const ZONE = '#cloud-config\ntimezone: Etc/UTC\n';
const MESSAGE = '#cloud-config\nfinal_message: up\n';

/** A message of MIME with these parts, each its headers and its body. */
const mime = (...parts: [headers: string, body: string][]) =>
  [
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=="',
    '',
    ...parts.flatMap(([headers, body]) => ['--==', headers, ...(headers === '' ? [] : ['']), body]),
    '--==--',
    '',
  ].join('\n');

test.each(['', '\n\n', '#cloud-config', '#cloud-config\n# nothing\n', '#cloud-config\n{}\n'])(
  '%j asks for nothing',
  async (text) => {
    expect(await said(text, { hostName: 'web1' })).toEqual(sourceOf({ hostName: 'web1' }));
  },
);

it('tells a key that is there twice, of which the last one counts', async () => {
  const yaml = '#cloud-config\nruncmd: [a]\nusers:\n- {name: bob, groups: a, groups: b}\nruncmd: [b]\n';
  const { config, problems } = await said(yaml);
  expect(textsOf(config)).toEqual({ runcmd: '#!/bin/sh\nb\n' });
  expect(config.users).toMatchObject([{ groups: ['b'] }]);
  expect(problems).toMatchObject([
    { path: 'user-data groups', found: 'a key that is there twice' },
    { path: 'user-data runcmd', found: 'a key that is there twice' },
  ]);
});

test.each([
  ['plain', ZONE],
  ['behind blank lines', `\n \n${ZONE}`],
  ['in other case, with CRLF', '#Cloud-Config\r\ntimezone: Etc/UTC\r\n'],
  ['as JSON', '#cloud-config\n{"timezone": "Etc/UTC"}'],
  ['in gzip', gzipSync(ZONE)],
  ['in gzip in gzip', gzipSync(gzipSync(ZONE))],
  ['in MIME', mime(['Content-Type: text/cloud-config', ZONE])],
  ['in MIME in gzip', gzipSync(mime(['Content-Type: text/cloud-config', ZONE]))],
  ['in MIME without its heading', mime(['Content-Type: text/cloud-config', 'timezone: Etc/UTC'])],
  ['in MIME by its content', mime(['Content-Type: text/plain; charset="utf-8"', ZONE])],
  ['in MIME without headers', mime(['', `\n${ZONE}`])],
  ['in MIME with CRLF', mime(['Content-Type: text/cloud-config', ZONE]).replaceAll('\n', '\r\n')],
  ['in MIME as it is', `Content-Type: text/cloud-config\nMIME-Version: 1.0\n\n${ZONE}`],
  [
    'in MIME, base64',
    mime([
      'Content-Type: text/cloud-config\nContent-Transfer-Encoding: base64',
      Buffer.from(ZONE).toString('base64'),
    ]),
  ],
  [
    'in MIME, quoted-printable',
    mime([
      'Content-Type: text/cloud-config\nContent-Transfer-Encoding: quoted-printable',
      '#cloud-config\ntime=\nzone: Etc=2FUTC',
    ]),
  ],
  [
    'in MIME, gzip in base64',
    mime([
      'Content-Type: application/x-gzip\nContent-Transfer-Encoding: base64',
      gzipSync(ZONE).toString('base64'),
    ]),
  ],
  [
    'in MIME in MIME',
    mime([
      'Content-Type: multipart/mixed;\n boundary=inner',
      `--inner\nContent-Type: text/cloud-config\n\n${ZONE}\n--inner--`,
    ]),
  ],
  ['in MIME whose end is missing', mime(['Content-Type: text/cloud-config', ZONE]).replace('--==--', '')],
  [
    'in an archive',
    '#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    timezone: Etc/UTC\n',
  ],
  ['in an archive of texts', '#cloud-config-archive\n- |\n  #cloud-config\n  timezone: Etc/UTC\n'],
  ['in a template', `## template: jinja\n${ZONE}`],
])('a #cloud-config %s', async (_, data) => {
  const parsed = await said(data);
  expect(linesOf(parsed)).toEqual([]);
  expect(parsed.config).toEqual({ timeZone: 'Etc/UTC' });
});

test.each(['utf16le', 'utf16be'])('%s, as editors of Windows write it, is told', async (encoding) => {
  const bytes = Buffer.from('\ufeff#cloud-config\nhostname: a\n', 'utf16le');
  const { problems } = await said(encoding === 'utf16be' ? bytes.swap16() : bytes);
  expect(problems.map(({ found }) => found)).toEqual(['text in UTF-16, where UTF-8 is read']);
});

test.each([
  ['#include\nhttp://x', 'an #include of other addresses'],
  ['#include-once\nhttp://x', 'an #include of other addresses'],
  ['#part-handler\n', 'a #part-handler, a program of cloud-init'],
  ['#cloud-config-jsonp\n', 'a #cloud-config-jsonp'],
  ['\ufeff#!/bin/sh\n', 'text behind a byte order mark'],
  [
    'I2Nsb3VkLWNvbmZpZwpwYXNzd29yZDogeAo=\n',
    'text that looks like base64, which the host should have undone',
  ],
  ['hello: world', 'YAML without "#cloud-config" in front'],
  ['---\n#cloud-config\na: b', 'a "#cloud-config" that is written otherwise, or not in the first line'],
  ['# cloud-config\na: b', 'a "#cloud-config" that is written otherwise, or not in the first line'],
  ['#cloud_config\na: b', 'a "#cloud-config" that is written otherwise, or not in the first line'],
  ['{"a": "b"}', 'JSON without "#cloud-config" in front'],
  ['apt-get update\n', 'text of no known kind'],
  ['#cloud-config\na: b: c', 'a mistake at line 2, column 4 (BLOCK_AS_IMPLICIT_KEY)'],
  ['#cloud-config\n- a', 'a list'],
  ['#cloud-config\na: \u0000', 'a zero byte at byte 17'],
  ['#cloud-config-archive\na: b', 'a map'],
  ['## template: mako\n#cloud-config', 'a template of "mako"'],
  ['#cloud-boothook\necho x', 'a script without "#!"'],
  ['Content-Type: multipart/mixed\nMIME-Version: 1.0\n\nx', 'a multipart without a boundary'],
])('%j is told in one line, and costs itself alone', async (data, found) => {
  const parsed = await said(data, { hostName: 'web1' });
  expect(parsed.problems).toMatchObject([{ path: 'user-data', found }]);
  expect(parsed).toMatchObject({ refused: [], config: { hostName: 'web1' } });
});

it.each([
  ['damaged', Buffer.from([0x1f, 0x8b, 8, 0])],
  ['a bomb', gzipSync(Buffer.alloc(33 * 1024 * 1024))],
  ['a bomb in gzip', gzipSync(gzipSync(Buffer.alloc(33 * 1024 * 1024)))],
])('refuses gzip that is %s', async (_, data) => {
  const { problems } = await said(data);
  expect(problems).toMatchObject([{ path: 'user-data', found: 'gzip that is damaged or becomes too much' }]);
});

test.each([
  ['#!/bin/sh\r\necho x\r\n', '#!/bin/sh\necho x\n'],
  ['#cloud-boothook\r\n#!/bin/sh\r\necho x', '#!/bin/sh\necho x'],
  ['#!/bin/sh\r\nprintf "\u00e9"\r\n', '#!/bin/sh\nprintf "\u00e9"\n'],
  // Only the first line says whose the file is.
  ['#!/bin/sh\nprintf "a\r\n"\n', '#!/bin/sh\nprintf "a\r\n"\n'],
])('of a script of Windows the carriage returns are dropped: %j', async (data, script) => {
  const { config, problems } = await said(data);
  expect(problems).toEqual([]);
  expect(textsOf(config)).toEqual({ 'user-data': script });
});

it('names the part that is wrong, and takes the others', async () => {
  const parsed = await said(
    mime(
      ['Content-Type: text/cloud-config', 'timezone: [x]'],
      ['Content-Type: text/x-include-url', 'http://x'],
      ['Content-Type: image/png', 'x'],
      ['Content-Type: text/cloud-config; name="end.cfg"', 'final_message: [x]'],
      ['Content-Type: text/cloud-config', 'hostname: web1'],
    ),
  );
  expect(linesOf(parsed)).toEqual([
    'time: user-data part 1 timezone: a list',
    'post-boot: user-data part 4 (end.cfg) final_message: a list',
    'source: user-data part 2: an #include of other addresses',
    'source: user-data part 3: a part of a type that is not known',
  ]);
  expect(parsed.config).toEqual({ hostName: 'web1' });
});

describe('scripts', () => {
  it('behind blank lines begin with their "#!"', async () => {
    expect(textsOf((await said('\n \n#!/bin/sh\necho é\n')).config)).toEqual({
      'user-data': '#!/bin/sh\necho é\n',
    });
  });

  it('of a hook begin behind its first line, and run early at each boot', async () => {
    const { config } = await said('#cloud-boothook\n#!/bin/sh\necho x\n');
    expect(config.scripts).toMatchObject([{ name: 'user-data', when: 'early', repeat: 'each-boot' }]);
    expect(textsOf(config)).toEqual({ 'user-data': '#!/bin/sh\necho x\n' });
  });

  it('run in the order of their names, of which runcmd is one, those of each boot before', async () => {
    const script = 'text/x-shellscript';
    const { config } = await said(
      mime(
        [`Content-Type: ${script}\nContent-Disposition: attachment; filename="zz.sh"`, '#!/bin/sh\n'],
        [`Content-Type: ${script}`, '#!/bin/sh\n'],
        ['Content-Type: text/cloud-config', 'runcmd: [a]'],
        [`Content-Type: ${script}-per-boot; name=boot.sh`, '#!/bin/sh\n'],
        [`Content-Type: ${script}; name="z/z.sh"`, '#!/bin/sh\n'],
      ),
    );
    expect(config.scripts?.map(({ name, repeat }) => `${name} ${repeat}`)).toEqual([
      'user-data-boot-sh each-boot',
      'user-data-part-002 once',
      'runcmd once',
      'user-data-z-z-sh once',
      'user-data-zz-sh once',
    ]);
  });

  it('of one name get two', async () => {
    const part: [string, string] = ['Content-Type: text/x-shellscript; name=a', '#!/bin/sh\n'];
    const { config } = await said(mime(part, part));
    expect(config.scripts?.map(({ name }) => name)).toEqual(['user-data-a', 'user-data-a-2']);
  });

  it('of the host run before the customer’s, and both behind those of the source', async () => {
    const script = Buffer.from('#!/bin/sh\n');
    const own = { name: 'own', content: '', when: 'post-boot', repeat: 'once' } as const;
    const { config, origins } = await withUserData(sourceOf({ scripts: [own] }), {
      userData: script,
      vendorData: [script, script],
    });
    expect(config.scripts?.map(({ name }) => name)).toEqual([
      'own',
      'vendor-data',
      'vendor-data-2',
      'user-data',
    ]);
    expect(origins.map(({ field }) => field)).toEqual(['vendor-data', 'vendor-data-2', 'user-data']);
  });
});

describe('several #cloud-config', () => {
  const of = (...parts: string[]) =>
    said(mime(...parts.map((part): [string, string] => ['Content-Type: text/cloud-config', part])));
  const names = (packages: string, more = '') => `packages: ${packages}\n${more}`;

  test.each([
    ['different keys', [ZONE, MESSAGE], { timeZone: 'Etc/UTC', finalMessage: 'up' }],
    ['the later of one key', ['timezone: Etc/UTC', 'timezone: Europe/Paris'], { timeZone: 'Europe/Paris' }],
    [
      'a map as a whole',
      ['swap: {size: 1K, filename: /s}', 'swap: {size: 2K}'],
      { swapFile: { size: 2048 } },
    ],
    [
      'merge_how',
      [names('[a]'), names('[b]', 'merge_how: list(append)+dict(recurse_list)+str()')],
      { packages: { names: ['a', 'b'] } },
    ],
    [
      'merge_type',
      [names('[a]'), names('[b]', 'merge_type: list(prepend)+dict(recurse_array)')],
      { packages: { names: ['b', 'a'] } },
    ],
    [
      'rules as a list',
      [
        names('[a]'),
        names(
          '[b]',
          'merge_how: [{name: list, settings: [append]}, {name: dict, settings: [no_replace, recurse_list]}]',
        ),
      ],
      { packages: { names: ['a', 'b'] } },
    ],
    [
      'maps in each other',
      ['swap: {filename: /s}', 'swap: {size: 2K}\nmerge_how: dict()'],
      { swapFile: { path: '/s', size: 2048 } },
    ],
  ])('%s', async (_, parts, config) => {
    const parsed = await of(...parts);
    expect(linesOf(parsed)).toEqual([]);
    expect(parsed.config).toEqual(config);
  });

  it('takes rules of a header', async () => {
    const parsed = await said(
      mime(
        ['Content-Type: text/cloud-config', names('[a]')],
        ['Content-Type: text/cloud-config\nMerge-Type: list(append)+dict(recurse_array)+str()', names('[b]')],
      ),
    );
    expect(parsed.config.packages?.names).toEqual(['a', 'b']);
  });

  it('says where a list takes the place of another', async () => {
    const parsed = await of('runcmd: [a]', 'runcmd: [b]');
    expect(linesOf(parsed)).toEqual([
      'source: user-data part 2 runcmd: a list that takes the place of the one in user-data part 1',
    ]);
    expect(textsOf(parsed.config)).toEqual({ runcmd: '#!/bin/sh\nb\n' });
  });

  it('says so of rules that it cannot read', async () => {
    expect(linesOf(await of('timezone: Etc/UTC', 'merge_how: append\ntimezone: Etc/UTC'))).toEqual([
      'source: user-data part 2 merge_how: "append"',
    ]);
  });

  it('the host’s say what the customer’s do not', async () => {
    const parsed = await withUserData(sourceOf(), {
      userData: Buffer.from('#cloud-config\nswap: {size: 1K}\nruncmd: [mine]\n'),
      vendorData: [
        Buffer.from('#cloud-config\nswap: {size: 2K, filename: /s}\nruncmd: [host]\ntimezone: Etc/UTC\n'),
      ],
    });
    expect(linesOf(parsed)).toEqual([]);
    expect(parsed.config).toMatchObject({ swapFile: { size: 1024, path: '/s' }, timeZone: 'Etc/UTC' });
    expect(textsOf(parsed.config)).toEqual({ runcmd: '#!/bin/sh\nmine\n' });
    expect(parsed.origins.find(({ setting }) => setting === 'time zone')?.field).toBe('vendor-data timezone');
  });
});

describe('templates', () => {
  const data = { instanceId: 'i-1', metaData: { 'local-hostname': 'web1', long: 'x'.repeat(2000) } };
  const render = async (text: string) =>
    await withUserData(sourceOf({ hostName: 'web1' }), {
      ...data,
      userData: Buffer.from(`## template: jinja\n#cloud-config\nfinal_message: '${text}'\n`),
    });

  test.each([
    ['{{ v1.instance_id }}', 'i-1'],
    ['{{v1.local_hostname}}', 'web1'],
    ['{{ instance_id }}', 'i-1'],
    ['{{- ds.meta_data.local_hostname -}}', 'web1'],
    ['{{ ds["meta_data"]["local-hostname"] }}', 'web1'],
    ['none', 'none'],
  ])('%s', async (text, message) => {
    expect((await render(text)).config.finalMessage).toBe(message);
  });

  test.each([
    '{{ v1.region }}',
    '{{ v1.instance_id | upper }}',
    '{% if x %}',
    '{# x #}',
    '{{ 1 + 1 }}',
    '{{ ds.meta_data.long }}',
    '{{ v1.instance_id',
    '{{ constructor }}',
  ])('%s refuses the part', async (text) => {
    const parsed = await render(text);
    expect(parsed.problems).toHaveLength(1);
    expect(parsed.problems[0]?.path).toBe('user-data');
    expect(parsed.config.finalMessage).toBeUndefined();
  });

  it('of a script begin with its "#!"', async () => {
    const parsed = await withUserData(sourceOf(), {
      ...data,
      userData: Buffer.from('## template: jinja\n#!/bin/sh\necho {{ v1.instance_id }}\n'),
    });
    expect(textsOf(parsed.config)).toEqual({ 'user-data': '#!/bin/sh\necho i-1\n' });
  });

  it('in a template are none', async () => {
    const text = '## template: jinja\n'.repeat(50_000);
    const parsed = await withUserData(sourceOf(), { userData: Buffer.from(text) });
    expect(linesOf(parsed)).toEqual(['source: user-data: a template in a template']);
  });
});

describe('vendor-data that the customer does not want', () => {
  const vendorData = ['#!/bin/sh\none\n', '#cloud-config\ntimezone: Etc/UTC\n'].map((text) =>
    Buffer.from(text),
  );
  const beside = async (text: string) => {
    const { config, problems } = await withUserData(sourceOf(), { userData: Buffer.from(text), vendorData });
    expect(problems).toEqual([]);
    return { scripts: Object.keys(textsOf(config)), timeZone: config.timeZone };
  };

  it.each([
    ['vendor_data: {enabled: false}', { scripts: [], timeZone: 'Etc/UTC' }],
    ['vendor_data2: {enabled: no}', { scripts: ['vendor-data'], timeZone: undefined }],
    ['vendor_data: {enabled: true}', { scripts: ['vendor-data'], timeZone: 'Etc/UTC' }],
    ['final_message: vendor_data', { scripts: ['vendor-data'], timeZone: 'Etc/UTC' }],
  ])('does nothing: %s', async (text, left) => {
    expect(await beside(`#cloud-config\n${text}\n`)).toEqual(left);
  });

  it('counts beside a script, which says nothing of it', async () => {
    expect(await beside('#!/bin/sh\n# vendor_data: {enabled: false}\n')).toMatchObject({
      timeZone: 'Etc/UTC',
    });
  });
});
