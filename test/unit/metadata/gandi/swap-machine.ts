import { type BlockDevice, listBlockDevices } from '../../../../src/machine/devices/block-devices.ts';
import { deviceUse } from '../../../../src/machine/devices/device-use.ts';
import { udevVerdict } from '../../../../src/machine/devices/udev/udev-verdict.ts';
import { encodeEraseMark } from '../../../../src/machine/formats/erase-mark.ts';
import { parseMountInfo, parseSwaps } from '../../../../src/machine/formats/text/mounts.ts';
import type { Facts } from '../../../../src/machine/system/facts.ts';
import { findSwapDisk, type SwapSearch } from '../../../../src/metadata/gandi/disk/find.ts';
import type { Knowledge } from '../../../../src/metadata/gandi/disk/observed-place.ts';
import { makeFiles } from '../../context.ts';
import { archiveHeader, MIB, memoryDevice, text } from '../../images.ts';
import { type FakeDisk, makeSysfs } from '../../sysfs.ts';

export const SIZE = 64 * MIB;
type Content = Record<number, Uint8Array>;

export const scsi = (name: string, target: number, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number: `8:${(name.charCodeAt(2) - 97) * 16}`,
  size: SIZE,
  attached: { scsi: `2:0:${target}:0`, vendor: 'gandi.ne' },
  ...more,
});
export const xen = (name: string, minor: number, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number: `202:${minor}`,
  size: SIZE,
  attached: { xen: 51712 + minor },
  ...more,
});
export const partition = (name: string, number: number, label?: string, start = MIB) => ({
  name,
  number,
  start,
  size: SIZE - start - MIB,
  ...(label === undefined ? {} : { label }),
});

/** A swap area as far as its header tells; the page of the host's archive is number 128 of those of 4 KiB. */
export function swap(
  label = '',
  badPages: readonly number[] = [],
  pageBytes = 4096,
  isLittle = true,
): Content {
  const header = new Uint8Array(pageBytes);
  const view = new DataView(header.buffer);
  view.setUint32(1024, 1, isLittle);
  view.setUint32(1028, SIZE / pageBytes - 1, isLittle);
  view.setUint32(1032, badPages.length, isLittle);
  badPages.forEach((page, index) => {
    view.setUint32(1536 + 4 * index, page, isLittle);
  });
  header.set(text(label), 1052);
  header.set(text('SWAPSPACE2'), pageBytes - 10);
  return { 0: header };
}
export const ARCHIVE: Content = { 524288: archiveHeader() };
export const XFS: Content = { 0: text('XFSB') };
export const MARK: Content = { 524288: encodeEraseMark(20480) };

interface Machine {
  disks: FakeDisk[];
  /** Device number of root. */
  root: string;
  hypervisor?: Facts['hypervisor'];
  content?: Record<string, Content>;
  swaps?: string[];
  mounts?: string[];
  knowledge?: Partial<Knowledge>;
  /** Files of udev's database, by device number. */
  udev?: Record<string, string>;
}

export function find({
  disks,
  root,
  hypervisor = 'kvm',
  content = {},
  swaps = [],
  mounts = [],
  knowledge = {},
  udev = {},
}: Machine) {
  const database = Object.entries(udev).map(([number, lines]) => [`/run/udev/data/b${number}`, lines]);
  const files = makeFiles({ ...makeSysfs(disks), ...Object.fromEntries(database) });
  const devices = listBlockDevices(files);
  const mounted = parseMountInfo([`1 0 ${root} / / rw - ext4 /dev/root rw`, ...mounts].join('\n'));
  const active = parseSwaps(['headings', ...swaps.map((path) => `${path} partition 1 0 -2`)].join('\n'));
  const reads: [string, number, number][] = [];
  const sizes = new Map(devices.map(({ node, size }: BlockDevice) => [node, size]));
  const search: SwapSearch = {
    devices,
    udevVerdict: (device) => udevVerdict(files, device),
    use: deviceUse(devices, mounted, active, files),
    hypervisor,
    open(node) {
      const device = memoryDevice(sizes.get(node) ?? 0, content[node] ?? {});
      return {
        ...device,
        read(offset, length) {
          reads.push([node, offset, length]);
          return device.read(offset, length);
        },
      };
    },
  };
  const known = {
    firstBoot: true,
    earlierSwaps: new Set<string>(),
    isForgetful: () => false,
    ...knowledge,
  };
  const { candidates, problems } = findSwapDisk(search, known);
  return {
    candidates,
    problems,
    first: candidates[0],
    summary: candidates.map(({ swap: { node, state }, archive }) =>
      [node, state, ...(archive ? [archive.device.node] : [])].join(' '),
    ),
    reads,
  };
}
