import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGce } from '../../../../src/metadata/gce/parse.ts';
import { gceAt } from '../../../../src/metadata/gce/source.ts';
import type { World } from '../../../../src/metadata/source.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';
import { httpService, type Reply } from '../../http-service.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK';
/** More than JavaScript's numbers keep. */
const ID = '7173839038217632001';
const NOW = Date.parse('2030-06-01T12:00:00Z');
const SUDO = ['ALL=(ALL) NOPASSWD:ALL'];

const documentOf = (attributes: object = {}, project: object = {}) => ({
  instance: { id: 7, hostname: 'web1.europe-west1-b.c.shop.internal', attributes },
  project: { projectId: 'shop', attributes: project },
});
const bytes = (document: unknown) =>
  new Uint8Array(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
const parse = (document: unknown, instanceId = ID) =>
  parseGce({ metaData: bytes(document), instanceId, askedAt: NOW });
const expiring = (time: string) =>
  `web:${KEY} google-ssh {"userName":"web@example.org","expireOn":"${time}"}`;

it.each<[Record<string, string>, boolean]>([
  [{ '/sys/class/dmi/id/product_name': 'Google Compute Engine\n' }, true],
  [{ '/sys/class/dmi/id/product_serial': 'GoogleCloud-0123456789ABCDEF\n' }, true],
  [{ '/sys/class/dmi/id/product_name': 'Google Compute Engine 2\n' }, false],
  [{ '/sys/class/dmi/id/product_name': 'Google\n' }, false],
  [{ '/sys/class/dmi/id/product_serial': 'GoogleCloud-\n' }, false],
  [{ '/sys/class/dmi/id/product_serial': 'NotGoogleCloud-01\n' }, false],
  [{ '/sys/class/dmi/id/sys_vendor': 'Google\n' }, false],
  [{}, false],
])('Google Compute Engine by the firmware: %j', (entries, expected) => {
  expect(gceAt([]).isMatched?.(makeFiles(entries))).toBe(expected);
});

describe('what Google says', () => {
  it('is the guest’s configuration', async () => {
    const startup = '#!/bin/sh\necho each boot\n';
    const customer = '#!/bin/sh\necho once\n';
    const { instanceId, parsed } = await parse(
      documentOf({ 'ssh-keys': `web:${KEY} me\n`, 'user-data': customer, 'startup-script': startup }),
    );
    expect(instanceId).toBe(ID);
    expect(parsed).toMatchObject({ problems: [], refused: [] });
    expect(parsed.config).toMatchObject({
      hostName: 'web1',
      fqdn: 'web1.europe-west1-b.c.shop.internal',
      dhcpOnAll: true,
      users: [{ name: 'web', sshKeys: [`${KEY} me`], sudo: SUDO }],
      scripts: [
        { name: 'startup-script', when: 'post-boot', repeat: 'each-boot' },
        { name: 'user-data', when: 'post-boot', repeat: 'once' },
      ],
    });
    const contents = parsed.config.scripts?.map(({ content }) => Buffer.from(content, 'base64').toString());
    expect(contents).toEqual([startup, customer]);
  });

  it('may be nothing but the instance', async () => {
    const { parsed } = await parse({ instance: {} });
    expect(parsed).toMatchObject({ problems: [], refused: [] });
    expect(parsed.config).toEqual({ dhcpOnAll: true });
  });

  it('may have its user-data in base64', async () => {
    const script = '#!/bin/sh\necho customer\n';
    const { parsed } = await parse(
      documentOf({ 'user-data': Buffer.from(script).toString('base64'), 'user-data-encoding': 'base64' }),
    );
    expect(parsed.config.scripts?.map(({ content }) => Buffer.from(content, 'base64').toString())).toEqual([
      script,
    ]);
  });

  it('has the project’s script for each boot where the instance has none', async () => {
    const named = async (own: object) => {
      const { parsed } = await parse(documentOf(own, { 'startup-script': '#!/bin/sh\n#p' }));
      return parsed.config.scripts?.map(({ content }) => Buffer.from(content, 'base64').toString());
    };
    expect(await named({})).toEqual(['#!/bin/sh\n#p']);
    expect(await named({ 'startup-script': '#!/bin/sh\n#i' })).toEqual(['#!/bin/sh\n#i']);
  });

  it.each<[string, unknown, string, string[]]>([
    ['no instance', {}, 'computeMetadata instance', ['source']],
    ['no JSON', '<html>', 'computeMetadata', ['source']],
    ['a list', [], 'computeMetadata', ['source']],
    [
      'a name that is none',
      { instance: { hostname: '-rf' } },
      'computeMetadata instance.hostname',
      ['host-name'],
    ],
    [
      'attributes that are a list',
      { instance: { attributes: [1] } },
      'computeMetadata instance.attributes',
      ['user'],
    ],
    [
      'an encoding that nobody knows',
      documentOf({ 'user-data': '#!', 'user-data-encoding': 'rot13' }),
      'computeMetadata instance.attributes.user-data-encoding',
      [],
    ],
    [
      'base64 that is none',
      documentOf({ 'user-data': '#!/bin/sh', 'user-data-encoding': 'base64' }),
      'computeMetadata instance.attributes.user-data',
      [],
    ],
    [
      'a script that names no interpreter',
      documentOf({ 'startup-script': 'echo' }),
      'computeMetadata instance.attributes.startup-script',
      [],
    ],
    [
      'a script elsewhere',
      documentOf({ 'startup-script-url': 'gs://bucket/script' }),
      'computeMetadata instance.attributes.startup-script-url',
      [],
    ],
  ])('is told where it has %s', async (_, document, path, groups) => {
    const { parsed } = await parse(document);
    expect(parsed.problems.map((problem) => problem.path)).toContain(path);
    expect(parsed.refused).toEqual(groups);
    expect(parsed.config).not.toHaveProperty('scripts');
  });

  it.each(['', 'a\nb'])('is refused where the id is %j', async (id) => {
    const { instanceId, parsed } = await parse(documentOf(), id);
    expect(instanceId).toBeUndefined();
    expect(parsed.refused).toEqual(['source']);
  });
});

describe('the keys', () => {
  const usersOf = async (attributes: object, project: object = {}) => {
    const { parsed } = await parse(documentOf(attributes, project));
    return { users: parsed.config.users ?? [], refused: parsed.refused, problems: parsed.problems };
  };

  it('are those of each user, once', async () => {
    const { users, problems } = await usersOf(
      { 'ssh-keys': `web:${KEY} me\r\n\n# none\nroot:${KEY}\ncloudinit:${OTHER}` },
      { 'ssh-keys': `web:${KEY} again\nweb:${OTHER} b` },
    );
    expect(problems).toEqual([]);
    expect(users).toEqual([
      { name: 'web', sshKeys: [`${KEY} me`, `${OTHER} b`], sudo: SUDO },
      { name: 'root', sshKeys: [KEY] },
      { sshKeys: [OTHER] },
    ]);
  });

  it.each<[string, object, string[]]>([
    ['the project’s, too', {}, ['web', 'ops']],
    [
      'the project’s where it is said that they are not blocked',
      { 'block-project-ssh-keys': 'FALSE' },
      ['web', 'ops'],
    ],
    ['the instance’s alone where others are blocked', { 'block-project-ssh-keys': 'TRUE' }, ['web']],
    ['the instance’s alone where it has the older field', { sshKeys: `old:${KEY}` }, ['web', 'old']],
  ])('are %s', async (_, attributes, names) => {
    const { users } = await usersOf(
      { 'ssh-keys': `web:${KEY}`, ...attributes },
      { 'ssh-keys': `ops:${KEY}` },
    );
    expect(users.map(({ name }) => name)).toEqual(names);
  });

  it.each<[string, boolean]>([
    ['2030-06-01T12:00:01+0000', true],
    ['2030-06-01T12:00:00+0000', false],
    ['2018-12-04T20:12:00+0000', false],
    ['2030-06-01T13:30:00+0200', false],
    ['2030-06-01T12:00:01Z', true],
  ])('that end on %s count: %j', async (time, isTaken) => {
    const { users, problems, refused } = await usersOf({ 'ssh-keys': expiring(time) });
    expect(users).toHaveLength(isTaken ? 1 : 0);
    expect(refused).toEqual([]);
    // One that is taken outlives its end in the guest, which is told.
    expect(problems.map(({ found }) => found)).toEqual(
      isTaken ? ['a key that ends at 2030-06-01T12:00:01.000Z'] : [],
    );
    expect(problems.every(({ isWarning }) => isWarning)).toBe(true);
  });

  it.each<[string, string]>([
    ['an end that is no time', expiring('tomorrow')],
    ['an end that is no day', expiring('2030-13-41T12:00:00+0000')],
    ['an end that is no JSON', `web:${KEY} google-ssh {"expireOn"`],
    ['an end that is null', `web:${KEY} google-ssh null`],
    ['an end that is a number', `web:${KEY} google-ssh {"expireOn":4000000000}`],
    ['no user', KEY],
    ['a user that is none', `-rf:${KEY}`],
    ['a key that is none', 'web:ssh-rsa A'],
    ['options before it', `web:command="/bin/x" ${KEY}`],
  ])('are told, and not taken, where one has %s', async (_, line) => {
    const { users, refused, problems } = await usersOf({ 'ssh-keys': line });
    expect(users).toEqual([]);
    expect(refused).toEqual(['user']);
    expect(problems).toEqual([
      expect.objectContaining({ path: 'computeMetadata instance.attributes.ssh-keys line 1' }),
    ]);
    expect(JSON.stringify(problems)).not.toContain('CQkJCQkJ');
  });

  it('without an end in what Google’s tools write have none', async () => {
    const { users } = await usersOf({ 'ssh-keys': `web:${KEY} google-ssh {"userName":"me"}` });
    expect(users).toHaveLength(1);
  });

  it.each<[object, object, boolean]>([
    [{ 'enable-oslogin': 'TRUE' }, {}, false],
    [{}, { 'enable-oslogin': 'true' }, false],
    [{ 'enable-oslogin': 'FALSE' }, { 'enable-oslogin': 'TRUE' }, true],
  ])('of an instance with %j and a project with %j count: %j', async (own, project, isTaken) => {
    const { users, refused, problems } = await usersOf({ 'ssh-keys': `web:${KEY}`, ...own }, project);
    expect(users).toHaveLength(isTaken ? 1 : 0);
    expect(refused).toEqual(isTaken ? [] : ['user']);
    const field = `${'enable-oslogin' in own ? 'instance' : 'project'}.attributes.enable-oslogin`;
    expect(problems.map(({ path }) => path)).toEqual(isTaken ? [] : [`computeMetadata ${field}`]);
  });
});

it('any JSON and any bytes are parsed without an error', async () => {
  const line = fc.oneof(
    fc.string(),
    fc.string().map((text) => `web:${KEY} google-ssh ${text}`),
    fc.jsonValue().map((value) => `web:${KEY} google-ssh ${JSON.stringify({ expireOn: value })}`),
  );
  const field = fc.oneof(
    fc.jsonValue(),
    fc.array(line).map((lines) => lines.join('\n')),
  );
  const attributes = fc.record(
    {
      'ssh-keys': field,
      sshKeys: field,
      'block-project-ssh-keys': field,
      'enable-oslogin': field,
      'user-data': field,
      'user-data-encoding': fc.oneof(field, fc.constant('base64')),
      'startup-script': field,
    },
    { requiredKeys: [] },
  );
  const document = fc.record(
    {
      instance: fc.oneof(field, fc.record({ hostname: field, attributes }, { requiredKeys: [] })),
      project: fc.oneof(field, fc.record({ attributes })),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), document.map(bytes)), fc.string(), async (metaData, id) => {
      const { instanceId, parsed } = await parseGce({ metaData, instanceId: id, askedAt: NOW });
      if (!parsed.refused.includes('source')) expect(instanceId).toBe(id);
      if (parsed.refused.includes('user')) expect(parsed.config.users).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

describe('the metadata service of Google', () => {
  const ALL = '/computeMetadata/v1/?recursive=true';
  const INSTANCE_ID = '/computeMetadata/v1/instance/id';

  it.each<[string, Record<string, Reply>, object]>([
    [
      'says all',
      { [ALL]: '{"instance":{}}', [INSTANCE_ID]: `${ID}\n` },
      { state: 'present', raw: { instanceId: ID }, place: { isHosts: true } },
    ],
    ['is none', {}, { state: 'absent' }],
    ['has no instance', { [ALL]: '{}' }, { state: 'absent' }],
    ['refuses', { [ALL]: 403 }, { state: 'unreachable', problems: [{ found: 'status 403' }] }],
  ])('%s', async (_, replies, expected) => {
    const flavors = new Set<unknown>();
    const { address } = await httpService(({ url = '', headers }) => {
      flavors.add(headers['metadata-flavor']);
      return url in replies ? replies[url] : 404;
    });
    expect(await gceAt([address]).find({ waitSeconds: 2 } as World)).toMatchObject(expected);
    expect([...flavors]).toEqual(['Google']);
  });
});
