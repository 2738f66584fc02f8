import { describe, expect, it } from 'vitest';
import { ifcfgFileOf, leavesResolvConf, profileOf } from '../../../../src/network/managers/profiles.ts';
import { makeFiles } from '../../context.ts';

const DEVICE = { name: 'eth0', mac: '00:16:3e:00:00:01' };
const isOwn = (text: string) => text.startsWith('# ours');

describe('profileOf', () => {
  const directory = '/etc/NetworkManager/system-connections';
  const profile = (...lines: string[]) => `[connection]\nid=x\ntype=ethernet\n${lines.join('\n')}\n`;

  it.each<[string, string, string, number | undefined]>([
    ['for that name', 'a.nmconnection', profile('interface-name=eth0'), 4],
    ['for another name', 'a.nmconnection', profile('interface-name=eth1'), undefined],
    ['for any interface', 'a.nmconnection', profile(), undefined],
    ['for that MAC address', 'a', profile('', '[ethernet]', 'mac-address=00:16:3E:00:00:01'), 6],
    ['in its old name', 'a', profile('', '[802-3-ethernet]', 'mac-address=00:16:3e:00:00:01'), 6],
    ['for another MAC address', 'a', profile('', '[ethernet]', 'mac-address=00:16:3e:00:00:02'), undefined],
    ['never started by itself', 'a', profile('interface-name=eth0', 'autoconnect=false'), undefined],
    ['that makes one of that name', 'a', '[connection]\ntype=bond\ninterface-name=eth0\n', 3],
    ['that makes another', 'a', '[connection]\ntype=bond\ninterface-name=bond0\n', undefined],
    ['of another type', 'a', '[connection]\ntype=wifi\ninterface-name=eth0\n', undefined],
    ['a copy', 'a.nmconnection~', profile('interface-name=eth0'), undefined],
    ['hidden', '.a.nmconnection', profile('interface-name=eth0'), undefined],
    ['ours', '50-gandi-eth0.nmconnection', `# ours\n${profile('interface-name=eth0')}`, undefined],
  ])('a profile %s', (_, name, text, line) => {
    const file = `${directory}/${name}`;
    expect(profileOf(makeFiles({ [file]: text }), DEVICE, isOwn)).toEqual(
      line === undefined ? undefined : { file, line },
    );
  });
});

describe('leavesResolvConf', () => {
  const file = '/etc/NetworkManager/NetworkManager.conf';
  it.each([
    [{}, false],
    [{ [file]: '[main]\nplugins=keyfile\n' }, false],
    [{ [file]: '[main]\ndns=none\n' }, true],
    [{ [file]: '[main]\nrc-manager=unmanaged\n' }, true],
    [{ [file]: '[main]\n#dns=none\n' }, false],
    [{ [file]: '[main]\ndns=none\n', '/etc/NetworkManager/conf.d/dns.conf': '[main]\ndns=default\n' }, false],
    [{ '/usr/lib/NetworkManager/conf.d/dns.conf': '[main]\ndns=none\n' }, true],
  ])('%j: %s', (entries, expected) => {
    expect(leavesResolvConf(makeFiles(entries))).toBe(expected);
  });
});

describe('ifcfgFileOf', () => {
  const directory = '/etc/sysconfig/network-scripts';

  it.each<[string, string, string, number | undefined]>([
    ['of that name', 'ifcfg-eth0', 'BOOTPROTO=dhcp\n', 1],
    ['of that name that is off', 'ifcfg-eth0', 'ONBOOT=no\n', 1],
    ['for that device', 'ifcfg-lan', 'BOOTPROTO=dhcp\nDEVICE="eth0"\n', 2],
    ['for that MAC address', 'ifcfg-lan', 'HWADDR=00:16:3E:00:00:01\n', 1],
    ['for another device', 'ifcfg-eth1', 'DEVICE=eth1\nHWADDR=00:16:3E:00:00:01\n', undefined],
    ['for that device that is off', 'ifcfg-lan', 'DEVICE=eth0\nONBOOT=no\n', undefined],
    ['for nothing', 'ifcfg-lo', '', undefined],
    ['a copy', 'ifcfg-eth0.rpmsave', 'DEVICE=eth0\n', undefined],
    ['ours', 'ifcfg-eth0', '# ours\nDEVICE=eth0\n', undefined],
  ])('a file %s', (_, name, text, line) => {
    const file = `${directory}/${name}`;
    expect(ifcfgFileOf(makeFiles({ [file]: text }), directory, DEVICE, isOwn)).toEqual(
      line === undefined ? undefined : { file, line },
    );
  });
});
