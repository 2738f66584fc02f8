import { describe, expect, it } from 'vitest';
import { domainDefinitions, listDomains, parseNames } from '../../../../src/host/libvirt/domains.ts';
import { METADATA, metadataText, ownMetadata } from '../../../../src/host/libvirt/metadata.ts';
import { parseVolumeNames } from '../../../../src/host/libvirt/storage.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { attributeOf, childrenOf } from '../../../../src/host/libvirt/xml.ts';
import { FakeLibvirt, uuidOf } from '../fake-libvirt.ts';

const NAME = "a b'$(id)";

describe('the list of domains', () => {
  it('is one process, and any name comes through', async () => {
    const fake = new FakeLibvirt([
      { uuid: uuidOf(1), name: NAME, state: 'running', autostart: true },
      { uuid: uuidOf(2), name: 'Domain: x', saved: true },
    ]);
    expect(await listDomains(new Virsh(fake))).toEqual([
      { uuid: uuidOf(1), name: NAME, state: 'running', autostart: true, saved: false, persistent: true },
      {
        uuid: uuidOf(2),
        name: 'Domain: x',
        state: 'shut off',
        autostart: false,
        saved: true,
        persistent: true,
      },
    ]);
    expect(fake.started).toBe(1);
  });

  it('leaves out what is no line of a domain', () => {
    expect(parseNames(`\nerror: x\n${uuidOf(1)} a  b\n${uuidOf(2)}\n`)).toEqual([
      { uuid: uuidOf(1), name: 'a  b' },
    ]);
  });

  it('is an error with the connection and the reason if there is no connection', async () => {
    const fake = new FakeLibvirt();
    fake.override = () => ({
      exitCode: 1,
      stderr: 'error: failed to connect\nerror: refused\n',
      failure: 'x',
    });
    await expect(listDomains(new Virsh(fake, 'qemu:///system'))).rejects.toThrow(
      'libvirt at qemu:///system did not answer list, domstats: refused; is libvirtd up, and the URI right?',
    );
  });
});

describe('definitions', () => {
  it('come by one process, without those of domains that are gone', async () => {
    const fake = new FakeLibvirt([
      { uuid: uuidOf(1), name: NAME },
      { uuid: uuidOf(2), name: 'b' },
    ]);
    const found = await domainDefinitions(new Virsh(fake), [uuidOf(1), uuidOf(9), uuidOf(2)]);
    expect([...found.keys()]).toEqual([uuidOf(1), uuidOf(2)]);
    expect(fake.started).toBe(1);
  });

  it('are asked for in lines that the kernel takes', async () => {
    const domains = Array.from({ length: 700 }, (_, index) => ({ uuid: uuidOf(index), name: `d${index}` }));
    const fake = new FakeLibvirt(domains);
    const lengths: number[] = [];
    fake.override = (words) => {
      lengths.push(words.join(' ').length);
      return undefined;
    };
    const found = await domainDefinitions(
      new Virsh(fake),
      domains.map(({ uuid }) => uuid),
    );
    expect(found.size).toBe(700);
    expect(Math.max(...lengths)).toBeLessThan(131_072);
  });

  it('are never asked for by a word that virsh would take apart', async () => {
    await expect(new Virsh(new FakeLibvirt()).queryAll([['dumpxml', 'a; destroy b']])).rejects.toThrow(
      'not a plain word',
    );
  });
});

describe('metadata', () => {
  const of = async (uuid: string, text: string) => {
    const fake = new FakeLibvirt([{ uuid, name: 'a', metadata: { [METADATA.order.uri]: text } }]);
    return (await domainDefinitions(new Virsh(fake), [uuid])).get(uuid);
  };

  it('are read as they were written, whatever stands in them', async () => {
    const children = [{ name: 'after', attributes: { guest: `<"&'${NAME}` } }];
    const text = metadataText('order', uuidOf(1), { attributes: { priority: 5 }, children });
    const definition = await of(uuidOf(1), text);
    const element = definition && ownMetadata(definition, 'order', uuidOf(1));
    expect(attributeOf(element, 'priority')).toBe('5');
    expect(element && childrenOf(element, 'after').map((after) => attributeOf(after, 'guest'))).toEqual([
      `<"&'${NAME}`,
    ]);
  });

  it('of another domain are not this one’s: a clone is nobody’s guest', async () => {
    const definition = await of(uuidOf(2), metadataText('order', uuidOf(1), {}));
    expect(definition && ownMetadata(definition, 'order', uuidOf(2))).toBeUndefined();
  });
});

describe('names of volumes', () => {
  it('may hold blanks', () => {
    const text = ' a.qcow2       /pool/a.qcow2\n b  c.img      /pool/b  c.img\n\n';
    expect(parseVolumeNames(text, '/pool')).toEqual(['a.qcow2', 'b  c.img']);
  });
});
