import { describe, expect, it } from 'vitest';
import {
  netplanFileOf,
  readNetplanEntries,
  rendersForNetworkManager,
} from '../../../../src/bootstrap/network/netplan-files.ts';
import { makeFiles } from '../../context.ts';

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
      { id: 'eth0', line: 5, match: new Map() },
      {
        id: 'lan',
        line: 8,
        match: new Map([
          ['macaddress', '00:16:3E:00:00:01'],
          ['name', 'en*'],
        ]),
      },
      { id: 'wan', line: 13, match: new Map([['name', 'ens3']]) },
      { id: 'more', line: 14, match: new Map([['driver', 'virtio_net']]) },
    ]);
  });
});

describe('netplanFileOf', () => {
  it.each([
    [document('    eth0:', '      dhcp4: true'), true],
    [document('    eth1:', '      dhcp4: true'), false],
    [document('    all:', '      match:', '        name: "e*"'), true],
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

describe('rendersForNetworkManager', () => {
  it.each([
    ['network:\n  renderer: NetworkManager\n', true],
    ['network:\n  renderer: networkd\n', false],
    ['network:\n  # renderer: NetworkManager\n', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(rendersForNetworkManager(makeFiles({ [FILE]: text }))).toBe(expected);
  });
});
