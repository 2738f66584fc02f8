import { type BlockDevice, listBlockDevices } from '../../../../src/machine/block-devices.ts';
import { deviceUse } from '../../../../src/machine/device-use.ts';
import { encodeEraseMark } from '../../../../src/machine/erase-mark.ts';
import type { Facts } from '../../../../src/machine/facts.ts';
import { parseMountInfo, parseSwaps } from '../../../../src/machine/mounts.ts';
import { findSwapDisk } from '../../../../src/metadata/gandi/find.ts';
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

/** A swap area of pages of 4 KiB, as far as its header tells. */
export function swap(label = ''): Content {
  const header = new Uint8Array(4096);
  header[1024] = 1;
  new DataView(header.buffer).setUint32(1028, SIZE / 4096 - 1, true);
  header.set(text(label), 1052);
  header.set(text('SWAPSPACE2'), 4086);
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
}

export function find({ disks, root, hypervisor = 'kvm', content = {}, swaps = [], mounts = [] }: Machine) {
  const files = makeFiles(makeSysfs(disks));
  const devices = listBlockDevices(files);
  const mounted = parseMountInfo([`1 0 ${root} / / rw - ext4 /dev/root rw`, ...mounts].join('\n'));
  const active = parseSwaps(['headings', ...swaps.map((path) => `${path} partition 1 0 -2`)].join('\n'));
  const reads: [string, number, number][] = [];
  const sizes = new Map(devices.map(({ node, size }: BlockDevice) => [node, size]));
  const candidates = findSwapDisk({
    devices,
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
  });
  return {
    candidates,
    first: candidates[0],
    summary: candidates.map(({ swap: { node, state }, archive }) =>
      [node, state, ...(archive ? [archive.device.node] : [])].join(' '),
    ),
    reads,
  };
}
