import { describe, expect, it } from 'vitest';
import { detectNetworkManager, isUnitStarted } from '../../../../src/machine/network/network-manager.ts';
import { type FileEntries, makeFiles } from '../../context.ts';

const UNITS = '/lib/systemd/system';
const SYSTEMD: FileEntries = { '/lib/systemd/systemd': '' };

const installed = (...units: string[]): FileEntries =>
  Object.fromEntries(units.map((unit) => [`${UNITS}/${unit}`, '[Unit]\n']));

const enabled = (...units: string[]): FileEntries => ({
  ...SYSTEMD,
  ...installed(...units),
  ...Object.fromEntries(
    units.map((unit) => [
      `/etc/systemd/system/multi-user.target.wants/${unit}`,
      { link: `${UNITS}/${unit}` },
    ]),
  ),
});

const NETWORKD = 'systemd-networkd.service';
const INTERFACES: FileEntries = { '/etc/network/interfaces': 'source /etc/network/interfaces.d/*\n' };
const NETWORK_SCRIPTS: FileEntries = { '/etc/sysconfig/network-scripts/ifcfg-lo': '' };
const IFCFG_PLUGIN: FileEntries = {
  '/usr/lib64/NetworkManager/1.40.0-1.el8/libnm-settings-plugin-ifcfg-rh.so': '',
};

describe('detectNetworkManager', () => {
  it.each<[string, FileEntries, string | undefined]>([
    [
      'Debian 12: networkd is installed and off',
      { ...enabled('networking.service'), ...installed(NETWORKD), ...INTERFACES },
      'ifupdown',
    ],
    [
      'Debian with networkd in its place',
      { ...enabled(NETWORKD), ...installed('networking.service') },
      'systemd-networkd',
    ],
    ['ifupdown turned off', { ...SYSTEMD, ...installed('networking.service'), ...INTERFACES }, undefined],
    [
      'ifupdown removed, its link left behind',
      {
        ...INTERFACES,
        ...SYSTEMD,
        '/etc/systemd/system/multi-user.target.wants/networking.service': { link: '/x' },
      },
      undefined,
    ],
    [
      'ifupdown masked',
      {
        ...enabled('networking.service'),
        ...INTERFACES,
        '/etc/systemd/system/networking.service': { link: '/dev/null' },
      },
      undefined,
    ],
    [
      'ifupdown without systemd',
      { ...INTERFACES, '/etc/rcS.d/S10networking': { link: '../init.d/networking' } },
      'ifupdown',
    ],
    [
      'both on, networkd by preset only',
      { ...enabled('networking.service', NETWORKD), ...INTERFACES },
      'ifupdown',
    ],
    [
      'both on, networkd with files',
      { ...enabled('networking.service', NETWORKD), ...INTERFACES, '/etc/systemd/network/lan.network': '' },
      'systemd-networkd',
    ],
    [
      'wanted by a target as it is shipped',
      {
        ...SYSTEMD,
        ...installed(NETWORKD),
        [`${UNITS}/multi-user.target.wants/${NETWORKD}`]: { link: `../${NETWORKD}` },
      },
      'systemd-networkd',
    ],
    [
      'Ubuntu: netplan with networkd below',
      { ...enabled(NETWORKD), '/usr/sbin/netplan': '', '/etc/netplan/50-cloud-init.yaml': '' },
      'netplan',
    ],
    ['netplan without files', { ...enabled(NETWORKD), '/usr/sbin/netplan': '' }, 'systemd-networkd'],
    [
      'a Debian desktop',
      { ...enabled('networking.service', 'NetworkManager.service'), ...INTERFACES },
      'ifupdown',
    ],
    ['NetworkManager alone', enabled('NetworkManager.service'), 'NetworkManager'],
    [
      'Rocky Linux 8: NetworkManager with ifcfg files',
      { ...enabled('NetworkManager.service'), ...NETWORK_SCRIPTS, ...IFCFG_PLUGIN },
      'ifcfg',
    ],
    [
      'Rocky Linux 9: its own files preferred',
      {
        ...enabled('NetworkManager.service'),
        ...IFCFG_PLUGIN,
        '/etc/sysconfig/network-scripts/readme-ifcfg-rh.txt': '',
      },
      'NetworkManager',
    ],
    [
      'CentOS with its init script',
      { ...SYSTEMD, ...NETWORK_SCRIPTS, '/etc/rc3.d/S10network': { link: '../init.d/network' } },
      'ifcfg',
    ],
    [
      'both on, networkd with files of ours only',
      {
        ...enabled('networking.service', NETWORKD),
        ...INTERFACES,
        '/etc/systemd/network/50-gandi-eth0.network': '',
      },
      'ifupdown',
    ],
    [
      'NetworkManager in place of netplan, files of ours left',
      {
        ...enabled('NetworkManager.service'),
        '/usr/sbin/netplan': '',
        '/etc/netplan/50-gandi-eth0.yaml': '',
        '/etc/netplan/51-gandi-bond0.yaml': '',
      },
      'NetworkManager',
    ],
    ['netplan without files and nothing else on', { ...SYSTEMD, '/usr/sbin/netplan': '' }, 'netplan'],
    [
      'Arch: networkd wanted by several targets, /lib a link',
      {
        '/lib': { link: 'usr/lib' },
        '/usr/lib/systemd/systemd': '',
        [`/usr/lib/systemd/system/${NETWORKD}`]: '[Unit]\n',
        [`/etc/systemd/system/multi-user.target.wants/${NETWORKD}`]: {
          link: `/usr/lib/systemd/system/${NETWORKD}`,
        },
        '/etc/systemd/system/sockets.target.wants/systemd-networkd.socket': {
          link: '/usr/lib/systemd/system/systemd-networkd.socket',
        },
        '/etc/systemd/network/20-ethernet.network': '[Match]\nName=en*\n',
      },
      'systemd-networkd',
    ],
    ['SUSE', enabled('wicked.service'), 'wicked'],
    ['nothing that is known', SYSTEMD, undefined],
  ])('%s', (_, entries, expected) => {
    expect(detectNetworkManager(makeFiles(entries))).toBe(expected);
  });
});

describe('isUnitStarted', () => {
  it('goes by the link that systemd keeps', () => {
    const files = makeFiles({ '/run/systemd/units/invocation:networking.service': { link: '0123abcd' } });
    expect(isUnitStarted(files, 'networking.service')).toBe(true);
    expect(isUnitStarted(files, NETWORKD)).toBe(false);
  });
});
