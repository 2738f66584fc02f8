import { describe, expect, test } from 'vitest';
import { listBlockDevices } from '../../../../src/machine/devices/block-devices.ts';
import { deviceUse } from '../../../../src/machine/devices/device-use.ts';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import { parseMountInfo } from '../../../../src/machine/formats/text/mounts.ts';
import { findRoot, findRootChecks } from '../../../../src/machine/system/root-file-system.ts';
import { makeFiles } from '../../context.ts';
import { MIB, makeImage, run, text, writeAt } from '../../images.ts';
import { type FakeDisk, makeSysfs } from '../../sysfs.ts';

interface Machine {
  disks: FakeDisk[];
  mount: string;
  /** Images by node. */
  images: Record<string, string>;
  mountedBytes?: number;
}

function rootOf({ disks, mount, images, mountedBytes = 0 }: Machine) {
  const files = makeFiles(makeSysfs(disks));
  const devices = listBlockDevices(files);
  const mounts = parseMountInfo(mount);
  let closed = 0;
  let guids = 0;
  const root = findRoot({
    devices,
    mounts,
    use: deviceUse(devices, mounts, [], files),
    open(node) {
      const device = openDevice(images[node] ?? '/nonexistent');
      closed--;
      return {
        ...device,
        close() {
          closed++;
          device.close();
        },
      };
    },
    mountedBytes: () => mountedBytes,
    randomGuid: () => `0a000000-0000-4000-8000-00000000000${++guids}`,
  });
  expect(closed).toBe(0);
  return root;
}

const whole = (size: number): FakeDisk => ({
  name: 'sdb',
  number: '8:16',
  size,
  attached: { scsi: '2:0:0:0' },
});

function ext4Image(bytes: number, size: string): string {
  const path = makeImage(bytes);
  run('mke2fs', ['-q', '-F', '-t', 'ext4', path, size]);
  return path;
}

test('ext4 with the hashes of dm-verity behind it keeps its size', () => {
  const image = ext4Image(96 * MIB, '64M');
  writeAt(image, 64 * MIB, text('verity\0\0\x01\0\0\0\x01\0\0\0'));
  const mount = '1 0 8:16 / / rw - ext4 /dev/sdb rw';
  const root = rootOf({ disks: [whole(96 * MIB)], mount, images: { '/dev/sdb': image } });
  expect(root?.fixed).toContain('the hashes of dm-verity begin behind it');
});

test('ext4 on a whole disk that was enlarged', () => {
  const image = ext4Image(96 * MIB, '64M');
  const mount = '1 0 8:16 / / rw - ext4 /dev/sdb rw';
  expect(
    rootOf({ disks: [whole(96 * MIB)], mount, images: { '/dev/sdb': image }, mountedBytes: 60 * MIB }),
  ).toEqual({
    type: 'ext4',
    uuid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    device: '/dev/sdb',
    fileSystemBytes: 64 * MIB,
    growthLimits: expect.arrayContaining([expect.any(Number)]),
    deviceBytes: 96 * MIB,
    disk: '/dev/sdb',
  });
});

test.each([
  ['ext4 on a partition', partitioned(), '254:2', 'ext4', '/dev/vda2'],
  ['ext4 on a whole disk', whole(64 * MIB), '8:16', 'ext4', '/dev/sdb'],
  ['ext4 on a device that is not there', whole(64 * MIB), '8:32', 'ext4', undefined],
  ['a tmpfs', whole(64 * MIB), '0:24', 'tmpfs', undefined],
  ['what is ext4 by the word of a mount alone', whole(64 * MIB), '0:24', 'ext4', undefined],
])('when root is checked: %s', (_, disk, number, type, device) => {
  const files = makeFiles(makeSysfs([disk]));
  const mounts = parseMountInfo(`1 0 ${number} / / rw - ${type} /dev/root rw`);
  const image = ext4Image(64 * MIB, '64M');
  run('tune2fs', ['-c', '42', '-i', '2m', image]);
  const opened: string[] = [];
  const open = (node: string) => {
    opened.push(node);
    return openDevice(image);
  };
  const wanted = device && { type, device, mostMounts: 42, intervalSeconds: 60 * 86_400 };
  expect(findRootChecks({ files, mounts, open })).toEqual(wanted);
  expect(opened).toEqual(device === undefined ? [] : [device]);
});

function partitioned(): FakeDisk {
  const partition = { name: 'vda2', number: 2, start: 2 * MIB, size: 64 * MIB };
  return { name: 'vda', number: '254:0', size: 96 * MIB, attached: { virtio: 1 }, partitions: [partition] };
}

function tableImage(script: string): string {
  const path = makeImage(96 * MIB);
  run('sfdisk', ['--quiet', path], script);
  return path;
}

const GPT =
  'label: gpt\nlabel-id: 6E7B6F0C-1B1A-4D3C-9D3E-00000000000D\nstart=2048,size=2048\nstart=4096,size=131072\n';

test('the second partition of a GPT disk', () => {
  const images = { '/dev/vda': tableImage(GPT), '/dev/vda2': ext4Image(64 * MIB, '64M') };
  const root = rootOf({ disks: [partitioned()], mount: '1 0 254:2 / / rw - ext4 /dev/root rw', images });
  expect(root).toMatchObject({
    device: '/dev/vda2',
    disk: '/dev/vda',
    partitionNumber: 2,
  });
  expect(root?.table).toMatchObject({ table: 'gpt', usableEnd: 96 * MIB - 33 * 512 });
  expect(root?.newGuids).toBeUndefined();
});

test('a fresh image gets as many GUIDs as it needs', () => {
  const disk = tableImage(GPT);
  run('sfdisk', ['--disk-id', disk, '00000000-0000-0000-0000-000000000000']);
  const images = { '/dev/vda': disk, '/dev/vda2': ext4Image(64 * MIB, '64M') };
  const root = rootOf({ disks: [partitioned()], mount: '1 0 254:2 / / rw - ext4 /dev/vda2 rw', images });
  expect(root?.newGuids).toEqual([1, 2, 3].map((number) => `0A000000-0000-4000-8000-00000000000${number}`));
});

test('XFS counts its log, which statfs leaves out', () => {
  const image = makeImage(400 * MIB);
  run('mkfs.xfs', ['-q', '-l', 'size=64m', image]);
  const mount = '1 0 8:16 / / rw - xfs /dev/sdb rw';
  const machine = {
    disks: [whole(400 * MIB)],
    mount,
    images: { '/dev/sdb': image },
    mountedBytes: 336 * MIB,
  };
  expect(rootOf(machine)?.fileSystemBytes).toBe(400 * MIB);
});

test('btrfs counts its superblock where statfs halves what is kept twice', () => {
  const image = makeImage(300 * MIB);
  run('mkfs.btrfs', ['-q', '-d', 'dup', image]);
  const mount = '1 0 0:26 /@ / rw - btrfs /dev/sdb rw';
  const machine = {
    disks: [whole(300 * MIB)],
    mount,
    images: { '/dev/sdb': image },
    mountedBytes: 150 * MIB,
  };
  expect(rootOf(machine)?.fileSystemBytes).toBe(300 * MIB);
});

test('btrfs counts what statfs says', () => {
  const image = makeImage(200 * MIB);
  run('mkfs.btrfs', ['-q', image]);
  const mount = '1 0 0:26 /@ / rw - btrfs /dev/sdb rw';
  const machine = {
    disks: [whole(300 * MIB)],
    mount,
    images: { '/dev/sdb': image },
    mountedBytes: 200 * MIB,
  };
  expect(rootOf(machine)).toMatchObject({
    type: 'btrfs',
    fileSystemBytes: 200 * MIB,
    deviceBytes: 300 * MIB,
  });
});

describe('what keeps its size', () => {
  const image = () => ({ '/dev/sdb': ext4Image(64 * MIB, '64M') });
  test.each([
    ['read-only disk', { ...whole(64 * MIB), readOnly: true }, 'rw', '/dev/sdb is read-only'],
    ['read-only mount', whole(64 * MIB), 'ro', 'root is mounted read-only'],
  ])('%s', (_, disk, option, fixed) => {
    const mount = `1 0 8:16 / / ${option} - ext4 /dev/sdb rw`;
    expect(rootOf({ disks: [disk], mount, images: image() })?.fixed).toBe(fixed);
  });

  test('device mapper', () => {
    const mapper: FakeDisk = {
      name: 'dm-0',
      number: '253:0',
      size: MIB,
      attached: { virtual: true },
      slaves: ['sdb'],
    };
    const images = { '/dev/dm-0': ext4Image(64 * MIB, '64M') };
    const mount = '1 0 253:0 / / rw - ext4 /dev/mapper/root rw';
    expect(rootOf({ disks: [whole(64 * MIB), mapper], mount, images })).toMatchObject({
      device: '/dev/dm-0',
      disk: '/dev/sdb',
      fixed: 'root is on device mapper (LVM, LUKS or the like)',
    });
  });

  test('btrfs over two devices', () => {
    const [one, two] = [makeImage(200 * MIB), makeImage(200 * MIB)];
    run('mkfs.btrfs', ['-q', one, two]);
    const mount = '1 0 0:26 / / rw - btrfs /dev/sdb rw';
    const root = rootOf({ disks: [whole(200 * MIB)], mount, images: { '/dev/sdb': one } });
    expect(root?.fixed).toBe('root is a btrfs file system of 2 devices');
  });
});

test('no block device, no root', () => {
  expect(
    rootOf({ disks: [whole(MIB)], mount: '1 0 0:30 / / rw - overlay overlay rw', images: {} }),
  ).toBeUndefined();
});

test('a root that cannot be read is an error, not absent', () => {
  const mount = '1 0 8:16 / / rw - ext4 /dev/sdb rw';
  expect(() => rootOf({ disks: [whole(MIB)], mount, images: {} })).toThrow('ENOENT');
});
