import { describe, expect, it } from 'vitest';
import {
  netplanFileOf,
  readNetplanEntries,
  rendersForNetworkManager,
} from '../../../../../src/network/managers/netplan/files.ts';
import { makeFiles } from '../../../context.ts';

const FILE = '/etc/netplan/50-cloud-init.yaml';
const DEVICE = { name: 'eth0', mac: '00:16:3e:00:00:01', driver: 'virtio_net' };
const isOwn = (text: string) => text.startsWith('# ours');

const document = (...lines: string[]) => `network:\n  version: 2\n  ethernets:\n${lines.join('\n')}\n`;

describe('readNetplanEntries', () => {
  it('reads interfaces with what they match, in either style, and nothing else', () => {
    const text = [
      '# ethernets:',
      'network:',
      '    ethernets:',
      '',
      '        eth0:   # the first',
      '            dhcp4: true',
      '            nameservers: {addresses: [192.0.2.1]}',
      '        "lan":',
      '            match:',
      '                macaddress: "00:16:3E:00:00:01"',
      '                name: en*',
      '            set-name: lan0',
      "        'wan': {match: {name: 'ens3'}, set-name: other}",
      '        more:',
      '            match: {driver: virtio_net}',
      '    vlans:',
      '        eth0.5: {id: 5, link: eth0}',
      '    version: 2',
    ].join('\n');
    expect(readNetplanEntries(text)).toEqual([
      { id: 'eth0', line: 5, keys: ['dhcp4', 'nameservers'] },
      {
        id: 'lan',
        line: 8,
        match: new Map([
          ['macaddress', ['00:16:3E:00:00:01']],
          ['name', ['en*']],
        ]),
        keys: ['set-name'],
      },
      { id: 'wan', line: 13, match: new Map([['name', ['ens3']]]), keys: ['set-name'] },
      { id: 'more', line: 14, match: new Map([['driver', ['virtio_net']]]), keys: [] },
    ]);
  });

  it('is not led round in circles', () => {
    const text = 'network: &n\n  ethernets:\n    a: {match: {driver: &d [*d, virtio_net]}}\n    b: *n\n';
    expect(readNetplanEntries(text).map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('netplanFileOf', () => {
  it.each([
    [document('    eth0:', '      dhcp4: true'), true],
    [document('    eth1:', '      dhcp4: true'), false],
    [document('    all:', '      match:', '        name: "et?0"', '      dhcp4: true'), true],
    [document('    a:', '      match:', '        driver: [e1000, "virtio*"]'), true],
    [document('    a:', '      match:', '        driver:', '        - e1000', '        - virtio_net'), true],
    [document('    a:', '      match:', '        driver: e1000 virtio_net'), true],
    [document('    a:', '      match:', '        driver: [e1000, ixgbe]'), false],
    [document('    a: {match: {name: eth0, driver: e1000}}'), false],
    [document('    a: {match: {}}'), true],
    ['network: {version: 2,\n\n\n ethernets: {eth0: {dhcp4: true}}}\n', true],
    [
      '\n\n{"network": {"version": 2, "ethernets": {\n"a": {"match": {"macaddress": "00:16:3e:00:00:01"}}}}}',
      true,
    ],
    ['network: {ethernets: {renderer: networkd, eth1: {}}}', false],
    [document('    eth0: {match: {name: eth7}}', '    eth0: {dhcp4: true}'), false],
    ['x: &x {dhcp4: true}\nnetwork:\n  ethernets:\n    eth0: *x\n', true],
    [document('    all:', '      match:', '        name: "en*"'), false],
    [document('    a:', '      match:', '        macaddress: 00:16:3E:00:00:01'), true],
    [document('    eth0:', '      match:', '        macaddress: 00:16:3e:00:00:02'), false],
    [`# ours\n${document('    eth0:', '      dhcp4: true')}`, false],
  ])('%j configures eth0: %s', (text, expected) => {
    expect(netplanFileOf(makeFiles({ [FILE]: text }), DEVICE, isOwn)).toEqual(
      expected ? { file: FILE, line: 4 } : undefined,
    );
  });
});

describe('files that are merged', () => {
  const find = (files: Record<string, string>) => netplanFileOf(makeFiles(files), DEVICE, isOwn);

  it('finds what makes an interface of that name', () => {
    const made = (name: string) =>
      find({ [FILE]: `network:\n  version: 2\n  bonds:\n    ${name}: {addresses: [192.0.2.1/24]}\n` });
    expect(made(DEVICE.name)).toEqual({ file: FILE, line: 4 });
    expect(made('bond0')).toBeUndefined();
  });

  it('a match in one file is that of the definition in another', () => {
    const one = document('    eth0: {match: {name: eth7}}');
    const other = document('    eth0: {dhcp4: true}');
    expect(find({ '/etc/netplan/10-a.yaml': one, '/etc/netplan/20-b.yaml': other })).toBeUndefined();
  });

  it('a file hides those of its name in other directories', () => {
    const files = {
      '/lib/netplan/10-a.yaml': document('    eth0: {dhcp4: true}'),
      '/etc/netplan/10-a.yaml': document('    eth1: {dhcp4: true}'),
    };
    expect(find(files)).toBeUndefined();
  });

  const debian = document(
    '    all-en:',
    '      match: {name: en*}',
    '      dhcp4: true',
    '    all-eth:',
    '      match:',
    '        name: eth*',
    '      dhcp4: true',
    '      dhcp4-overrides: {use-domains: true}',
    '      dhcp6: true',
  );
  const DEBIAN = '/etc/netplan/90-default.yaml';

  it('the default of a distribution gives way, unless somebody put more into it', () => {
    expect(find({ [DEBIAN]: debian })).toEqual({ file: DEBIAN, line: 7, givesWay: true });
    const changed = `${debian}      addresses: [192.0.2.7/24]\n`;
    expect(find({ [DEBIAN]: changed })).toEqual({ file: DEBIAN, line: 7 });
    expect(find({ '/etc/netplan/60-mine.yaml': debian })).toEqual({
      file: '/etc/netplan/60-mine.yaml',
      line: 7,
    });
  });

  it('an admin’s entry counts beside such a default', () => {
    const mine = document('    wan: {match: {macaddress: "00:16:3e:00:00:01"}, dhcp4: true}');
    expect(find({ [DEBIAN]: debian, '/etc/netplan/95-wan.yaml': mine })).toEqual({
      file: '/etc/netplan/95-wan.yaml',
      line: 4,
    });
  });
});

describe('rendersForNetworkManager', () => {
  it.each([
    ['network:\n  renderer: NetworkManager\n', true],
    ['network:\n  renderer: networkd\n', false],
    ['network: {version: 2, renderer: NetworkManager}\n', true],
    ['{"network": {"renderer": "NetworkManager"}}', true],
    ['network:\n  # renderer: NetworkManager\n', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(rendersForNetworkManager(makeFiles({ [FILE]: text }))).toBe(expected);
  });
});
