import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { acceptDevice } from '../../../src/guest/accept.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { listBlockDevices } from '../../../src/machine/devices/block-devices.ts';
import { deviceUse } from '../../../src/machine/devices/device-use.ts';
import { HOST_DISK_FILE } from '../../../src/machine/files/paths.ts';
import { parseMountInfo } from '../../../src/machine/formats/text/mounts.ts';
import { findSwapDisk } from '../../../src/metadata/gandi/disk/find.ts';
import { readRememberedDisk } from '../../../src/metadata/gandi/disk/host-disk.ts';
import { makeFiles } from '../context.ts';
import { memoryDevice } from '../images.ts';
import { ARCHIVE, partition, SIZE, scsi, swap, XFS } from '../metadata/gandi/swap-machine.ts';
import { makeSysfs } from '../sysfs.ts';
import { temporaryRoot } from '../temporary-root.ts';

const moved = { name: 'vdb', number: '254:16', size: SIZE, attached: { virtio: 1 } };

function guest(content: Parameters<typeof memoryDevice>[1], silent: readonly string[] = []) {
  const files = makeFiles(
    makeSysfs([scsi('sda', 0), moved, scsi('sdc', 2, { partitions: [partition('sdc1', 1)] })]),
  );
  const devices = listBlockDevices(files);
  const search = {
    devices,
    use: deviceUse(devices, parseMountInfo('1 0 8:0 / / rw - ext4 /dev/sda rw'), [], files),
    hypervisor: 'kvm' as const,
    udevVerdict: () => undefined,
    open: () => ({ ...memoryDevice(SIZE, content) }),
  };
  const answers = { isSilent: ({ deviceNumber }: { deviceNumber: string }) => silent.includes(deviceNumber) };
  const machine = { files: temporaryRoot({}), commands: systemCommands, live: false };
  return { search, machine, accept: (path: string) => acceptDevice(path, search, machine, answers) };
}

it('has the next boot take the disk, which nothing else speaks for', async () => {
  const { search, machine, accept } = guest(ARCHIVE);
  const before = findSwapDisk(search, {
    firstBoot: false,
    earlierSwaps: new Set(),
    isForgetful: () => false,
  });
  expect(before.candidates.map(({ swap }) => swap.node)).not.toContain('/dev/vdb');
  expect(await accept('/dev/vdb')).toEqual({ node: '/dev/vdb' });
  const remembered = readRememberedDisk(machine.files);
  if (remembered === undefined) throw new Error('nothing is remembered');
  const { candidates, problems } = findSwapDisk(search, {
    firstBoot: false,
    earlierSwaps: new Set(),
    isForgetful: () => false,
    remembered,
  });
  expect(candidates).toMatchObject([
    { swap: { node: '/dev/vdb' }, archive: { offset: 524288 }, certain: true },
  ]);
  expect(problems.map(({ path }) => path)).not.toContain('/dev/vdb');
  expect(statSync(machine.files.locate(HOST_DISK_FILE)).mode & 0o777).toBe(0o600);
});

it.each([
  ['the disk of root', '/dev/sda', ARCHIVE, /in use/],
  ['a disk with partitions', '/dev/sdc', ARCHIVE, /has partitions/],
  ['no disk', '/dev/sdz', ARCHIVE, /no disk/],
  ['a file system', '/dev/vdb', { ...XFS, ...ARCHIVE }, /holds XFS file system/],
  ['a blank disk', '/dev/vdb', {}, /neither/],
  [
    'a partition of a disk that is a swap area',
    '/dev/sdc1',
    { ...swap(), ...ARCHIVE },
    /^there is a swap area on its whole disk$/,
  ],
])('refuses %s, and notes nothing down', async (_, path, content, refused) => {
  const { machine, accept } = guest(content);
  expect(await accept(path)).toEqual({ refused: expect.stringMatching(refused) });
  expect(machine.files.status(HOST_DISK_FILE)).toBeUndefined();
});

it.each([
  ['one', ['254:16'], '/dev/vdb'],
  ['a partition of one', ['8:32'], '/dev/sdc1'],
])('refuses %s that does not answer, without reading it', async (_, silent, path) => {
  const { machine, search, accept } = guest(ARCHIVE, silent);
  search.open = () => {
    throw new Error('it was read');
  };
  expect(await accept(path)).toEqual({ refused: 'no answer within 5 s' });
  expect(machine.files.status(HOST_DISK_FILE)).toBeUndefined();
});
