import type { BlockDevice } from '../../../src/machine/devices/block-devices.ts';
import { MIB } from '../images.ts';

/** A disk with nothing above or below it. */
export const SDB: BlockDevice = {
  name: 'sdb',
  node: '/dev/sdb',
  kind: 'disk',
  deviceNumber: '8:16',
  size: 128 * MIB,
  sectorBytes: 512,
  readOnly: false,
  path: '/sys/devices/x/block/sdb',
  holders: [],
  slaves: [],
};
