import { describe, expect, it } from 'vitest';
import { METADATA } from '../../../../src/host/libvirt/metadata.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { findGolden, findGuest, ownedDomains, parseVersionName } from '../../../../src/host/record/find.ts';
import { type HostRecord, hostRecordText } from '../../../../src/host/record/host-record.ts';
import { type FakeDomain, FakeLibvirt, uuidOf } from '../fake-libvirt.ts';

const common = (uuid: string) =>
  ({
    uuid,
    state: 'ready',
    created: '2026-01-01T00:00:00Z',
    maker: { host: 'h', boot: 'b', pid: 1 },
  }) as const;

const golden = (uuid: string): HostRecord => ({
  ...common(uuid),
  role: 'golden',
  pool: 'gandi',
  next: 2,
  versions: [{ number: 1, state: 'ready', created: '', disk: 'base-1.qcow2', capacity: 5 }],
  recipe: '{}',
});

const guest = (uuid: string): HostRecord => ({
  ...common(uuid),
  role: 'guest',
  golden: 'base@1',
  volumes: [{ pool: 'gandi', name: 'web.qcow2' }],
});

const domain = (number: number, name: string, record?: HostRecord): FakeDomain => ({
  uuid: uuidOf(number),
  name,
  ...(record === undefined ? {} : { metadata: { [METADATA.host.uri]: hostRecordText(record) } }),
});

/** A golden image, a guest, a clone of that guest, and a domain of somebody else's whose name is a number. */
function host(): { fake: FakeLibvirt; virsh: Virsh } {
  const fake = new FakeLibvirt([
    domain(1, 'base', golden(uuidOf(1))),
    { ...domain(2, 'web', guest(uuidOf(2))), state: 'running' },
    domain(3, 'clone', guest(uuidOf(2))),
    domain(4, '7'),
  ]);
  return { fake, virsh: new Virsh(fake) };
}

describe('domains of ours', () => {
  it('are those that carry their own record, with their states, by two processes', async () => {
    const { fake, virsh } = host();
    const found = await ownedDomains(virsh);
    expect(found.map(({ name, state, record }) => [name, state, record])).toEqual([
      ['base', 'shut off', golden(uuidOf(1))],
      ['web', 'running', guest(uuidOf(2))],
    ]);
    expect(fake.started).toBe(2);
  });

  it('are found by their names and by what they are', async () => {
    const { virsh } = host();
    expect(await findGolden(virsh, 'base')).toMatchObject({
      uuid: uuidOf(1),
      name: 'base',
      record: golden(uuidOf(1)),
    });
    expect(await findGuest(virsh, 'web')).toMatchObject({ uuid: uuidOf(2), record: guest(uuidOf(2)) });
  });

  it.each(['base', 'clone', '7', 'nobody', uuidOf(2)])('is no guest: %s', async (name) => {
    await expect(findGuest(host().virsh, name)).rejects.toThrow(
      `there is no guest ${name} of ours; "gandi-host guest list" shows those that there are`,
    );
  });

  it.each(['web', 'clone', 'nobody'])('is no golden image: %s', async (name) => {
    await expect(findGolden(host().virsh, name)).rejects.toThrow(`there is no golden image ${name}; `);
  });

  it('are not found by what libvirt takes for another’s name: an ID, or a UUID', async () => {
    const { fake, virsh } = host();
    fake.ids.set('1', fake.domain('web'));
    await expect(findGuest(virsh, '1')).rejects.toThrow('there is no guest 1 of ours');
    expect((await findGuest(virsh, 'web')).uuid).toBe(uuidOf(2));
    // One whose name is another one's ID is found all the same.
    fake.domains.push(domain(5, '1', guest(uuidOf(5))));
    expect((await findGuest(virsh, '1')).uuid).toBe(uuidOf(5));
  });
});

describe('a name of a version', () => {
  it('is a name with a number behind the last @, or a name alone', () => {
    const table = ['base', 'base@3', 'a@b@12', 'base@', 'base@x', '@4'].map(parseVersionName);
    expect(table).toEqual([
      { name: 'base' },
      { name: 'base', number: 3 },
      { name: 'a@b', number: 12 },
      { name: 'base@' },
      { name: 'base@x' },
      { name: '', number: 4 },
    ]);
  });
});
