import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withLinkLocal } from '../../../../src/metadata/digitalocean/link-local.ts';
import { parseDigitalOcean } from '../../../../src/metadata/digitalocean/parse.ts';
import { digitaloceanAt } from '../../../../src/metadata/digitalocean/source.ts';
import type { World } from '../../../../src/metadata/source.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';
import { httpService, NOBODY } from '../../http-service.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';

const DROPLET = {
  droplet_id: 123,
  hostname: 'web1',
  public_keys: [`${KEY} me`],
  user_data: '#!/bin/sh\n',
  dns: { nameservers: ['192.0.2.53'] },
  tags: null,
  features: { dhcp_enabled: false },
  interfaces: {
    public: [
      {
        mac: '04:01:00:00:00:01',
        ipv4: { ip_address: '192.0.2.10', netmask: '255.255.240.0', gateway: '192.0.2.1' },
        ipv6: { ip_address: '2001:db8::10', cidr: 64, gateway: '2001:db8::1' },
        anchor_ipv4: { ip_address: '10.19.0.5', netmask: '255.255.0.0', gateway: '10.19.0.1' },
      },
    ],
    private: [
      {
        mac: '04:01:00:00:00:02',
        ipv4: { ip_address: '10.0.0.2', netmask: '255.255.0.0', gateway: '10.0.0.1' },
      },
    ],
  },
};

const parse = (document: unknown) =>
  parseDigitalOcean(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));

it.each<[Record<string, string>, boolean]>([
  [{ '/sys/class/dmi/id/sys_vendor': 'DigitalOcean\n' }, true],
  [{ '/sys/class/dmi/id/sys_vendor': 'DigitalOcean, LLC\n' }, false],
  [{ '/sys/class/dmi/id/product_name': 'Droplet\n' }, false],
  [{}, false],
])('DigitalOcean by the firmware: %j', (entries, expected) => {
  expect(digitaloceanAt([]).isMatched?.(makeFiles(entries))).toBe(expected);
});

describe('what DigitalOcean says', () => {
  it('is the guest’s configuration', async () => {
    const { instanceId, parsed } = await parse(DROPLET);
    expect(instanceId).toBe('123');
    expect(parsed.problems).toEqual([]);
    expect(parsed.config).toMatchObject({
      hostName: 'web1',
      users: [{ sshKeys: [`${KEY} me`] }],
      resolvers: ['192.0.2.53'],
      scripts: [{ when: 'post-boot' }],
    });
    const [first, second] = parsed.config.interfaces ?? [];
    expect(first).toMatchObject({
      mac: '04:01:00:00:00:01',
      addresses: [
        { address: '192.0.2.10', prefixLength: 20, gateway: '192.0.2.1' },
        { address: '2001:db8::10', prefixLength: 64, gateway: '2001:db8::1' },
        { address: '10.19.0.5', prefixLength: 16 },
      ],
    });
    expect(second).toMatchObject({ mac: '04:01:00:00:00:02', addresses: [{ address: '10.0.0.2' }] });
    expect(second?.addresses[0]?.gateway).toBeUndefined();
    expect(first?.addresses[2]?.gateway).toBeUndefined();
  });

  it('may lack all but the id, or have it and the keys as text', async () => {
    const { instanceId, parsed } = await parse({
      droplet_id: '7',
      public_keys: `${KEY}\n`,
      interfaces: { public: null },
      dns: null,
      user_data: null,
    });
    expect(instanceId).toBe('7');
    expect(parsed).toMatchObject({ problems: [], config: { dhcpOnAll: true, users: [{ sshKeys: [KEY] }] } });
  });

  it.each<[string, unknown, string, string[]]>([
    ['no id', { hostname: 'web1' }, 'v1.json droplet_id', ['source']],
    ['no JSON', '<html>', 'v1.json', ['source']],
    ['a list', [], 'v1.json', ['source']],
    ['a name that is none', { droplet_id: 1, hostname: '-rf' }, 'v1.json hostname', ['host-name']],
    [
      'an interface without a hardware address',
      { droplet_id: 1, interfaces: { public: [{ ipv4: { ip_address: '192.0.2.10' } }] } },
      'v1.json interfaces.public[0].mac',
      ['network', 'resolver'],
    ],
    [
      'an address that is none',
      {
        droplet_id: 1,
        interfaces: { public: [{ mac: '04:01:00:00:00:01', ipv4: { ip_address: '192.0.2.300' } }] },
      },
      'v1.json interfaces.public[0].ipv4.ip_address',
      ['network', 'resolver'],
    ],
  ])('is refused where it has %s', async (_, document, path, groups) => {
    const { parsed } = await parse(document);
    expect(parsed.problems.map((problem) => problem.path)).toContain(path);
    expect(parsed.refused).toEqual(groups);
    expect(parsed.config).not.toHaveProperty('interfaces');
  });
});

it('any JSON and any bytes are parsed without an error', async () => {
  const field = fc.oneof(
    fc.jsonValue(),
    fc.constant(DROPLET.interfaces),
    fc.constant(DROPLET.dns),
    fc.constant(1),
  );
  const document = fc.record(
    {
      droplet_id: field,
      hostname: field,
      public_keys: field,
      dns: field,
      interfaces: field,
      user_data: field,
    },
    { requiredKeys: [] },
  );
  const bytes = fc.oneof(
    fc.uint8Array(),
    document.map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (raw) => {
      const { instanceId, parsed } = await parseDigitalOcean(raw);
      if (!parsed.refused.includes('source')) expect(instanceId).toBeDefined();
      if (parsed.refused.includes('network')) expect(parsed.config.interfaces).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

describe('the address that a droplet asks from', () => {
  const NETWORK = {
    '/sys/class/net/eth0/address': '04:01:00:00:a8:fe\n',
    '/sys/class/net/eth0/device': '',
    '/sys/class/net/lo/address': '00:00:00:00:00:00\n',
    '/proc/net/fib_trie': 'Main:\n  +-- 127.0.0.0/8 2 0 2\n     |-- 127.0.0.1\n        /32 host LOCAL\n',
  };
  const worldOf = (entries: Record<string, string>) => {
    const ran: string[] = [];
    const run = async (argv: readonly string[]) => {
      ran.push(argv.join(' '));
      return { argv, exitCode: 0, stdout: '', stderr: '' };
    };
    return {
      ran,
      world: { files: makeFiles(entries), commands: { run }, waitSeconds: 1 } as unknown as World,
    };
  };

  it('is link-local, and taken back even where nobody answers', async () => {
    const { ran, world } = worldOf(NETWORK);
    const finding = await digitaloceanAt([NOBODY]).find(world);
    expect(finding.state).toBe('unreachable');
    expect(ran).toEqual([
      'ip link set dev eth0 up',
      'ip address add 169.254.1.1/16 dev eth0 scope link',
      'ip address delete 169.254.1.1/16 dev eth0',
    ]);
  });

  it('is the guest’s own where it has one', async () => {
    const trie = `${NETWORK['/proc/net/fib_trie']}     |-- 192.0.2.10\n        /32 host LOCAL\n`;
    const { ran, world } = worldOf({ ...NETWORK, '/proc/net/fib_trie': trie });
    const { address } = await httpService(({ url }) =>
      url === '/metadata/v1.json' ? JSON.stringify(DROPLET) : 404,
    );
    const finding = await digitaloceanAt([address]).find(world);
    expect(finding).toMatchObject({ state: 'present', place: { isHosts: true } });
    expect(ran).toEqual([]);
  });

  it('is none where there is no interface', async () => {
    const { ran, world } = worldOf({});
    expect(await withLinkLocal(world, async () => 'done')).toBe('done');
    expect(ran).toEqual([]);
  });
});
