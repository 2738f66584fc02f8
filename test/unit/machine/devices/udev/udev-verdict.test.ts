import { describe, expect, it } from 'vitest';
import { udevVerdict } from '../../../../../src/machine/devices/udev/udev-verdict.ts';

const DISK = { deviceNumber: '8:16', path: '/sys/devices/pci/block/sdb' };
const PARTITION = {
  deviceNumber: '8:17',
  path: `${DISK.path}/sdb1`,
  partition: { disk: 'sdb', number: 1, start: 1_048_576 },
};
const TABLE = 'E:ID_PART_TABLE_TYPE=gpt\nE:ID_VENDOR=gandi.ne\n';

const machine = (disk: string, partition = '') => {
  const texts: Record<string, string> = {
    '/run/udev/data/b8:16': `I:1\n${disk}`,
    '/run/udev/data/b8:17': `I:2\n${disk}${partition}`,
    [`${DISK.path}/dev`]: '8:16\n',
  };
  return { readText: (path: string) => texts[path] };
};

describe('what udev found on a device', () => {
  it.each([
    ['a partition table', TABLE, 'gpt'],
    ['a file system that we do not know', 'E:ID_FS_TYPE=udf\nE:ID_FS_USAGE=filesystem\n', 'udf'],
    ['content of several kinds', 'E:ID_FS_AMBIVALENT=filesystem:ext4 filesystem:vfat\n', 'ambivalent'],
  ])('tells %s', (_, text, type) => {
    expect(udevVerdict(machine(text), DISK)).toMatchObject({ type });
  });

  it.each([
    ['swap', 'E:ID_FS_TYPE=swap\n'],
    ['a disk that udev found nothing on', 'E:ID_VENDOR=gandi.ne\n'],
  ])('has nothing to say of %s', (_, text) => {
    expect(udevVerdict(machine(text), DISK)).toBeUndefined();
  });

  it('does not take what a partition has from its disk for its own', () => {
    expect(udevVerdict(machine(TABLE), PARTITION)).toBeUndefined();
    expect(udevVerdict(machine('E:ID_FS_TYPE=LVM2_member\n'), PARTITION)).toBeUndefined();
    expect(udevVerdict(machine(TABLE, 'E:ID_FS_TYPE=udf\n'), PARTITION)).toMatchObject({ type: 'udf' });
  });

  it('has nothing to say before udev has looked', () => {
    expect(udevVerdict({ readText: () => undefined }, PARTITION)).toBeUndefined();
  });
});
