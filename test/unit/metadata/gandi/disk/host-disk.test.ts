import { expect, it } from 'vitest';
import { likenessOf } from '../../../../../src/metadata/gandi/disk/host-disk.ts';

const PLACE = '/sys/devices/vbd-51952';

it.each([
  ['the same partition', { place: PLACE, partition: 1 }, 'place'],
  ['another partition of its disk', { place: PLACE, partition: 2 }, undefined],
  ['its whole disk', { place: PLACE }, undefined],
  ['that partition of another disk', { place: '/sys/devices/vbd-51968', partition: 1 }, undefined],
])('the remembered place is that of %s', (_, found, expected) => {
  expect(likenessOf({ place: PLACE, partition: 1 }, found, true)).toBe(expected);
});
