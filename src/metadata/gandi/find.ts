import type { BlockDevice } from '../../machine/block-devices.ts';
import type { OpenDevice } from '../../machine/device-reader.ts';
import type { DeviceUse } from '../../machine/device-use.ts';
import { isEmpty } from '../../machine/emptiness.ts';
import { decodeEraseMark, ERASE_MARK_BYTES } from '../../machine/erase-mark.ts';
import { reasonOf } from '../../machine/errors.ts';
import type { Facts } from '../../machine/facts.ts';
import { readPartitionTable } from '../../machine/partition-table.ts';
import { hasArchiveHeader } from '../../machine/signatures/archive.ts';
import { readAreas } from '../../machine/signatures/areas.ts';
import { findSwap } from '../../machine/signatures/swap.ts';
import { identify } from '../../machine/signatures.ts';
import { chooseSwap, type ObservedPlace, type SwapCandidate } from './choose.ts';
import { type ArchivePlace, type SwapPlace, swapPlaces } from './swap-places.ts';

/** What finding the swap disk needs of the machine. */
export interface SwapSearch {
  devices: readonly BlockDevice[];
  use: DeviceUse;
  hypervisor: Facts['hypervisor'];
  /** Opens a device by its node; it is closed again here. */
  open(node: string): OpenDevice;
}

/**
 * Finds the disk that the host attached as swap, by partition label, file system label, place or content, whatever it
 * is called. Nothing is written.
 * @returns devices that speak for themselves, the one to use first; empty if there is none. A disk that cannot be
 *   read is no error: it is listed as `foreign` where the swap disk is expected
 */
export function findSwapDisk(search: SwapSearch): SwapCandidate[] {
  const { use, hypervisor } = search;
  const places = swapPlaces(withLabels(search), use, hypervisor);
  return chooseSwap(places.map((place) => observe(place, search)));
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
function observe(place: SwapPlace, search: SwapSearch): ObservedPlace {
  const nothing = { place, signatures: [], empty: false };
  const look = () => (place.active ? observeActive(place, search) : observeUnused(place, search));
  const { result, failure } = attempt(look);
  return result ?? { ...nothing, unreadable: failure ?? 'unknown' };
}

/** Behind its header an active swap area holds memory of any process, which could imitate anything. */
function observeActive(place: SwapPlace, search: SwapSearch): ObservedPlace {
  const header = opened(search, place.device, (device) => findSwap(readAreas(device)));
  return { place, signatures: header ? [header].flat() : [], empty: false };
}

function observeUnused(place: SwapPlace, search: SwapSearch): ObservedPlace {
  const signatures = opened(search, place.device, identify);
  const seen = place.archives.map((archive) => ({ archive, ...observeArchive(archive, search) }));
  const found = seen.find(({ hasHeader }) => hasHeader)?.archive;
  const cutOff = seen.find(({ erasureLength }) => erasureLength !== undefined);
  const expected = place.labelled || place.expected !== undefined;
  const undescribed = signatures.length === 0 && !found && !cutOff;
  return {
    place,
    signatures,
    empty: expected && undescribed && opened(search, place.device, isEmpty),
    ...(found ? { archive: found } : {}),
    ...(cutOff?.erasureLength === undefined
      ? {}
      : { erasure: { place: cutOff.archive, length: cutOff.erasureLength } }),
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
