import { describe, expect, test } from 'vitest';
import { listBlockDevices } from '../../../../../src/machine/devices/block-devices.ts';
import { deviceUse } from '../../../../../src/machine/devices/device-use.ts';
import { openDevice } from '../../../../../src/machine/files/device-reader.ts';
import { encodeEraseMark } from '../../../../../src/machine/formats/erase-mark.ts';
import { parseMountInfo } from '../../../../../src/machine/formats/text/mounts.ts';
import { findSwapDisk } from '../../../../../src/metadata/gandi/disk/find.ts';
import { makeFiles } from '../../../context.ts';
import { archiveHeader, MIB, makeImage, memoryDevice, run, text, writeAt } from '../../../images.ts';
import { type FakeDisk, makeSysfs } from '../../../sysfs.ts';
import { ARCHIVE, find, MARK, partition, SIZE, scsi, swap, XFS, xen } from '../swap-machine.ts';

describe('KVM', () => {
  const disks = [scsi('sda', 0), scsi('sdb', 1)];

  test('the disk next to root’s, with an archive alone', () => {
    const { candidates } = find({ disks, root: '8:0', content: { '/dev/sdb': ARCHIVE } });
    expect(candidates).toEqual([
      {
        swap: {
          node: '/dev/sdb',
          state: 'archive',
          content: 'archive of the host',
          archiveOffset: 524288,
          archivePlaces: [{ device: '/dev/sdb', offset: 524288 }],
          reason: 'the disk next to root’s on its SCSI host',
        },
        archive: { device: expect.objectContaining({ node: '/dev/sdb' }), offset: 524288, end: SIZE },
        identity: { place: expect.stringMatching(/^\/sys\/devices\/.*\/scsi\/0:1:0$/) },
        certain: true,
        hosts: true,
      },
    ]);
  });

  test('the same where the names are swapped, or the places', () => {
    for (const swapped of [[scsi('sda', 1), scsi('sdb', 0)], disks]) {
      expect(find({ disks: swapped, root: '8:16', content: { '/dev/sda': ARCHIVE } }).summary).toEqual([
        '/dev/sda archive /dev/sda',
      ]);
    }
  });

  test('a swap area with label and archive', () => {
    const header = swap('swap', [128]);
    const { first } = find({ disks, root: '8:0', content: { '/dev/sdb': { ...header, ...ARCHIVE } } });
    expect(first?.swap).toEqual({
      node: '/dev/sdb',
      state: 'swap',
      content: 'swap area "swap" and archive of the host',
      label: 'swap',
      pageSize: 4096,
      badPages: [128],
      archiveOffset: 524288,
      archivePlaces: [{ device: '/dev/sdb', offset: 524288 }],
      reason: 'file system label swap',
    });
    expect(first?.archive?.device.node).toBe('/dev/sdb');
  });

  test('somebody’s file system at the place of the swap disk is foreign, and no archive is read from it', () => {
    const { candidates } = find({ disks, root: '8:0', content: { '/dev/sdb': { ...XFS, ...ARCHIVE } } });
    expect(candidates).toMatchObject([
      { swap: { node: '/dev/sdb', state: 'foreign', content: 'XFS file system' } },
    ]);
    expect(candidates[0]?.archive).toBeUndefined();
  });

  test('a blank disk next to root’s is empty; blank disks elsewhere are no candidates', () => {
    expect(find({ disks: [...disks, scsi('sdc', 2)], root: '8:0' }).summary).toEqual(['/dev/sdb empty']);
  });

  test('unrecognised data is not empty', () => {
    const { first } = find({
      disks,
      root: '8:0',
      content: { '/dev/sdb': { [40 * MIB]: new Uint8Array(MIB).fill(7) } },
    });
    expect(first?.swap).toMatchObject({ state: 'foreign', content: 'unrecognised data' });
  });

  test('a disk with a partition table next to root’s is no candidate, nor are its partitions', () => {
    const data = scsi('sdb', 1, { partitions: [partition('sdb1', 1, 'data')] });
    const table = { 512: text('EFI PART') };
    const content = { '/dev/sdb': { ...table, ...ARCHIVE }, '/dev/sdb1': { ...XFS, ...ARCHIVE } };
    expect(find({ disks: [scsi('sda', 0), data], root: '8:0', content }).summary).toEqual([]);
  });

  test('an erasure that was cut off', () => {
    const content = { '/dev/sdb': { ...swap('swap'), ...MARK } };
    expect(find({ disks, root: '8:0', content }).first).toMatchObject({
      swap: { state: 'swap', pendingErase: { device: '/dev/sdb', offset: 524288, length: 20480 } },
    });
    const alone = find({
      disks: [scsi('sda', 0), scsi('sdb', 1), scsi('sdc', 2)],
      root: '8:0',
      content: { '/dev/sdc': MARK },
    });
    expect(alone.summary).toEqual(['/dev/sdc archive', '/dev/sdb empty']);
  });

  test('an erase mark that reaches past the device is none', () => {
    const content = { '/dev/sdb': { ...swap('swap'), 524288: encodeEraseMark(SIZE) } };
    expect(find({ disks, root: '8:0', content }).first?.swap.pendingErase).toBeUndefined();
  });

  test('virtio disks: by label', () => {
    const virtio = ['vda', 'vdb', 'vdc'].map(
      (name, index): FakeDisk => ({
        name,
        number: `254:${index * 16}`,
        size: SIZE,
        attached: { virtio: index },
      }),
    );
    expect(find({ disks: virtio, root: '254:16', content: { '/dev/vda': swap('swap') } }).summary).toEqual([
      '/dev/vda swap',
    ]);
    expect(find({ disks: virtio, root: '254:16', content: { '/dev/vda': swap('other') } }).summary).toEqual(
      [],
    );
  });

  test('the only other disk of the vendor, where root is on another bus', () => {
    const root: FakeDisk = {
      name: 'nvme0n1',
      number: '259:0',
      size: SIZE,
      attached: { nvme: 'nvme0' },
    };
    const other = scsi('sda', 3, { attached: { scsi: '0:0:3:0', vendor: 'QEMU' } });
    const only = find({ disks: [root, other, scsi('sdb', 4)], root: '259:0' });
    expect(only.first?.swap).toMatchObject({
      node: '/dev/sdb',
      reason: 'the only other disk of vendor gandi.ne',
    });
    expect(find({ disks: [root, scsi('sdb', 4), scsi('sdc', 5)], root: '259:0' }).summary).toEqual([]);
  });
});

describe('partition label gandiswap', () => {
  const gpt = (label?: string, start?: number) =>
    scsi('sdb', 1, { partitions: [partition('sdb1', 1, label, start)] });

  test('archive inside the partition, or in the gap before it', () => {
    for (const node of ['/dev/sdb1', '/dev/sdb']) {
      const found = find({
        disks: [scsi('sda', 0), gpt('gandiswap')],
        root: '8:0',
        content: { [node]: ARCHIVE },
      });
      expect(found.first?.swap).toMatchObject({
        node: '/dev/sdb1',
        state: 'archive',
        reason: 'partition label gandiswap',
      });
      expect(found.first?.archive).toMatchObject({
        device: { node },
        end: node === '/dev/sdb' ? SIZE - MIB : SIZE - 2 * MIB,
      });
    }
  });

  test('on Xen the gap comes first', () => {
    const content = { '/dev/sdb': ARCHIVE, '/dev/sdb1': ARCHIVE };
    const disks = [scsi('sda', 0), gpt('gandiswap')];
    expect(find({ disks, root: '8:0', content, hypervisor: 'xen' }).summary).toEqual([
      '/dev/sdb1 archive /dev/sdb',
    ]);
    expect(find({ disks, root: '8:0', content }).summary).toEqual(['/dev/sdb1 archive /dev/sdb1']);
  });

  test('no gap where the partition starts before 1 MiB', () => {
    const content = { '/dev/sdb': ARCHIVE };
    expect(
      find({ disks: [scsi('sda', 0), gpt('gandiswap', MIB / 2)], root: '8:0', content }).summary,
    ).toEqual(['/dev/sdb1 empty']);
  });

  test('somebody’s file system in the partition stays; the archive in the gap is read', () => {
    const content = { '/dev/sdb': ARCHIVE, '/dev/sdb1': XFS };
    expect(find({ disks: [scsi('sda', 0), gpt('gandiswap')], root: '8:0', content }).summary).toEqual([
      '/dev/sdb1 foreign /dev/sdb',
    ]);
  });

  test('a label that only the table knows, as after partx', () => {
    const image = makeImage(SIZE);
    run('sfdisk', ['--quiet', image], 'label: gpt\nstart=2048, size=124928, name="gandiswap"\n');
    writeAt(image, 524288, archiveHeader());
    const files = makeFiles(makeSysfs([scsi('sda', 0), gpt()]));
    const devices = listBlockDevices(files);
    const mounts = parseMountInfo('1 0 8:0 / / rw - ext4 /dev/sda rw');
    const { candidates } = findSwapDisk(
      {
        udevVerdict: () => undefined,
        devices,
        use: deviceUse(devices, mounts, [], files),
        hypervisor: 'kvm',
        open: (node) => (node === '/dev/sdb' ? openDevice(image) : memoryDevice(SIZE - 2 * MIB)),
      },
      { firstBoot: true, earlierSwaps: new Set(), isForgetful: () => false },
    );
    expect(candidates).toMatchObject([
      {
        swap: { node: '/dev/sdb1', reason: 'partition label gandiswap' },
        archive: { device: { node: '/dev/sdb' } },
      },
    ]);
  });
});

describe('Xen', () => {
  test.each([
    ['xvdz', [xen('xvda', 0), xen('xvdz', 6400)], '/dev/xvdz', '/dev/xvdz'],
    [
      'xvdz1',
      [xen('xvda', 0), xen('xvdz', 6400, { partitions: [partition('xvdz1', 1)] })],
      '/dev/xvdz1',
      '/dev/xvdz',
    ],
    ['xvda2 as a disk', [xen('xvda1', 1), xen('xvda2', 2)], '/dev/xvda2', '/dev/xvda2'],
  ])('%s', (_, disks, node, archive) => {
    const root = disks[0]?.number ?? '';
    const found = find({ disks, root, hypervisor: 'xen', content: { [archive]: ARCHIVE } });
    expect(found.summary).toEqual([`${node} archive ${archive}`]);
    expect(found.first?.swap.reason).toBe(node);
  });

  test('the second partition of the root disk is never taken, nor are names of Xen elsewhere', () => {
    const root = xen('xvda', 0, { partitions: [partition('xvda1', 1), partition('xvda2', 2, 'gandiswap')] });
    const content = { '/dev/xvda2': { ...swap('swap'), ...ARCHIVE } };
    expect(find({ disks: [root], root: '202:1', hypervisor: 'xen', content }).summary).toEqual([]);
    expect(
      find({ disks: [xen('xvda', 0), xen('xvdz', 6400)], root: '202:0', hypervisor: 'kvm' }).summary,
    ).toEqual([]);
  });
});

describe('what is in use', () => {
  test('active swap is told, and nothing but its header is read', () => {
    const disks = [scsi('sda', 0), scsi('sdb', 1)];
    const content = { '/dev/sdb': { ...swap('swap'), ...ARCHIVE } };
    const found = find({ disks, root: '8:0', content, swaps: ['/dev/sdb'] });
    expect(found.candidates).toMatchObject([{ swap: { node: '/dev/sdb', state: 'active', label: 'swap' } }]);
    expect(found.first?.archive).toBeUndefined();
    expect(found.reads.every(([, offset, length]) => offset + length <= 68 * 1024)).toBe(true);
  });

  test('root’s disk and disks with a mounted file system are not even opened', () => {
    const data = scsi('sdb', 1, { partitions: [partition('sdb1', 1), partition('sdb2', 2, 'gandiswap')] });
    const root = scsi('sda', 0, { partitions: [partition('sda1', 1)] });
    const mounts = ['2 1 8:17 / /srv rw - ext4 /dev/sdb1 rw'];
    const content = { '/dev/sda': ARCHIVE, '/dev/sdb2': { ...swap('swap'), ...ARCHIVE } };
    const found = find({ disks: [root, data], root: '8:1', content, mounts });
    expect(found.summary).toEqual([]);
    expect(found.reads).toEqual([]);
  });
});

describe('order', () => {
  const disks = [scsi('sda', 0), scsi('sdb', 1), scsi('sdc', 2), scsi('sdd', 3)];

  test('another guest’s swap disk does not take the place of this guest’s own', () => {
    const own = swap('swap');
    const others = { ...swap('swap'), ...ARCHIVE };
    const content = { '/dev/sdb': own, '/dev/sdc': others, '/dev/sdd': ARCHIVE };
    expect(find({ disks, root: '8:0', content }).summary).toEqual([
      '/dev/sdb swap',
      '/dev/sdc swap /dev/sdc',
      '/dev/sdd archive /dev/sdd',
    ]);
    const firstBoot = { ...content, '/dev/sdb': ARCHIVE };
    expect(find({ disks, root: '8:0', content: firstBoot }).first?.swap.node).toBe('/dev/sdb');
  });

  test('a label or an archive wins over what merely stands at the expected place', () => {
    for (const atPlace of [XFS, {}]) {
      const labelled = { '/dev/sdb': atPlace, '/dev/sdc': swap('swap') };
      expect(find({ disks, root: '8:0', content: labelled }).first?.swap.node).toBe('/dev/sdc');
      const byContent = { '/dev/sdb': atPlace, '/dev/sdc': ARCHIVE };
      expect(find({ disks, root: '8:0', content: byContent }).first?.swap.node).toBe('/dev/sdc');
    }
  });
});

test('a disk that cannot be read is told, and does not hide another', () => {
  const files = makeFiles(makeSysfs([scsi('sda', 0), scsi('sdb', 1), scsi('sdc', 2)]));
  const devices = listBlockDevices(files);
  const { candidates } = findSwapDisk(
    {
      udevVerdict: () => undefined,
      devices,
      use: deviceUse(devices, parseMountInfo('1 0 8:0 / / rw - ext4 /dev/sda rw'), [], files),
      hypervisor: 'kvm',
      open(node) {
        if (node === '/dev/sdb') throw new Error('EIO: i/o error, read');
        return memoryDevice(SIZE, ARCHIVE);
      },
    },
    { firstBoot: true, earlierSwaps: new Set(), isForgetful: () => false },
  );
  expect(candidates).toMatchObject([
    { swap: { node: '/dev/sdc', state: 'archive' } },
    { swap: { node: '/dev/sdb', state: 'foreign', content: 'data that cannot be read (i/o error)' } },
  ]);
});
