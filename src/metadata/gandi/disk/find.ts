import { attachmentOf } from '../../../machine/devices/attachment.ts';
import type { BlockDevice } from '../../../machine/devices/block-devices.ts';
import type { DeviceUse } from '../../../machine/devices/device-use.ts';
import type { OpenDevice } from '../../../machine/files/device-reader.ts';
import { isEmpty } from '../../../machine/formats/emptiness.ts';
import { decodeEraseMark, ERASE_MARK_BYTES } from '../../../machine/formats/erase-mark.ts';
import { readPartitionTable } from '../../../machine/formats/partition-table.ts';
import { hasArchiveHeader } from '../../../machine/formats/signatures/archive.ts';
import { readAreas } from '../../../machine/formats/signatures/areas.ts';
import type { Signature } from '../../../machine/formats/signatures/signature.ts';
import { findSwap } from '../../../machine/formats/signatures/swap.ts';
import { identify } from '../../../machine/formats/signatures.ts';
import { excludesRange, isUnfinishedHeader } from '../../../machine/formats/swap-header.ts';
import { reasonOf } from '../../../machine/runtime/errors.ts';
import type { Facts } from '../../../machine/system/facts.ts';
import type { DiskIdentity } from '../../gandi-disk.ts';
import { chooseSwap, type SwapChoice } from './choose.ts';
import type { RememberedDisk } from './host-disk.ts';
import type { Knowledge, ObservedPlace } from './observed-place.ts';
import { type ArchivePlace, diskOf, type SwapPlace, swapPlaces } from './swap-places.ts';

/** What finding the swap disk needs of the machine. */
export interface SwapSearch {
  devices: readonly BlockDevice[];
  use: DeviceUse;
  hypervisor: Facts['hypervisor'];
  /** What udev found on a device beside swap. */
  udevVerdict(device: BlockDevice): Signature | undefined;
  /** Opens a device by its node; it is closed again here. */
  open(node: string): OpenDevice;
}

/**
 * Finds the disk that the host attached as swap, by partition label, file system label, place or content, whatever it
 * is called. Nothing is written.
 * @returns devices that speak for themselves, the one to use first; none if there is none. A disk that cannot be read is no
 *   error: it is listed as `foreign` where the swap disk is expected. Beside them what is not believed
 */
export function findSwapDisk(search: SwapSearch, knowledge: Knowledge): SwapChoice {
  const { use, hypervisor } = search;
  const places = swapPlaces(withLabels(search), use, hypervisor);
  return chooseSwap(
    places.map((place) => observe(place, search, knowledge.remembered)),
    knowledge,
  );
}

/** What is on one device. @returns undefined where it cannot be the host's disk: in use, or divided into partitions */
export function observeDevice(node: string, search: SwapSearch): ObservedPlace | undefined {
  const places = swapPlaces(withLabels(search), search.use, search.hypervisor);
  const place = places.find(({ device }) => device.node === node);
  return place && observe(place, search);
}

/** The kernel knows no label of a partition that was added by partx(8): the table has it. */
function withLabels(search: SwapSearch): BlockDevice[] {
  const { devices, use } = search;
  const unlabelled = devices.filter(({ partition }) => partition && partition.label === undefined);
  const disks = new Set(unlabelled.flatMap(({ partition }) => partition?.disk ?? []));
  const labels = new Map<string, string>();
  for (const disk of devices) {
    if (!disks.has(disk.name) || disk.kind !== 'disk' || use.usedDisks.has(disk.name)) continue;
    const table = attempt(() =>
      opened(search, disk, ({ read, size }) => readPartitionTable(read, size, disk.sectorBytes)),
    );
    for (const { number, label } of table.result?.partitions ?? [])
      labels.set(`${disk.name} ${number}`, label);
  }
  return devices.map((device) => {
    const { partition } = device;
    const label = partition && labels.get(`${partition.disk} ${partition.number}`);
    return partition && label && partition.label === undefined
      ? { ...device, partition: { ...partition, label } }
      : device;
  });
}

/** Looks at one device, and at the gap before it where an archive can be there. */
function observe(place: SwapPlace, search: SwapSearch, remembered?: RememberedDisk): ObservedPlace {
  const { result, failure } = attempt(() =>
    place.active ? observeActive(place, search) : observeUnused(place, search, remembered),
  );
  const seen = result ?? { signatures: [], unreadable: failure ?? 'unknown' };
  const nothing = { place, empty: false, archives: [], erasures: [] };
  return { ...nothing, ...seen, identity: identityOf(place, seen.signatures, search) };
}

/** What the disk of a partition holds as a whole, beside its partition table. */
function aroundOf({ device }: SwapPlace, search: SwapSearch): Signature[] {
  const disk = diskOf(device, search.devices);
  if (device.partition === undefined || disk === undefined) return [];
  const found = [opened(search, disk, (opened) => findSwap(readAreas(opened))) ?? []].flat();
  const verdict = search.udevVerdict(disk);
  if (verdict !== undefined && verdict.usage !== 'table') found.push(verdict);
  return found;
}

type Seen = Omit<ObservedPlace, 'place' | 'identity'>;

/** Behind its header an active swap area holds memory of any process, which could imitate anything. */
function observeActive(place: SwapPlace, search: SwapSearch): Seen {
  const header = opened(search, place.device, (device) => findSwap(readAreas(device)));
  return { signatures: header ? [header].flat() : [], empty: false, archives: [], erasures: [] };
}

function observeUnused(place: SwapPlace, search: SwapSearch, remembered?: RememberedDisk): Seen {
  const attached = attachmentOf(diskOf(place.device, search.devices) ?? place.device);
  const isRememberedPlace =
    attached === remembered?.place && place.device.partition?.number === remembered.partition;
  const all = opened(search, place.device, identify);
  const isOwn = isRememberedPlace && isSwapArea(all, remembered, place);
  const own = isOwn ? all.filter((one) => isSwapAlone([one])) : all;
  const verdict = !isOwn && isSwapAlone(own) ? search.udevVerdict(place.device) : undefined;
  const signatures = verdict === undefined ? own : [...own, verdict];
  const seen = place.archives.map((archive) => ({ archive, ...observeArchive(archive, search) }));
  const archives = seen.flatMap(({ hasHeader, archive }) => (hasHeader ? [archive] : []));
  const erasures = seen.flatMap(({ erasureLength, archive }) =>
    erasureLength === undefined ? [] : [{ place: archive, length: erasureLength }],
  );
  const found = [...archives, ...erasures.map((erasure) => erasure.place)];
  const expected = place.labelled || place.expected !== undefined;
  // An archive in the gap may reach over what the partition has at its start; one inside has nothing before it.
  const unmarked = isSwapAlone(signatures) && !signatures.some(({ type }) => type === 'swap');
  // The host may leave what was on its own disk before. Of two disks of its own on KVM the place alone is a guess.
  const isNamed = place.labelled || (search.hypervisor === 'xen' && place.expected !== undefined);
  const isHosts = isRememberedPlace || (place.hosts && isNamed);
  const asks = unmarked && !isHosts && found.some(({ device }) => device === place.device);
  const around = aroundOf(place, search);
  return {
    signatures,
    ...(around.length > 0 ? { around } : {}),
    empty: expected && signatures.length === 0 && found.length === 0 && opened(search, place.device, isEmpty),
    archives,
    erasures,
    ...(asks && opened(search, place.device, startsWithSomething) ? { unknown: true } : {}),
  };
}

/**
 * Whether the swap area that was used before is there still. Its other pages hold memory of any process, which could look
 * like the signature of something else, and so keep the host's word from being heard.
 */
function isSwapArea(
  signatures: readonly Signature[],
  { swapUuid }: RememberedDisk,
  { device, archives }: SwapPlace,
): boolean {
  const area = signatures.find(({ type }) => type === 'swap');
  const inside = archives.find((archive) => archive.device === device);
  if (area?.swap === undefined || inside === undefined) return false;
  const isSame = swapUuid !== undefined && area.uuid === swapUuid;
  return isSame && excludesRange(area.swap, inside.offset, ERASE_MARK_BYTES);
}

function isSwapAlone(signatures: readonly Signature[]): boolean {
  return signatures.every(({ type }) => type === 'swap' || type === 'archive');
}

/**
 * Whether anything stands where file systems have their superblocks: one that nobody here knows is somebody's all the same.
 * A swap header that was being written is ours.
 */
function startsWithSomething(device: OpenDevice): boolean {
  const { head } = readAreas(device);
  return head.some((byte) => byte !== 0) && !isUnfinishedHeader(head);
}

function identityOf(
  { device }: SwapPlace,
  signatures: readonly Signature[],
  search: SwapSearch,
): DiskIdentity {
  const disk = diskOf(device, search.devices);
  const table =
    device.partition && disk
      ? attempt(() =>
          opened(search, disk, ({ read, size }) => readPartitionTable(read, size, disk.sectorBytes)),
        ).result
      : undefined;
  const guid = table?.partitions.find(({ number }) => number === device.partition?.number)?.guid;
  const uuid = signatures.find(({ type }) => type === 'swap')?.uuid;
  return {
    place: attachmentOf(disk ?? device),
    ...(device.partition ? { partition: device.partition.number } : {}),
    ...(table ? { diskId: table.diskId } : {}),
    ...(guid ? { partitionGuid: guid } : {}),
    ...(uuid === undefined ? {} : { swapUuid: uuid }),
  };
}

function observeArchive({ device, offset, end }: ArchivePlace, search: SwapSearch) {
  const sector = opened(search, device, ({ read }) => read(offset, ERASE_MARK_BYTES));
  const length = decodeEraseMark(sector);
  return {
    hasHeader: hasArchiveHeader(sector),
    // A mark of a range that has no room here is none of ours.
    erasureLength: length !== undefined && offset + length <= end ? length : undefined,
  };
}

function opened<Result>(
  search: SwapSearch,
  { node }: BlockDevice,
  use: (device: OpenDevice) => Result,
): Result {
  const device = search.open(node);
  try {
    return use(device);
  } finally {
    device.close();
  }
}

/** One disk that cannot be read must not keep the others from being looked at. */
function attempt<Result>(action: () => Result): { result?: Result; failure?: string } {
  try {
    return { result: action() };
  } catch (error) {
    return { failure: reasonOf(error) };
  }
}
