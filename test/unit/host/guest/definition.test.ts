import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portPath } from '../../../../src/host/channel/open-port.ts';
import { plainKeys } from '../../../../src/host/guest/copied-users.ts';
import { goldenNode, guestXml } from '../../../../src/host/guest/definition.ts';
import { parseNic, randomMac } from '../../../../src/host/guest/interfaces.ts';
import { mountEntry, parseDisk, parseMount, parseSize } from '../../../../src/host/guest/mounts.ts';
import { hostNameOf, seedFiles } from '../../../../src/host/guest/seed.ts';
import { metadataOf } from '../../../../src/host/libvirt/metadata.ts';
import {
  attributeOf,
  childrenOf,
  type Element,
  findElement,
  makeElement,
  parseXml,
  textOf,
} from '../../../../src/host/libvirt/xml.ts';
import { type HostRecord, hostRecordText, parseHostRecord } from '../../../../src/host/record/host-record.ts';
import { withRecord } from '../../../../src/host/record/with-record.ts';
import { parseNoCloud } from '../../../../src/metadata/nocloud/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const machine = { type: 'qemu', memoryMebibytes: 768, cpus: 1 } as const;
const boot = { kernel: '/p/b.v1.kernel', initrd: '/p/b.v1.initrd' };
const template = () =>
  makeElement(goldenNode('base', 'U-GOLDEN', machine, { path: '/p/b.v1.qcow2', format: 'qcow2' }, boot));

function guest(name: string, changes: Partial<Parameters<typeof guestXml>[1]> = {}): Element {
  const parts = {
    name,
    uuid: 'U-GUEST',
    disks: [
      { path: `/p/${name}.root.qcow2`, format: 'qcow2' as const },
      { path: `/p/${name}.seed.img`, format: 'raw' as const, readOnly: true },
    ],
    boot: { kernel: '/p/b.v2.kernel', initrd: '/p/b.v2.initrd' },
    nics: [{ ...parseNic('user'), mac: '52:54:00:00:00:01' }],
    mounts: [],
  };
  const root = parseXml(guestXml(template(), { ...parts, ...changes }));
  if (root === undefined) throw new Error('no XML');
  return root;
}

const devices = (root: Element, name: string) => childrenOf(findElement(root, 'devices') as Element, name);

describe('the definition of a guest', () => {
  it('has all that is its own, whatever its name is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant("a b'$(id)"), fc.string({ unit: 'grapheme-ascii', minLength: 1 })),
        (name) => {
          const root = guest(name);
          expect(findElement(root, 'name')?.textContent).toBe(name);
          expect(attributeOf(findElement(root, 'devices', 'disk', 'source'), 'file')).toBe(
            `/p/${name}.root.qcow2`,
          );
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
    const root = guest('web1');
    expect(textOf(root, 'uuid')).toBe('U-GUEST');
    expect(textOf(root, 'os', 'kernel')).toBe('/p/b.v2.kernel');
    expect(findElement(root, 'title')).toBeUndefined();
    expect(devices(root, 'disk').map((disk) => findElement(disk, 'readonly') !== undefined)).toEqual([
      false,
      true,
    ]);
    expect(devices(root, 'channel').map((channel) => findElement(channel, 'source'))).toEqual([
      undefined,
      undefined,
    ]);
    expect(findElement(root, 'memoryBacking')).toBeUndefined();
  });

  it('keeps what an admin gave the template, and takes none of its disks, interfaces and paths', () => {
    const edited = template();
    const text = `<domain type="kvm"><name>base</name><uuid>U</uuid><vcpu>4</vcpu><os><type>hvm</type></os><devices>
      <disk type="file"><source file="/p/old"/></disk><interface type="network"><mac address="52:54:00:11:11:11"/></interface>
      <channel type="unix"><source mode="bind" path="/run/x"/><target type="virtio" name="net.gandi.exec.0"/>
      <address type="virtio-serial" port="1"/></channel><tpm model="tpm-crb"/></devices></domain>`;
    const root = parseXml(text) ?? edited;
    const xml = guestXml(root, { name: 'g', uuid: 'N', disks: [], nics: [], mounts: [], cpus: 2 });
    expect(xml).toContain('<tpm model="tpm-crb"/>');
    expect(xml).toContain('<vcpu>2</vcpu>');
    for (const gone of ['/p/old', '52:54:00:11:11:11', '/run/x', 'port="1"']) expect(xml).not.toContain(gone);
    expect(textOf(root, 'name')).toBe('base');
  });

  it('shares directories by memory that the host can read', () => {
    const root = guest('web1', { mounts: [parseMount('/srv/data:/data:ro', 0)] });
    expect(attributeOf(findElement(root, 'memoryBacking', 'access'), 'mode')).toBe('shared');
    expect(devices(root, 'filesystem')).toHaveLength(1);
  });

  it('has our element from the first on, which another domain’s copy of it does not count for', () => {
    const record: HostRecord = {
      uuid: 'U-GUEST',
      role: 'guest',
      state: 'creating',
      created: 'now',
      maker: { host: 'h"<', boot: 'b', pid: 7 },
      golden: 'base@2',
      volumes: [
        { pool: 'gandi', name: "a b'$(id).root.qcow2" },
        { pool: 'gandi', name: 'x', keep: true },
      ],
      disposable: true,
    };
    const xml = withRecord(
      guestXml(template(), { name: '$& $1', uuid: 'U-GUEST', disks: [], nics: [], mounts: [] }),
      hostRecordText(record),
    );
    const root = parseXml(xml) as Element;
    expect(metadataOf(root, 'host')).toBeDefined();
    expect(parseHostRecord(root)).toEqual(record);
    const clone = parseXml(xml.replace('<uuid>U-GUEST</uuid>', '<uuid>U-CLONE</uuid>')) as Element;
    expect(parseHostRecord(clone)).toBeUndefined();
    const golden: HostRecord = {
      uuid: 'U-GUEST',
      role: 'golden',
      state: 'ready',
      created: 'now',
      maker: { host: 'h', boot: 'b', pid: 7 },
      pool: 'gandi',
      current: 2,
      next: 4,
      versions: [
        {
          number: 2,
          state: 'ready',
          created: 'x',
          disk: 'd',
          capacity: 5,
          kernel: 'k',
          initrd: 'i',
          stamp: 's',
        },
        { number: 3, state: 'failed', created: 'x', disk: 'd', capacity: 5, parent: 'base@1', sha256: 'f' },
      ],
      recipe: '{"a":"<&"}',
    };
    const again = withRecord(
      guestXml(template(), { name: 'g', uuid: 'U-GUEST', disks: [], nics: [], mounts: [] }),
      hostRecordText(golden),
    );
    expect(parseHostRecord(parseXml(again) as Element)).toEqual(golden);
  });

  it('tells the socket of a port', () => {
    const root = parseXml(
      '<domain><devices><channel><source mode="bind" path="/s"/><target name="net.gandi.exec.0"/></channel></devices></domain>',
    );
    expect(portPath(root, 'net.gandi.exec.0')).toBe('/s');
    expect(portPath(root, 'other')).toBeUndefined();
    expect(portPath(undefined, 'other')).toBeUndefined();
  });
});

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

describe('the seed of a guest', () => {
  it('is one that the toolkit takes without a problem', async () => {
    const user = {
      name: 'jim',
      uid: 1234,
      gecos: 'Jim, x',
      shell: '/bin/bash',
      groups: ['sudo'],
      sshKeys: [KEY],
    };
    const files = seedFiles({
      uuid: 'U',
      hostName: 'web1',
      sshKeys: [KEY],
      users: [{ ...user, sudo: true, passwordHash: HASH }],
      nics: [
        { ...parseNic('user'), mac: '52:54:00:00:00:01' },
        { ...parseNic('network=n,address=192.0.2.7/24,gateway=192.0.2.1'), mac: '52:54:00:00:00:02' },
      ],
      mounts: [parseMount('/srv:/data:ro', 0), parseMount('nfs=server:/e:/n', 1)],
      script: '#!/bin/sh\ntrue\n',
    });
    const bytes = (name: keyof typeof files) => Buffer.from(files[name]);
    const { parsed } = await parseNoCloud({
      metaData: bytes('meta-data'),
      userData: bytes('user-data'),
      networkConfig: bytes('network-config'),
    });
    expect(parsed.problems).toEqual([]);
    const { hostName, users, mounts, interfaces } = parsed.config;
    expect(hostName).toBe('web1');
    const jim = users?.find(({ name }) => name === 'jim');
    expect(jim).toMatchObject({ uid: 1234, groups: ['sudo'], sshKeys: [KEY], passwordHash: HASH });
    expect(users?.find(({ name }) => name === 'root')?.sshKeys).toEqual([KEY]);
    expect(mounts?.map(({ device, mountPoint, type }) => [device, mountPoint, type])).toEqual([
      ['gandi0', '/data', 'virtiofs'],
      ['server:/e', '/n', 'nfs'],
    ]);
    expect(interfaces?.map(({ mac, addresses }) => [mac, addresses.length])).toEqual([
      ['52:54:00:00:00:01', 0],
      ['52:54:00:00:00:02', 1],
    ]);
  });

  it('has a host name that is one', () => {
    expect(hostNameOf('web1', undefined)).toBe('web1');
    expect(hostNameOf("a b'$(id)", 'web2')).toBe('web2');
    expect(() => hostNameOf("a b'$(id)", undefined)).toThrow('--host-name');
  });

  it('takes public keys without options alone', () => {
    expect(plainKeys(`# x\n${KEY} me\ncommand="x" ${KEY}\n-----BEGIN OPENSSH PRIVATE KEY-----\n`)).toEqual([
      `${KEY} me`,
    ]);
  });
});

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf0pM5yKn1nA0wPqzsTFbbnZp2v6Ph0Wc2YvVn8mQkz';
const HASH =
  '$6$gandiguest$h0URcWRhmHUu95sHBZw8dNr9de5XTkuymHzoTs07cSX9njq7EmBx9iQ3KXlDbh4zYrdbyTkcrMB6F/Al36YcV0';
