import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listBlockDevices } from '../../../../src/machine/devices/block-devices.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';
import { MIB } from '../../images.ts';
import { makeSysfs } from '../../sysfs.ts';

test('SCSI disk with partitions, virtio, Xen and NVMe disks', () => {
  const devices = listBlockDevices(
    makeFiles(
      makeSysfs([
        {
          name: 'sda',
          number: '8:0',
          size: 64 * MIB,
          attached: { scsi: '2:0:1:0', vendor: 'gandi.ne' },
          partitions: [{ name: 'sda2', number: 2, start: MIB, size: 62 * MIB, label: 'gandi root' }],
        },
        {
          name: 'vdb',
          number: '254:16',
          size: MIB,
          readOnly: true,
          attached: { virtio: 3 },
        },
        { name: 'xvdz', number: '202:6400', size: 512 * MIB, attached: { xen: 51712 } },
        {
          name: 'nvme1n1',
          number: '259:0',
          size: 8 * MIB,
          sectorBytes: 4096,
          attached: { nvme: 'nvme1' },
          partitions: [{ name: 'nvme1n1p1', number: 1, start: 2 * MIB, size: MIB }],
        },
      ]),
    ),
  );
  const common = { readOnly: false, holders: [], slaves: [], sectorBytes: 512 };
  const host2 = '/sys/devices/pci0000:00/0000:00:03.0/virtio1/host2/target/2:0:1:0/block/sda';
  const scsi = {
    bus: 'scsi',
    vendor: 'gandi.ne',
    scsi: { host: 2, channel: 0, target: 1, unit: 0 },
  };
  const nvme = { bus: 'nvme', sectorBytes: 4096 };
  const nvmePath = '/sys/devices/pci0000:00/0000:00:05.0/nvme/nvme1/nvme1n1';
  expect(devices).toEqual([
    {
      ...common,
      ...nvme,
      name: 'nvme1n1',
      node: '/dev/nvme1n1',
      kind: 'disk',
      deviceNumber: '259:0',
      size: 8 * MIB,
      path: nvmePath,
    },
    {
      ...common,
      ...nvme,
      name: 'nvme1n1p1',
      node: '/dev/nvme1n1p1',
      kind: 'partition',
      deviceNumber: '259:1',
      size: MIB,
      path: `${nvmePath}/nvme1n1p1`,
      partition: { disk: 'nvme1n1', number: 1, start: 2 * MIB },
    },
    {
      ...common,
      ...scsi,
      name: 'sda',
      node: '/dev/sda',
      kind: 'disk',
      deviceNumber: '8:0',
      size: 64 * MIB,
      path: host2,
    },
    {
      ...common,
      ...scsi,
      name: 'sda2',
      node: '/dev/sda2',
      kind: 'partition',
      deviceNumber: '8:2',
      size: 62 * MIB,
      path: `${host2}/sda2`,
      partition: { disk: 'sda', number: 2, start: MIB, label: 'gandi root' },
    },
    {
      ...common,
      name: 'vdb',
      node: '/dev/vdb',
      kind: 'disk',
      deviceNumber: '254:16',
      size: MIB,
      readOnly: true,
      path: '/sys/devices/pci0000:00/0000:00:04.0/virtio3/block/vdb',
      bus: 'virtio',
      vendor: '0x1af4',
    },
    {
      ...common,
      name: 'xvdz',
      node: '/dev/xvdz',
      kind: 'disk',
      deviceNumber: '202:6400',
      size: 512 * MIB,
      path: '/sys/devices/vbd-51712/block/xvdz',
      bus: 'xen',
    },
  ]);
});

test('devices that are no disks are told apart, idle ones left out', () => {
  const names = [
    'dm-0',
    'fd0',
    'loop0',
    'md127',
    'md_d1',
    'nbd3',
    'ram0',
    'sr0',
    'zram0',
    'mmcblk0',
    'cciss!c0d0',
  ];
  const disks = names.map((name, index) => ({
    name,
    number: `250:${index}`,
    size: MIB,
    attached: { virtual: true } as const,
  }));
  const idle = { name: 'loop7', number: '7:7', size: 0, attached: { virtual: true } as const };
  const devices = listBlockDevices(makeFiles(makeSysfs([...disks, idle])));
  expect(devices.map(({ name, node, kind }) => `${name} ${node} ${kind}`)).toEqual([
    'cciss/c0d0 /dev/cciss/c0d0 disk',
    'dm-0 /dev/dm-0 device-mapper',
    'fd0 /dev/fd0 floppy',
    'loop0 /dev/loop0 loop',
    'md127 /dev/md127 md',
    'md_d1 /dev/md_d1 md',
    'mmcblk0 /dev/mmcblk0 disk',
    'nbd3 /dev/nbd3 nbd',
    'ram0 /dev/ram0 ram',
    'sr0 /dev/sr0 optical',
    'zram0 /dev/zram0 zram',
  ]);
});

test('thirty disks', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz', 'aa', 'ab', 'ac', 'ad'];
  const disks = letters.map((letter, index) => ({
    name: `sd${letter}`,
    number: `65:${index * 16}`,
    size: MIB,
    attached: { scsi: `2:0:${index}:0` },
  }));
  const devices = listBlockDevices(makeFiles(makeSysfs(disks)));
  expect(devices).toHaveLength(30);
  expect(devices.find(({ name }) => name === 'sdad')?.scsi?.target).toBe(29);
});

test('a disk that goes away meanwhile is left out; any other failure is thrown', () => {
  const sysfs = makeSysfs([
    { name: 'sda', number: '8:0', size: MIB, attached: { scsi: '2:0:0:0' } },
    { name: 'sdb', number: '8:16', size: MIB, attached: { scsi: '2:0:1:0' } },
  ]);
  const files = makeFiles(sysfs);
  let gone = false;
  const failing = {
    ...files,
    readText(path: string) {
      if (!path.endsWith('sdb/ro')) return files.readText(path);
      throw new Error('ENODEV: no such device, read');
    },
  };
  expect(() => listBlockDevices(failing)).toThrow('ENODEV');
  const vanishing = {
    ...failing,
    linkTarget: (path: string) => (gone && path.endsWith('/sdb') ? undefined : files.linkTarget(path)),
    readText(path: string) {
      if (path.endsWith('sdb/ro')) gone = true;
      return failing.readText(path);
    },
  };
  expect(listBlockDevices(vanishing).map(({ name }) => name)).toEqual(['sda']);
});

test('a machine without sysfs has no devices', () => {
  expect(listBlockDevices(makeFiles({}))).toEqual([]);
});

test('whatever its uevent says, a disk is listed once under its kernel name', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc
      .tuple(fc.constantFrom('DEVNAME', 'PARTNAME', 'MAJOR', 'MINOR', 'PARTN', '='), fc.string())
      .map((p) => p.join('=')),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const disk = { name: 'sda', number: '8:0', size: MIB, attached: { scsi: '2:0:0:0' } };
      const entries = Object.entries(makeSysfs([disk])).map(([path, entry]) =>
        path.endsWith('/uevent') ? [path, lines.join('\n')] : [path, entry],
      );
      const [found, ...others] = listBlockDevices(makeFiles(Object.fromEntries(entries)));
      expect(others).toEqual([]);
      expect(found).toMatchObject({ name: 'sda', kind: 'disk', size: MIB, deviceNumber: '8:0' });
      const named = lines
        .join('\n')
        .split('\n')
        .findLast((one) => one.startsWith('DEVNAME='));
      expect(found?.node).toBe(`/dev/${named?.slice('DEVNAME='.length) ?? 'sda'}`);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('an NVMe disk with two paths is one disk; its paths, which have no number, are none', () => {
  const attached = { nvmeSubsystem: 0, paths: ['nvme0c0n1', 'nvme0c1n1'] };
  const partitions = [{ name: 'nvme0n1p1', number: 1, start: MIB, size: 2 * MIB }];
  const disk = { name: 'nvme0n1', number: '259:1', size: 32 * MIB, attached, partitions };
  expect(listBlockDevices(makeFiles(makeSysfs([disk])))).toMatchObject([
    { name: 'nvme0n1', kind: 'disk', bus: 'nvme', deviceNumber: '259:1', size: 32 * MIB },
    { name: 'nvme0n1p1', kind: 'partition', bus: 'nvme', partition: { disk: 'nvme0n1' } },
  ]);
});

test('what a disk is attached by is read once, and anew of another one of its name', () => {
  const disk = { name: 'sdb', number: '8:16', size: MIB, attached: { scsi: '2:0:1:0', vendor: 'gandi.ne' } };
  const sysfs = makeFiles(makeSysfs([disk]));
  let [sequence, vendor, reads] = ['7', 'gandi.ne', 0];
  const files = {
    readText(path: string) {
      if (path.endsWith('/diskseq')) return `${sequence}\n`;
      if (!path.endsWith('/vendor')) return sysfs.readText(path);
      reads++;
      return `${vendor}\n`;
    },
    linkTarget: (path: string) => sysfs.linkTarget(path),
    list: (path: string) => sysfs.list(path),
  };
  expect(listBlockDevices(files)).toMatchObject([{ sequence: 7, vendor: 'gandi.ne' }]);
  expect(listBlockDevices(files)).toMatchObject([{ sequence: 7, vendor: 'gandi.ne', bus: 'scsi' }]);
  expect(reads).toBe(1);
  [sequence, vendor] = ['8', 'QEMU'];
  expect(listBlockDevices(files)).toMatchObject([{ sequence: 8, vendor: 'QEMU' }]);
});
