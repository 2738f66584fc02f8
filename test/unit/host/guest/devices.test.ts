import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainKeys } from '../../../../src/host/guest/copied-users.ts';
import { interfaceNode, parseNic, randomMac } from '../../../../src/host/guest/interfaces.ts';
import { mountEntry, parseDisk, parseMount, parseSize } from '../../../../src/host/guest/mounts.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

describe('interfaces, mounts and disks', () => {
  it('are taken as they are written', () => {
    expect(
      parseNic('network=default,mac=52:54:00:AA:00:01,vlan=7,address=192.0.2.7/24,gateway=192.0.2.1'),
    ).toEqual({
      kind: 'network',
      source: 'default',
      mac: '52:54:00:aa:00:01',
      vlan: 7,
      address: '192.0.2.7/24',
      gateway: '192.0.2.1',
    });
    expect(randomMac(Uint8Array.of(1, 2, 255))).toBe('52:54:00:01:02:ff');
    expect(mountEntry(parseMount('/a:/b', 3))).toEqual(['gandi3', '/b', 'virtiofs', 'nofail']);
    expect(mountEntry(parseMount('nfs=server:/export:/mnt:ro', 0))).toEqual([
      'server:/export',
      '/mnt',
      'nfs',
      'ro,nofail,_netdev,x-systemd.automount',
    ]);
    expect(parseDisk('data:10G:keep')).toEqual({ label: 'data', bytes: 10 * 1024 ** 3, keep: true });
    expect(parseSize('512M')).toBe(512 * 1024 ** 2);
  });

  it('with user networking are in the network of the guest’s address, where libvirt can have it', () => {
    const network = (nic: string) =>
      interfaceNode(parseNic(nic), '52:54:00:00:00:01').children?.find(({ name }) => name === 'ip')
        ?.attributes;
    expect(network('user,address=10.9.8.7/24')).toEqual({
      family: 'ipv4',
      address: '10.9.8.7',
      prefix: '24',
    });
    expect(network('user,address=2001:db8::7/64')).toEqual({
      family: 'ipv6',
      address: '2001:db8::7',
      prefix: '64',
    });
    for (const nic of [
      'user',
      'user,address=192.0.2.7/32',
      'user,address=2001:db8::7/128',
      'bridge=br0,address=10.9.8.7/24',
    ])
      expect(network(nic), nic).toBeUndefined();
  });

  it('are refused before anything is made where they cannot be', () => {
    const nics = [
      '',
      'user=x',
      'network',
      'network=',
      'wifi=x',
      'network=a,b=c',
      'direct=eth0,vlan=7',
      'user,vlan=3',
    ];
    const more = [
      'network=a,vlan=0',
      'network=a,vlan=5000',
      'network=a,mac=01:00:5e:00:00:01',
      'network=a,address=1.2.3.4',
    ];
    for (const text of [...nics, ...more, 'network=a,gateway=1.2.3.4', 'network=a,address=1.2.3.4/99'])
      expect(() => parseNic(text), text).toThrow('--nic');
    for (const text of [
      '',
      '/a',
      'a:/b',
      '/a:b',
      '/a:/b:/c',
      '/a/../b:/c',
      'nfs=s:/a',
      'nfs=-o x:/a:/b',
      '/a b:/c',
    ])
      expect(() => parseMount(text, 0), text).toThrow('--mount');
    for (const text of [
      '',
      'data',
      'data:',
      'data:10',
      'data:0G',
      'da/ta:1G',
      'data:1G:lose',
      '../x:1G',
      'a:1G:keep:x',
    ])
      expect(() => parseDisk(text), text).toThrow('--disk');
  });

  it('survive any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const parse of [parseNic, parseDisk, (one: string) => parseMount(one, 0)]) {
          try {
            parse(text);
          } catch (error) {
            expect((error as Error).message).toMatch(/^--(nic|disk|mount) /);
          }
        }
        plainKeys(text);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
