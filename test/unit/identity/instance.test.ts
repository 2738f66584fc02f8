import { describe, expect, it } from 'vitest';
import { instance } from '../../../src/identity/instance.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { MACHINE_ID } from '../config/distributions.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const RECORD = '/var/lib/gandi/instance.json';
const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const OTHER_UUID = 'ffeeddcc-0000-4000-8000-000000000001';
const MAC = '00:16:3e:00:00:01';
const OTHER_MAC = '00:16:3e:00:00:02';
const MACHINE = digestOf(MACHINE_ID);

const here = { productUuid: UUID, macs: [MAC], machineId: MACHINE };
const golden = { productUuid: OTHER_UUID, macs: [OTHER_MAC], machineId: MACHINE };
const record = (instance: object) => `${JSON.stringify({ layout: 2, ...instance })}\n`;
const writes = (instance: object) => ({
  kind: 'write-file',
  path: RECORD,
  content: record(instance),
  mode: 0o600,
});

const guest: FileEntries = {
  '/etc/machine-id': `${MACHINE_ID}\n`,
  '/sys/class/dmi/id/product_uuid': `${UUID.toUpperCase()}\n`,
  '/etc/ssh/ssh_host_rsa_key': 'key',
  '/etc/ssh/sshd_config': '',
  '/var/lib/systemd/random-seed': 'seed',
};
const planFor = (files: FileEntries, parts: ContextParts = {}) =>
  instance.plan(makeContext({ ...parts, files: { ...guest, ...files } }));
const NOCLOUD = { state: 'new', source: 'nocloud', instanceId: 'iid-2', stamps: [] } as const;

describe('the step instance', () => {
  it('records the guest the first time, and keeps the machine ID and host keys that it has', () => {
    expect(planFor({})).toEqual({
      changes: [{ kind: 'make-directory', path: '/var/lib/gandi', mode: 0o755 }, writes(here)],
    });
    expect(planFor({ [RECORD]: record(here) })).toEqual({ changes: [], notes: [] });
  });

  it('does nothing to an image', () => {
    expect(planFor({}, { facts: { live: false } })).toEqual({ changes: [] });
  });

  it('records all interfaces, by the addresses that the devices have by themselves', () => {
    const device = { driver: 'virtio_net', queues: 1, multiQueue: false };
    const interfaces = [
      { ...device, name: 'eth1', mac: '02:00:00:00:00:09', permanentMac: '00:16:3e:00:00:03' },
      { ...device, name: 'eth0', mac: MAC },
    ];
    expect(planFor({}, { facts: { interfaces } }).changes.at(-1)).toEqual(
      writes({ ...here, macs: [MAC, '00:16:3e:00:00:03'] }),
    );
  });

  it('records the id that the source gives, and keeps it where the source is gone', () => {
    const id = { source: 'nocloud', instanceId: 'iid-2' };
    expect(planFor({}, { host: NOCLOUD }).changes.at(-1)).toEqual(
      writes({ ...id, productUuid: UUID, macs: [MAC], machineId: MACHINE }),
    );
    const known = { ...id, productUuid: UUID, macs: [MAC], machineId: MACHINE };
    expect(planFor({ [RECORD]: record(known) }, { host: { state: 'kept', source: 'nocloud' } })).toEqual({
      changes: [],
      notes: [],
    });
  });

  it('keeps what is known where nothing of it can be seen', () => {
    const { changes } = planFor(
      { [RECORD]: record(here), '/sys/class/dmi/id/product_uuid': `${'0'.repeat(8)}\n` },
      { facts: { interfaces: [] } },
    );
    expect(changes).toEqual([]);
  });

  it('takes another instance id for no clone, renews nothing, and says why', () => {
    const known = { source: 'nocloud', instanceId: 'iid-1', ...here };
    const { changes, notes, separate } = planFor({ [RECORD]: record(known) }, { host: NOCLOUD });
    expect(separate).toBeUndefined();
    expect(changes).toEqual([writes({ ...known, instanceId: 'iid-2' })]);
    expect(notes).toEqual([
      {
        level: 'info',
        text: 'instance id iid-1, now iid-2; taken for the guest that it was: another instance id alone makes no clone: the SMBIOS UUID or a MAC address is the one that was recorded',
      },
    ]);
  });

  it('keeps a near miss for gandi-guest doctor, over later boots', () => {
    const { changes } = planFor({ [RECORD]: record({ ...here, productUuid: OTHER_UUID }) });
    const nearMiss = `SMBIOS UUID ${OTHER_UUID}, now ${UUID}; taken for the guest that it was: a MAC address that was recorded is still there`;
    expect(changes).toEqual([writes({ ...here, nearMiss })]);
    expect(planFor({ [RECORD]: record({ ...here, nearMiss }) })).toEqual({ changes: [], notes: [] });
  });

  it.each(['broken', 'unreachable'] as const)(
    'renews and records nothing where the source is %s',
    (state) => {
      const { changes, separate, notes } = planFor({ [RECORD]: record(golden) }, { host: { state } });
      expect([changes, separate]).toEqual([[], undefined]);
      expect(notes?.[0]).toMatchObject({
        level: 'info',
        text: expect.stringContaining('nothing is renewed: a source that says nothing renews nothing'),
      });
    },
  );

  it('takes a damaged record for none', () => {
    expect(planFor({ [RECORD]: '{"mac' }).changes).toEqual([writes(here)]);
  });
});

describe('a record of a version before', () => {
  const former = { productUuid: UUID, mac: MAC, hostName: 'web1' };

  it('makes nobody a clone', () => {
    const { changes, separate } = planFor({ [RECORD]: JSON.stringify(former) });
    expect([changes, separate]).toEqual([[writes(here)], undefined]);
  });

  it('is read with the instance id that was learned then', () => {
    const stored = {
      layout: 1,
      source: 'nocloud',
      attachment: '/devices/x',
      instanceId: 'iid-1',
      config: {},
      refused: [],
      problems: [],
      origins: [],
    };
    const files = {
      [RECORD]: JSON.stringify({ ...former, productUuid: OTHER_UUID, mac: OTHER_MAC }),
      '/var/lib/gandi/source.json': JSON.stringify(stored),
    };
    const { changes, separate } = planFor(files, { host: { ...NOCLOUD, instanceId: 'iid-1' } });
    expect(separate).toBeUndefined();
    expect(JSON.parse((changes[0] as { content: string }).content)).toMatchObject({
      ...here,
      source: 'nocloud',
      instanceId: 'iid-1',
      nearMiss: expect.stringContaining('the instance id is the same'),
    });
  });

  it('gets the machine ID before a clone renews it', () => {
    const { changes, next } = planFor({
      [RECORD]: JSON.stringify({ productUuid: OTHER_UUID, mac: OTHER_MAC, hostName: 'golden' }),
    });
    expect(changes).toEqual([writes(golden)]);
    expect(next).toBeDefined();
  });
});

describe('a clone', () => {
  const clone = { [RECORD]: record(golden) };

  it('says by which rule and evidence it is one, and plans each part by itself', () => {
    const { changes, notes, separate, next } = planFor({ ...clone, '/usr/bin/ssh-keygen': '' });
    expect(changes).toEqual([]);
    expect(separate?.map(({ name }) => name)).toEqual(['machine-id', 'host-keys rsa', 'random-seed']);
    expect(next).toBeDefined();
    expect(notes).toEqual([
      {
        level: 'warning',
        text:
          `this disk comes from another guest: SMBIOS UUID ${OTHER_UUID}, now ${UUID}; MAC addresses ${OTHER_MAC}, now ${MAC} ` +
          '(the SMBIOS UUID is another in both byte orders, and no MAC address that was recorded is there); made anew: ' +
          'machine ID, SSH host keys, random seed, DHCP leases, state of NetworkManager, network files of ours for its interfaces, marks of scripts that have run',
      },
    ]);
  });

  it('records itself once all is done, with what is left to the admin', () => {
    const { '/var/lib/systemd/random-seed': _, ...rest } = guest;
    const files = {
      ...rest,
      ...clone,
      '/etc/machine-id': 'b'.repeat(32),
      '/etc/iscsi/initiatorname.iscsi': 'InitiatorName=iqn.x\n',
      '/etc/hostname': 'golden\n',
    };
    const { changes, notes, separate } = instance.plan(makeContext({ files }));
    expect(separate).toBeUndefined();
    const content = JSON.parse((changes[0] as { content: string }).content) as Record<string, unknown>;
    expect(content).toMatchObject({ productUuid: UUID, macs: [MAC], machineId: digestOf('b'.repeat(32)) });
    expect(Object.keys(content.shared as object)).toEqual([
      '/etc/iscsi/initiatorname.iscsi',
      '/etc/hostname',
    ]);
    expect(notes?.[1]).toEqual({
      level: 'warning',
      text:
        'both guests still have /etc/ssh/ssh_host_rsa_key, the iSCSI initiator name (/etc/iscsi/initiatorname.iscsi), ' +
        'the host name (/etc/hostname): make them anew unless both are to have them',
    });
  });

  it('records what failed, and tries that alone at the next boot', () => {
    const files = { ...guest, ...clone, '/usr/bin/ssh-keygen': '', '/etc/machine-id': 'b'.repeat(32) };
    const failed = ['host-keys rsa', 'random-seed'];
    const { changes } = instance.plan(makeContext({ files, failed }));
    const [written] = changes as { content: string }[];
    expect(JSON.parse(written?.content ?? '')).toMatchObject({ pending: { parts: failed } });
    const next = instance.plan(makeContext({ files: { ...files, [RECORD]: written?.content ?? '' } }));
    expect(next.separate?.map(({ name }) => name)).toEqual(failed);
  });
});
