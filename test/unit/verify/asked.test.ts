import { describe, expect, it } from 'vitest';
import type { SwapDevice } from '../../../src/metadata/gandi-disk.ts';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import type { Asked } from '../../../src/state/asked.ts';
import { askedOf, askedWithoutSecrets } from '../../../src/verify/asked.ts';
import { type ContextParts, makeContext } from '../context.ts';

const address = {
  family: 4,
  address: '192.0.2.10',
  prefixLength: 24,
  gateway: '192.0.2.1',
  public: true,
} as const;
const KEY = 'ssh-ed25519 AAAA me';
const config: GuestConfig = {
  hostName: 'web1',
  interfaces: [
    { number: 0, mtu: 1400, addresses: [address] },
    { number: 1, addresses: [{ ...address, address: '192.0.2.11' }] },
  ],
  resolvers: ['198.51.100.1'],
  searchDomains: ['example.org'],
  users: ['root', 'web'].map((name) => ({ name, passwordHash: '$6$a$b', sshKeys: [KEY] })),
};
const swap: SwapDevice = { node: '/dev/sdb1', state: 'active', content: 'swap', reason: 'label' };

const ALL: Asked = {
  hostName: 'web1',
  interfaces: [{ name: 'eth0', mtu: 1400, addresses: [address] }],
  missing: ['interface 1 is not configured: the guest has no such interface, it has eth0'],
  nameServers: ['198.51.100.1'],
  searchDomains: ['example.org'],
  accounts: [
    { name: 'root', keys: [KEY], passwordHash: '$6$a$b' },
    { name: 'web', keys: [KEY], passwordHash: '$6$a$b' },
  ],
  swap: '/dev/sdb1',
};

const asked = (settings = '', parts: ContextParts = {}) =>
  askedOf(makeContext({ config, settings, host: { swap, parsed: parsedOf(config) }, ...parts }));
const parsedOf = (each: GuestConfig) => ({ config: each, problems: [], refused: [], origins: [] });

describe('askedOf', () => {
  it('says in the guest’s terms what the host asks for', () => {
    expect(asked()).toEqual(ALL);
  });

  const { hostName: _, ...withoutName } = ALL;
  const { swap: __, ...withoutSwap } = ALL;
  const withoutNetwork = { ...ALL, interfaces: [], missing: [] };
  const withoutResolver = { ...ALL, nameServers: [], searchDomains: [] };
  it.each<[string, Asked]>([
    ['CONFIG_HOSTNAME=0', withoutName],
    ['CONFIG_NETWORK=0', withoutNetwork],
    ['CONFIG_NAMESERVER=0', withoutResolver],
    ['CONFIG_USERS=0', { ...ALL, accounts: [] }],
    ['CONFIG_SWAP=0', withoutSwap],
    [
      'CONFIG_HOST_INIT=1',
      {
        interfaces: [],
        missing: [],
        nameServers: [],
        searchDomains: [],
        accounts: [],
        swap: '/dev/sdb1',
      },
    ],
  ])('leaves out what %s turns off', (setting, expected) => {
    expect(asked(`${setting}\n`)).toEqual(expected);
  });

  it.each([
    ['others are there', { ...config.interfaces?.[0], addresses: [address] }, []],
    [
      'no other is',
      { number: 7, addresses: [address] },
      [expect.stringMatching(/^interface 7 /), expect.stringMatching(/^interface 1 /)],
    ],
  ])('an interface that may be missing is asked for by whether %s', (_, first, missing) => {
    const may: GuestConfig = {
      interfaces: [first, { number: 1, addresses: [], dhcp4: {}, mayBeMissing: true }],
    };
    expect(asked('', { host: { parsed: parsedOf(may) } }).missing).toEqual(missing);
  });

  it('asks for no swap where the archive stays on its disk', () => {
    const facts = { lostAtReboot: '/ is an overlay, and /run is a tmpfs' };
    const unused = { ...swap, state: 'archive' } as const;
    const host = { swap: unused, parsed: parsedOf(config) };
    expect(askedOf(makeContext({ config, host, facts }))).toEqual(withoutSwap);
    expect(askedOf(makeContext({ config, host }))).toEqual(ALL);
  });

  it('leaves secrets out of what is written to a file', () => {
    const context = makeContext({ config, host: { swap, parsed: parsedOf(config) } });
    expect(askedWithoutSecrets(context)).toEqual({
      ...ALL,
      accounts: [
        { name: 'root', keys: [KEY] },
        { name: 'web', keys: [KEY] },
      ],
    });
  });

  it('asks nobody for what the host does not name, and not for a disk that is somebody’s', () => {
    const nothing = { interfaces: [], missing: [], nameServers: [], searchDomains: [], accounts: [] };
    expect(askedOf(makeContext({ config: {}, host: { swap: { ...swap, state: 'foreign' } } }))).toEqual(
      nothing,
    );
    expect(
      askedOf(makeContext({ config: { users: [{ name: 'root', sshKeys: [KEY] }] } })).accounts.map(
        ({ name }) => name,
      ),
    ).toEqual(['root']);
  });
});
