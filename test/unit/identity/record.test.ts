import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/identity/evidence.ts';
import {
  hearingOf,
  INSTANCE_RECORD,
  isMachineAnother,
  observeInstance,
  readRecord,
  recordChanges,
  updated,
} from '../../../src/identity/record.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { makeFiles } from '../context.ts';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const filesWith = (text: string) => makeFiles({ [INSTANCE_RECORD]: text });

describe('the record of a guest', () => {
  it('is read as it was written', () => {
    const record = {
      instance: {
        source: 'nocloud',
        instanceId: 'iid-1',
        productUuid: UUID,
        macs: ['52:54:00:00:00:01'],
        machineId: 'd',
      },
      pending: { guest: 'abcd1234', parts: ['machine-id'] },
      nearMiss: 'close',
      shared: { '/etc/hostname': 'digest' },
    };
    const change = recordChanges(makeFiles({}), record).at(-1);
    const text = change?.kind === 'write-file' ? String(change.content) : '';
    expect(readRecord(filesWith(text))).toEqual({ isOld: false, ...record });
    expect(recordChanges(filesWith(text), record)).toEqual([]);
  });

  it.each(['', '[]', '{', 'null', '"x"'])('is none where the file says %j', (text) => {
    expect(readRecord(filesWith(text))).toBeUndefined();
  });

  it('whatever is in it, is read as texts or not at all', () => {
    const fields = [
      'layout',
      'mac',
      'macs',
      'source',
      'instanceId',
      'productUuid',
      'machineId',
      'pending',
      'nearMiss',
      'shared',
    ];
    const objects = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue());
    fc.assert(
      fc.property(objects, (object) => {
        const record = readRecord(filesWith(JSON.stringify(object)));
        expect(record?.instance.macs.every((mac) => typeof mac === 'string')).toBe(true);
        const { instance, nearMiss = '', pending, shared = {} } = record ?? { instance: { macs: [] } };
        const { macs: _, ...named } = instance;
        const all = [...Object.values(named), nearMiss, ...Object.values(shared), ...(pending?.parts ?? [])];
        expect(all.filter((value) => typeof value !== 'string')).toEqual([]);
      }),
    );
  });

  it('keeps what cannot be seen now, but not what another source called the guest', () => {
    const recorded = { source: 'nocloud', instanceId: 'iid-1', productUuid: UUID, macs: ['a'] };
    expect(updated(recorded, { macs: [] })).toEqual(recorded);
    expect(updated(recorded, { source: 'nocloud', macs: ['b'] })).toEqual({ ...recorded, macs: ['b'] });
    expect(updated(recorded, { source: 'gandi', macs: ['b'] })).toEqual({
      source: 'gandi',
      productUuid: UUID,
      macs: ['b'],
    });
  });
});

describe('the id of a guest whose meta-data name none', () => {
  const record = { layout: 2, source: 'nocloud', instanceId: 'nocloud', productUuid: UUID, macs: ['a'] };
  const files = makeFiles({
    [INSTANCE_RECORD]: JSON.stringify(record),
    '/sys/class/dmi/id/product_uuid': 'ffeeddcc-0000-4000-8000-000000000001\n',
  });
  const interfaces = [{ name: 'eth0', mac: '52:54:00:00:00:02', driver: '', queues: 1, multiQueue: false }];
  const seen = (state: 'new' | 'kept', stamps?: []) =>
    observeInstance(files, interfaces, {
      origin: '',
      source: 'nocloud',
      instanceId: 'nocloud',
      state,
      ...(stamps === undefined ? {} : { stamps }),
      parsed: { config: {}, problems: [], refused: [], origins: [] },
    });

  // As with a disk that virt-clone copies, beside another CD or none.
  it.each([
    ['another CD', seen('new'), 'heard'],
    ['the same CD', seen('kept', []), 'heard'],
    ['no CD', seen('kept'), 'silent'],
  ] as const)('keeps no clone from being seen, with %s', (_, now, hearing) => {
    const recorded = readRecord(files)?.instance ?? { macs: [] };
    expect(recorded.instanceId).toBeUndefined();
    expect(judge(recorded, now, hearing).kind).toBe('clone');
    expect(judge(recorded, { ...now, macs: recorded.macs }, hearing).kind).toBe('same');
  });
});

describe('hearingOf', () => {
  const host = { origin: '', parsed: { config: {}, problems: [], refused: [], origins: [] } };
  it.each<[HostConfiguration['state'], HostConfiguration['stamps'], string]>([
    ['new', [], 'heard'],
    ['kept', [], 'heard'],
    ['kept', undefined, 'silent'],
    ['none', undefined, 'silent'],
    ['broken', undefined, 'failed'],
    ['unreachable', undefined, 'failed'],
  ])('%s with stamps %j is %s', (state, stamps, hearing) => {
    expect(hearingOf({ ...host, state, ...(stamps === undefined ? {} : { stamps }) })).toBe(hearing);
  });
});

describe('isMachineAnother', () => {
  it.each([
    [UUID, UUID, false],
    [UUID, '33221100-5544-7766-8899-aabbccddeeff', false],
    [UUID, 'ffeeddcc-0000-4000-8000-000000000001', true],
    [UUID, '00000000-0000-0000-0000-000000000000', false],
    [undefined, UUID, false],
  ])('recorded %s, now %s: %s', (recorded, now, another) => {
    const entries = { [INSTANCE_RECORD]: JSON.stringify({ layout: 2, productUuid: recorded, macs: [] }) };
    const files = makeFiles({ ...entries, '/sys/class/dmi/id/product_uuid': `${now}\n` });
    expect(isMachineAnother(files)).toBe(another);
  });

  it('knows the UUID of a Xen guest without SMBIOS', () => {
    const record = JSON.stringify({ layout: 2, productUuid: UUID, macs: [] });
    const files = makeFiles({ [INSTANCE_RECORD]: record, '/sys/hypervisor/uuid': `x${UUID}\n` });
    expect(isMachineAnother(files)).toBe(true);
  });
});
