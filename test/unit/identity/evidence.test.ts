import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  differences,
  type Hearing,
  type Instance,
  inOtherByteOrder,
  judge,
  knownUuid,
} from '../../../src/identity/evidence.ts';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const SWAPPED = '33221100-5544-7766-8899-aabbccddeeff';
const OTHER_UUID = 'ffeeddcc-0000-4000-8000-000000000001';
const [MAC, SECOND, OTHER_MAC] = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:ff:ff:ff'];

const recorded: Instance = { productUuid: UUID, macs: [MAC, SECOND] };
const withId: Instance = { ...recorded, source: 'nocloud', instanceId: 'iid-1' };
const another: Instance = { productUuid: OTHER_UUID, macs: [OTHER_MAC] };

type Row = [what: string, before: Instance, now: Instance, hearing: Hearing, kind: string, isNear?: true];

describe('judge', () => {
  it.each<Row>([
    ['nothing is another', recorded, recorded, 'silent', 'same'],
    ['all is another', recorded, another, 'silent', 'clone'],
    ['all is another, and the source speaks without an id', recorded, another, 'heard', 'clone'],
    ['a new interface', recorded, { ...recorded, macs: [OTHER_MAC] }, 'silent', 'same'],
    [
      'the UUID in the other byte order, and a new interface',
      recorded,
      { productUuid: SWAPPED, macs: [OTHER_MAC] },
      'silent',
      'same',
    ],
    [
      'another UUID, and one of the interfaces',
      recorded,
      { productUuid: OTHER_UUID, macs: [OTHER_MAC, SECOND] },
      'silent',
      'same',
      true,
    ],
    ['no UUID any more', recorded, { macs: [OTHER_MAC] }, 'silent', 'same'],
    ['no UUID so far', { macs: [MAC] }, another, 'silent', 'same'],
    ['no MAC address so far', { productUuid: UUID, macs: [] }, another, 'silent', 'same', true],
    ['no interface yet', recorded, { productUuid: OTHER_UUID, macs: [] }, 'silent', 'undecided', true],
    ['all is another, and the source does not answer', recorded, another, 'failed', 'undecided', true],
    ['all is another, and the source with an id is gone', withId, another, 'silent', 'undecided', true],
    [
      'all is another, and the source with an id does not answer',
      withId,
      another,
      'failed',
      'undecided',
      true,
    ],
    ['all is another, and the source speaks and gives no id now', withId, another, 'heard', 'clone'],
    [
      'the same id, and all else is another',
      withId,
      { ...another, instanceId: 'iid-1' },
      'heard',
      'same',
      true,
    ],
    ['the same id, and another interface', withId, { ...withId, macs: [OTHER_MAC] }, 'heard', 'same'],
    ['another id alone', withId, { ...withId, instanceId: 'iid-2' }, 'heard', 'same'],
    ['another id that nobody says now', withId, { ...withId, instanceId: 'iid-2' }, 'silent', 'same'],
    [
      'another id and UUID',
      withId,
      { instanceId: 'iid-2', productUuid: OTHER_UUID, macs: [MAC] },
      'heard',
      'same',
      true,
    ],
    [
      'another id, and other interfaces',
      withId,
      { ...withId, instanceId: 'iid-2', macs: [OTHER_MAC] },
      'heard',
      'same',
      true,
    ],
    [
      'another id, where nothing else is known',
      { instanceId: 'iid-1', macs: [] },
      { ...another, instanceId: 'iid-2' },
      'heard',
      'same',
      true,
    ],
    [
      'another id and MAC address, without UUIDs',
      { instanceId: 'iid-1', macs: [MAC] },
      { instanceId: 'iid-2', macs: [OTHER_MAC] },
      'heard',
      'clone',
    ],
    ['another id, UUID and MAC address', withId, { ...another, instanceId: 'iid-2' }, 'heard', 'clone'],
    [
      'an id for the first time, and all else another',
      recorded,
      { ...another, instanceId: 'iid-2' },
      'heard',
      'clone',
    ],
    ['an id for the first time', recorded, withId, 'heard', 'same'],
  ])('%s', (_, before, now, hearing, kind, isNear = undefined) => {
    expect(judge(before, now, hearing)).toMatchObject({ kind, isNear: isNear === true });
  });

  const macs = fc.subarray([MAC, SECOND, OTHER_MAC]);
  const optional = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const instances = fc
    .record({ instanceId: optional('a', 'b'), productUuid: optional(UUID, SWAPPED, OTHER_UUID), macs })
    .map((each) => JSON.parse(JSON.stringify(each)) as Instance);

  it('never takes a guest for a clone that keeps its UUID or an interface, or whose source fails', () => {
    fc.assert(
      fc.property(
        instances,
        instances,
        fc.constantFrom<Hearing>('heard', 'silent', 'failed'),
        (one, two, hearing) => {
          if (judge(one, two, hearing).kind !== 'clone') return;
          expect(hearing).not.toBe('failed');
          expect(one.macs.some((mac) => two.macs.includes(mac))).toBe(false);
          const sameUuid =
            one.productUuid !== undefined &&
            [one.productUuid, inOtherByteOrder(one.productUuid)].includes(two.productUuid ?? '');
          expect(sameUuid).toBe(false);
          if (hearing === 'silent') expect(one.instanceId).toBeUndefined();
        },
      ),
    );
  });
});

describe('knownUuid', () => {
  it.each([
    ['AA-01\n', 'aa-01'],
    ['00000000-0000-0000-0000-000000000000\n', undefined],
    ['FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF\n', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j', (text, uuid) => {
    expect(knownUuid(text)).toBe(uuid);
  });
});

it('turns the first three fields of a UUID round', () => {
  expect(inOtherByteOrder(UUID)).toBe(SWAPPED);
});

it('says what differs, old and new', () => {
  expect(differences(withId, { ...another, instanceId: 'iid-2' })).toBe(
    `instance id iid-1, now iid-2; SMBIOS UUID ${UUID}, now ${OTHER_UUID}; MAC addresses ${MAC} ${SECOND}, now ${OTHER_MAC}`,
  );
  expect(differences(withId, recorded)).toBe('');
});
