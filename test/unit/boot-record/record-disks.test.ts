import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordExtras, recordBoot } from '../../../src/boot-record/record-boot.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import type { FileEntries } from '../context.ts';
import { MIB } from '../images.ts';
import { type FakeDisk, makeSysfs } from '../sysfs.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { finished, MOUNTS, RECORD } from './finished-run.ts';

/** The record that a run leaves in a guest, if it leaves one. */
async function recorded(entries: FileEntries, extras: RecordExtras = {}): Promise<string | undefined> {
  const files = temporaryRoot({ '/proc/self/mountinfo': MOUNTS, ...entries });
  await recordBoot(finished(), { files, commands: systemCommands, live: true }, extras);
  return files.readText(RECORD);
}

// The kernel's name of a disk may hold a slash: so a file can have the name of a device.
const directory = mkdtempSync('/dev/shm/gandi-guest-');
const node = join(directory, 'swap');
writeFileSync(node, 'a header');
afterAll(() => rmSync(directory, { recursive: true }));
/** What a program that works from the host's disk compares. */
const ranges = [{ device: node, offset: 0, length: 1 }];

it('has what each disk says of itself, but for what its driver would ask the disk', async () => {
  const scsi = '/sys/devices/pci0/host0/target0/0:0:0:1';
  const virtio = '/sys/devices/pci0/virtio1';
  const disks = {
    '/sys/class/block/sda': { link: `../../..${scsi}/block/sda` },
    [`${scsi}/block/sda/size`]: '8\n',
    [`${scsi}/block/sda/device`]: { link: '../../../0:0:0:1' },
    [`${scsi}/vendor`]: 'gandi.ne\n',
    [`${scsi}/model`]: 'volume          \n',
    [`${scsi}/wwid`]: 't10.gandi.ne volume 1\n',
    [`${scsi}/queue_depth`]: '128\n',
    '/sys/class/block/vda': { link: `../../..${virtio}/block/vda` },
    [`${virtio}/block/vda/size`]: '16\n',
    [`${virtio}/block/vda/serial`]: 'asked',
    [`${virtio}/block/vda/wwid`]: 'nvme.1\0\n',
    [`${virtio}/block/vda/device`]: { link: '../../../virtio1' },
    [`${virtio}/vendor`]: '0x1af4\n',
    '/dev/disk/by-uuid/1': { link: '../../vda' },
  };
  const text = await recorded(disks, { ranges, looksAtDisks: true });
  const names = /^kernel_files=(.*)$/m.exec(text ?? '')?.[1]?.replaceAll(`'"$disk_0"'`, 'sda');
  expect(names?.replaceAll(`'"$disk_1"'`, 'vda')).toBe(
    `'${[
      'sda/device/model',
      'sda/device/vendor',
      'sda/device/wwid',
      'vda/device/vendor',
      'sda/size',
      'vda/size',
    ]
      .map((name) => `/sys/class/block/${name}`)
      .join(' ')}'`,
  );
  expect(text).toContain("kernel_texts='volume          \ngandi.ne\nt10.gandi.ne volume 1\n0x1af4\n8\n16'\n");
  // Another disk, and one that is gone, is no news to a program that compares none.
  const other = await recorded(disks);
  expect(other).toContain("kernel_texts=''\n");
  expect(other).toContain("other_disks='ignored'\n");
  expect(other).not.toContain('find_disk');
});

describe('disks of NVMe', () => {
  const nvme = (attached: FakeDisk['attached']) =>
    makeSysfs([{ name: 'nvme0n1', number: '259:0', size: 4 * MIB, attached }]);
  const own = nvme({ nvme: 'nvme0' });
  const shared = nvme({ nvmeSubsystem: 0, paths: ['nvme0c0n1', 'nvme0c1n1'] });
  const pathOf = (entries: FileEntries) => {
    const link = entries['/sys/class/block/nvme0n1'];
    if (typeof link !== 'object' || !('link' in link)) throw new Error('no disk');
    return link.link.replace('../../', '/sys/');
  };

  it.each([
    ['with a controller', own],
    ['with a subsystem', shared],
  ])('%s are told from others of their size', async (_, entries) => {
    const text = await recorded({ ...entries, [`${pathOf(entries)}/wwid`]: 'uuid.1-2-3\n' }, { ranges });
    expect(text).toContain('/sys/class/block/nvme0n1/wwid');
    expect(text).toContain('uuid.1-2-3');
    expect(await recorded(entries, { ranges })).toBeUndefined();
  });
});

describe('disks of which the kernel can say no more than their size', () => {
  const xen = (name: string, number: number, more: Partial<FakeDisk> = {}): FakeDisk => ({
    name,
    number: `202:${number}`,
    size: 4 * MIB,
    attached: { xen: 51712 + number },
    ...more,
  });
  const partition = (name: string, number: number) => ({ name, number, start: MIB, size: MIB });
  /** Root is on a partition of the first, the host's swap area on the last. */
  const guest = (data: Partial<FakeDisk> = {}) => ({
    ...makeSysfs([
      xen('xvda', 0, { partitions: [partition('xvda1', 1)] }),
      xen('xvdb', 16, data),
      xen('xvdz', 400),
    ]),
    '/proc/self/mountinfo': MOUNTS.replace('254:0', '202:1'),
  });
  const link = (place: string, node: string) => ({ [`/dev/disk/${place}`]: { link: `../../${node}` } });
  const hostsDisk = {
    [`/sys/class/block/shm!${basename(directory)}!swap`]: { link: '../../devices/vbd-52112/block/xvdz' },
  };
  const knownBy = async (entries: FileEntries, extras: RecordExtras = { ranges, looksAtDisks: true }) => {
    const text = await recorded({ ...entries, ...hostsDisk }, extras);
    const value = text === undefined ? undefined : /^known_by='(.*)'$/m.exec(text)?.[1];
    return value?.replaceAll(/'"\$disk_\d"'/g, 'DISK');
  };

  it.each<[string, Partial<FakeDisk>, FileEntries, string | undefined]>([
    ['a file system', {}, link('by-uuid/0f3a', 'xvdb'), '/dev/DISK:/dev/disk/by-uuid/0f3a'],
    [
      'a partition table',
      { partitions: [partition('xvdb1', 1)] },
      { ...link('by-uuid/0f3a', 'xvdb1'), ...link('by-partuuid/77-01', 'xvdb1') },
      '/dev/DISK1:/dev/disk/by-partuuid/77-01',
    ],
    [
      'a volume of LVM',
      {},
      link('by-id/lvm-pv-uuid-Qx1-2', 'xvdb'),
      '/dev/DISK:/dev/disk/by-id/lvm-pv-uuid-Qx1-2',
    ],
    ['names of its place alone', {}, link('by-id/xen-16', 'xvdb'), undefined],
    ['what udev finds on another', {}, link('by-uuid/0f3a', 'xvdz'), undefined],
    ['nothing', {}, {}, undefined],
  ])('are known by what udev finds on them, or each boot looks: %s', async (_, data, links, expected) => {
    expect(await knownBy({ ...guest(data), ...links })).toBe(expected);
  });

  describe('and that are blank', () => {
    const blank = join(directory, 'blank');
    const name = `shm!${basename(directory)}!blank`;
    const place = '/sys/devices/vbd-51728/block';
    const blankDisk = (more: FileEntries = {}): FileEntries => ({
      ...makeSysfs([xen('xvda', 0, { partitions: [partition('xvda1', 1)] }), xen('xvdz', 400)]),
      '/proc/self/mountinfo': MOUNTS.replace('254:0', '202:1'),
      [`/sys/class/block/${name}`]: { link: `../../devices/vbd-51728/block/${name}` },
      [`${place}/${name}/dev`]: '202:16\n',
      [`${place}/${name}/size`]: '2048\n',
      '/run/udev/data/b202:16': 'E:ID_PATH=xen-vbd-51728\n',
      ...more,
    });
    const rangesOf = async (entries: FileEntries) =>
      /^ranges='(.*)'$/m.exec(
        (await recorded({ ...entries, ...hostsDisk }, { ranges, looksAtDisks: true })) ?? '',
      )?.[1];

    beforeAll(() => writeFileSync(blank, Buffer.alloc(MIB)));

    it('are known by having nothing where one of the host’s has something', async () => {
      expect(await rangesOf(blankDisk())).toContain(`${blank}:0:4096 ${blank}:524288:512`);
    });

    it('are none where there is no medium', async () => {
      expect(await rangesOf(blankDisk({ [`${place}/${name}/size`]: '0\n' }))).not.toContain(blank);
    });

    it.each<[string, FileEntries]>([
      ['udev has not looked at', { '/run/udev/data/b202:16': { link: '/nowhere' } }],
      ['udev knows something of', { '/run/udev/data/b202:16': 'E:ID_FS_TYPE=zfs_member\n' }],
      ['something is built on', { [`${place}/${name}/holders/dm-0`]: '' }],
      [
        'is mounted',
        { '/proc/self/mountinfo': `${MOUNTS.replace('254:0', '202:1')}9 1 202:16 / /x rw - x y rw\n` },
      ],
    ])('but for one that %s: each boot looks', async (_, more) => {
      expect(
        await recorded({ ...blankDisk(more), ...hostsDisk }, { ranges, looksAtDisks: true }),
      ).toBeUndefined();
    });
  });

  it('are not asked for by a program that looks for no disk', async () => {
    expect(await knownBy(guest(), {})).toBe('');
  });

  it.each<[string, FileEntries, string | undefined]>([
    ['a number of its own', { '/sys/devices/virtio1/block/vdb/device/wwid': 'naa.1\n' }, ''],
    ['its maker alone', { '/sys/devices/virtio1/block/vdb/device/vendor': '0x1af4\n' }, undefined],
    ['an empty number', { '/sys/devices/virtio1/block/vdb/device/serial': '\n' }, undefined],
  ])('are told from those that say %s', async (_, says, expected) => {
    const virtio = {
      '/sys/class/block/vdb': { link: '../../devices/virtio1/block/vdb' },
      '/sys/devices/virtio1/block/vdb/size': '8\n',
      ...says,
    };
    const others = { ...guest(), ...link('by-uuid/0f3a', 'xvdb') };
    const all = await knownBy({ ...others, ...virtio });
    expect(all?.replace('/dev/DISK:/dev/disk/by-uuid/0f3a', '')).toBe(expected);
  });

  it('are none where the root file system is, whatever that is', async () => {
    const btrfs = { '/proc/self/mountinfo': '26 1 0:30 /@ / rw - btrfs /dev/xvda1 rw\n' };
    const data = link('by-uuid/0f3a', 'xvdb');
    expect(await knownBy({ ...guest(), ...data, ...btrfs })).toBe('/dev/DISK:/dev/disk/by-uuid/0f3a');
    const elsewhere = { '/proc/self/mountinfo': MOUNTS };
    expect(await knownBy({ ...guest(), ...data, ...elsewhere })).toBeUndefined();
  });
});
