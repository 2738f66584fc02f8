import { describe, expect, it } from 'vitest';
import { isLabelSeen, labelledDevices } from '../../../../src/machine/devices/labelled-devices.ts';
import type { Files } from '../../../../src/machine/files/files.ts';
import { makeFiles } from '../../context.ts';
import { type FakeDisk, makeSysfs } from '../../sysfs.ts';

const LABELS = ['cidata', 'CIDATA'];
const MIB = 1 << 20;

const disk = (name: string, number: string, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number,
  size: MIB,
  attached: { scsi: `2:0:${number.split(':')[1]}:0` },
  ...more,
});
const partition = (name: string) => ({ name, number: 1, start: 512, size: 1024 });

/** What can have such a volume among these disks with these records of udev's, and whether udev has seen one. */
function labelled(disks: FakeDisk[], records: Record<string, string>) {
  const entries = Object.entries(records).map(([number, text]) => [`/run/udev/data/b${number}`, text]);
  const files = makeFiles({ ...makeSysfs(disks), ...Object.fromEntries(entries) }) as Files;
  return {
    names: labelledDevices(files, LABELS).map(({ name }) => name),
    seen: isLabelSeen(files, LABELS),
  };
}

describe('a device with a record of udev’s', () => {
  it.each([
    ['of the label', 'E:ID_FS_LABEL=cidata\n', true],
    ['of the other one', 'E:ID_FS_LABEL=CIDATA\n', true],
    [
      'of FAT with the label in the boot sector alone',
      'E:ID_FS_LABEL=x\nE:ID_FS_LABEL_FATBOOT=cidata\n',
      true,
    ],
    ['of a mixed case', 'E:ID_FS_LABEL=Cidata\n', false],
    ['of another label', 'E:ID_FS_LABEL=data\n', false],
    ['of nothing', 'I:1\n', false],
  ])('%s', (_, record, isOne) => {
    expect(labelled([disk('sr0', '11:0')], { '11:0': record })).toEqual({
      names: isOne ? ['sr0'] : [],
      seen: isOne,
    });
  });
});

it('one without a record has to say so itself, and is not seen', () => {
  expect(labelled([disk('sda', '8:0'), disk('sdb', '8:16')], { '8:0': 'I:1\n' })).toEqual({
    names: ['sdb'],
    seen: false,
  });
});

it('a partition has not the label of its disk', () => {
  const disks = [disk('sda', '8:0', { partitions: [partition('sda1')] })];
  const record = 'E:ID_FS_LABEL=cidata\n';
  expect(labelled(disks, { '8:0': record, '8:1': record }).names).toEqual(['sda']);
  expect(labelled(disks, { '8:0': 'I:1\n', '8:1': record })).toEqual({ names: ['sda1'], seen: true });
});

it('what is made of other devices is none', () => {
  const record = 'E:ID_FS_LABEL=cidata\n';
  const made = ['loop0', 'dm-0', 'md0', 'zram0', 'ram0'];
  const disks = made.map((name, index) => disk(name, `7:${index}`, { attached: { virtual: true } }));
  const records = Object.fromEntries(made.map((_, index) => [`7:${index}`, record]));
  expect(labelled(disks, records)).toEqual({ names: [], seen: false });
  expect(labelled([disk('nbd0', '43:0', { attached: { virtual: true } })], { '43:0': record }).names).toEqual(
    ['nbd0'],
  );
});
