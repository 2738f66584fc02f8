import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portPath } from '../../../../src/host/channel/open-port.ts';
import { goldenNode, guestXml } from '../../../../src/host/guest/definition.ts';
import { parseNic } from '../../../../src/host/guest/interfaces.ts';
import { parseMount } from '../../../../src/host/guest/mounts.ts';
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
