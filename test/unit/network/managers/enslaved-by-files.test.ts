import { describe, expect, it } from 'vitest';
import type { NetworkManagerName } from '../../../../src/machine/system/facts.ts';
import { describePlace } from '../../../../src/network/managers/admin-file.ts';
import { WRITERS } from '../../../../src/network/managers/writers.ts';
import { type FileEntries, makeFiles } from '../../context.ts';

const DEVICE = { name: 'eth0', mac: '00:16:3e:00:00:01', driver: 'virtio_net' };
const OURS = '# Written by gandi-bootstrap from what the host asks for\n';

const placeFor = (manager: NetworkManagerName, files: FileEntries) =>
  WRITERS[manager].takenBy(makeFiles(files), DEVICE);

describe('an interface that is a port by an option of another one’s stanza', () => {
  const file = '/etc/network/interfaces';
  const stanza = (line: string): FileEntries => ({
    [file]: `auto br0\niface br0 inet manual\n    ${line}\n`,
  });

  it.each([
    'bond-slaves eth1 eth0',
    'bond_slaves eth0',
    'slaves eth0',
    'bridge_ports eth0',
    'bridge-ports eth1 \\\n  eth0',
    'bridge_ports all',
    'bridge_ports regex (en|eth)[0-9]+ noregex lan',
    'bridge_ports regex ([a',
    'ovs_ports eth0',
    'up ip link set dev eth0 master br0',
    'pre-up ip link set eth0 up && ip link set eth0 master br0',
    'post-up /sbin/ip -4 link set master br0 dev eth0 || true',
    'up brctl addif br0 eth1 eth0',
    'up ifenslave $IFACE eth0; true',
  ])('%j', (line) => {
    expect(placeFor('ifupdown', stanza(line))).toEqual({ file, line: 3, master: 'br0' });
  });

  it.each([
    'bridge_ports none',
    'bridge_ports eth01 xeth0',
    'bridge_ports regex eth noregex',
    'bridge_ports regex en.* noregex lan',
    'bond-mode eth0',
    'vlan-raw-device eth0',
    'up ip link set eth0 up',
    'up ip link set eth1 master eth0',
    'up brctl addif eth0 eth1',
    'down ip link set eth0 master br0',
    '# bond-slaves eth0',
    '\nauto eth1\n    bond-slaves eth0',
  ])('not by %j', (line) => {
    expect(placeFor('ifupdown', stanza(line))).toBeUndefined();
  });

  it('is found in a file that is included, and not in ours', () => {
    const included = { [file]: 'source interfaces.d/*\n' };
    const text = 'iface bond0 inet dhcp\n  bond-slaves eth0\n';
    expect(placeFor('ifupdown', { ...included, '/etc/network/interfaces.d/bond': text })).toEqual({
      file: '/etc/network/interfaces.d/bond',
      line: 2,
      master: 'bond0',
    });
    const own = { ...included, '/etc/network/interfaces.d/50-gandi-eth0': OURS + text };
    expect(placeFor('ifupdown', own)).toBeUndefined();
  });
});

describe('an interface that is a port by systemd-networkd’s files', () => {
  const file = '/etc/systemd/network/80-port.network';
  const network = (lines: string, match = 'Name=eth*'): FileEntries => ({
    [file]: `[Match]\n${match}\n\n[Network]\n${lines}\n`,
  });

  it.each(['Bridge=br0', 'Bond = br0', 'DHCP=yes\nVRF=br0', 'Bridge=old\nBridge=br0', 'Bri\\\ndge=br0'])(
    'which come behind ours: %j',
    (lines) => {
      const found = placeFor('systemd-networkd', network(lines));
      expect(found).toEqual(lines.includes('\\') ? undefined : { file, line: 1, master: 'br0' });
    },
  );

  it.each<[string, FileEntries]>([
    ['no master', network('DHCP=yes')],
    ['a master that is taken back', network('Bridge=br0\nBridge=')],
    ['a VLAN above it', network('VLAN=br0')],
    ['another section', network('[Bridge]\nBond=br0')],
    ['another interface', network('Bridge=br0', 'Name=eth1')],
    [
      'a file before that, which is the one that is used without ours',
      { ...network('Bridge=br0'), '/etc/systemd/network/70-any.network': '[Match]\nName=*\n' },
    ],
  ])('not by %s', (_, files) => {
    expect(placeFor('systemd-networkd', files)).toBeUndefined();
  });

  it('is found in a drop-in', () => {
    const files = { ...network('DHCP=no'), [`${file}.d/port.conf`]: '[Network]\nBond=bond1\n' };
    expect(placeFor('systemd-networkd', files)?.master).toBe('bond1');
  });
});

describe('an interface that is a port by netplan’s files', () => {
  const file = '/etc/netplan/60-port.yaml';
  const inNetwork = (...lines: string[]): FileEntries => ({
    '/etc/netplan/90-default.yaml':
      'network:\n  ethernets:\n    all-eth:\n      match:\n        name: eth*\n      dhcp4: true\n',
    [file]: `network:\n${lines.map((line) => `  ${line}\n`).join('')}`,
  });

  it.each<[string, string[], number]>([
    ['a bridge of the distribution’s entry', ['bridges:', '  br0:', '    interfaces: [all-eth]'], 3],
    ['a bond of its name', ['bonds: {br0: {interfaces: [eth1, eth0]}}'], 2],
    ['a VRF', ['vrfs:', '  br0:', '    table: 1', '    interfaces:', '    - eth0'], 3],
    [
      'an entry by MAC address',
      [
        'ethernets:',
        '  lan: {match: {macaddress: "00:16:3e:00:00:01"}}',
        'bridges:',
        '  br0: {interfaces: [lan]}',
      ],
      5,
    ],
  ])('%s', (_, lines, line) => {
    expect(placeFor('netplan', inNetwork(...lines))).toEqual({ file, line, master: 'br0' });
  });

  it.each<[string, string[]]>([
    ['a bridge of others', ['bridges: {br0: {interfaces: [eth1]}}']],
    ['a tunnel', ['tunnels: {br0: {interfaces: [eth0]}}']],
    ['a VLAN above it', ['vlans: {br0: {id: 1, link: eth0, interfaces: []}}']],
  ])('not by %s', (_, lines) => {
    expect(placeFor('netplan', inNetwork(...lines))?.master).toBeUndefined();
  });
});

describe('an interface that is a port by a profile of NetworkManager’s', () => {
  const file = '/etc/NetworkManager/system-connections/port.nmconnection';
  const profile = (...lines: string[]): FileEntries => ({
    [file]: `[connection]\ntype=ethernet\n${lines.join('\n')}\n`,
  });

  it.each<[string, string[], number]>([
    ['its name', ['interface-name=eth0', 'master=br0', 'slave-type=bridge'], 3],
    ['its name, brought up by the bridge', ['interface-name=eth0', 'autoconnect=false', 'controller=br0'], 3],
    ['its MAC address', ['controller=br0', '[ethernet]', 'mac-address=00:16:3E:00:00:01'], 5],
    ['a pattern', ['controller=br0', 'port-type=bond', '[match]', 'interface-name=en*;eth*;'], 3],
    ['a pattern that others do not fit', ['controller=br0', '[match]', 'interface-name=!eth1;'], 3],
    ['any interface', ['master=br0'], 3],
  ])('for %s', (_, lines, line) => {
    expect(placeFor('NetworkManager', profile(...lines))).toEqual({ file, line, master: 'br0' });
  });

  it.each<[string, string[]]>([
    ['another name', ['interface-name=eth1', 'master=br0']],
    ['another pattern', ['master=br0', '[match]', 'interface-name=en*;']],
    ['a pattern that excludes it', ['master=br0', '[match]', 'interface-name=eth*;!eth0;']],
    ['two patterns, of which both must fit', ['master=br0', '[match]', 'interface-name=&eth*;&*1;']],
    ['no master, and never started by itself', ['interface-name=eth0', 'autoconnect=false']],
  ])('not for %s', (_, lines) => {
    expect(placeFor('NetworkManager', profile(...lines))).toBeUndefined();
  });
});

describe('an interface that is a port by ifcfg files', () => {
  it.each<[string, string, number]>([
    ['ifcfg-br0', "STARTMODE=auto\nBRIDGE_PORTS='eth1 eth0'\n", 2],
    ['ifcfg-br0', "BONDING_MASTER='yes'\nBONDING_SLAVE_1='eth0'\n", 2],
    ['ifcfg-br0', "BONDING_SLAVE0='eth0'\n", 1],
  ])('of wicked: %s %j', (name, text, line) => {
    const file = `/etc/sysconfig/network/${name}`;
    expect(placeFor('wicked', { [file]: text })).toEqual({ file, line, master: 'br0' });
  });

  it('of network-scripts, also where only the bond brings it up', () => {
    const file = '/etc/sysconfig/network-scripts/ifcfg-lan';
    for (const key of ['MASTER', 'BRIDGE'])
      expect(placeFor('ifcfg', { [file]: `DEVICE=eth0\nONBOOT=no\n${key}=br0\n` })).toEqual({
        file,
        line: 1,
        master: 'br0',
      });
  });

  it('not of others', () => {
    const text = "BRIDGE_PORTS='eth1'\nBRIDGE_STP='eth0'\n";
    expect(placeFor('wicked', { '/etc/sysconfig/network/ifcfg-br0': text })).toBeUndefined();
  });
});

describe('describePlace', () => {
  it('says what is to be done', () => {
    const place = { file: '/etc/network/interfaces', line: 7 };
    expect(describePlace(place, 'does it already')).toBe(
      '/etc/network/interfaces line 7 does it already; remove it there',
    );
    expect(describePlace({ ...place, master: 'br0' }, 'does it already')).toBe(
      '/etc/network/interfaces line 7 makes it part of br0; take it out there',
    );
  });
});
