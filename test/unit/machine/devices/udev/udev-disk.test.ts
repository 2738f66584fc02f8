import { describe, expect, it } from 'vitest';
import { compareIdentities, udevDisk } from '../../../../../src/machine/devices/udev/udev-disk.ts';

const device = { deviceNumber: '8:16', path: '/sys/devices/pci/host2/target2:0:1/2:0:1:0/block/sdb' };
const partition = {
  deviceNumber: '8:17',
  path: `${device.path}/sdb1`,
  partition: { disk: 'sdb', number: 1, start: 0 },
};
const withRecord = (...lines: string[]) => ({
  readText: (path: string) => (path === '/run/udev/data/b8:16' ? lines.join('\n') : undefined),
});

describe('what udev knows of a disk', () => {
  it('is its serial number, its WWN and its place', () => {
    const lines = [
      'S:disk/by-id/x',
      'E:ID_SERIAL=35000c500',
      'E:ID_SERIAL_SHORT=5000c500',
      'E:ID_SCSI_SERIAL=lun 7',
    ];
    const more = [
      'E:ID_WWN=0x5000c500',
      'E:ID_WWN_WITH_EXTENSION=0x5000c50015ea71aa',
      'E:ID_PATH=pci-scsi-1',
    ];
    expect(
      udevDisk(withRecord(...lines, ...more, 'E:ID_FS_UUID=A', 'E:DM_MULTIPATH_DEVICE_PATH=1'), device),
    ).toEqual({
      identity: { serial: 'lun 7', wwn: '0x5000c50015ea71aa', place: 'pci-scsi-1' },
      isMultipathPath: true,
      uuid: 'A',
      content: {},
    });
  });

  it('is its directory where it says nothing, without names that change', () => {
    const place = '/sys/devices/pci/host2/target2:0:1/2:0:1:0/block';
    expect(udevDisk(withRecord(), device)).toEqual({
      identity: { place },
      isMultipathPath: false,
      content: {},
    });
    expect(udevDisk(withRecord(), partition).identity).toEqual({ place, partition: 1 });
  });
});

it.each([
  [{ serial: '1' }, { serial: '1' }, 'same'],
  [{ serial: '1', wwn: 'w', place: 'a' }, { serial: '1', wwn: 'w', place: 'b' }, 'same'],
  [{ serial: '1', wwn: 'w', place: 'a' }, { serial: '1', wwn: 'v', place: 'a' }, 'other'],
  [{ serial: '1', place: 'a' }, { serial: '2', place: 'a' }, 'other'],
  [{ serial: '1', partition: 1 }, { serial: '1', partition: 2 }, 'other'],
  [{ serial: '1', place: 'a' }, { place: 'a' }, 'place'],
  [{ place: 'a' }, { place: 'b' }, 'unknown'],
  [{}, {}, 'unknown'],
])('%j and %j: %s', (one, other, expected) => {
  expect(compareIdentities(one, other)).toBe(expected);
  expect(compareIdentities(other, one)).toBe(expected);
});
