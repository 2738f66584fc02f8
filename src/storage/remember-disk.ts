import { storeJson } from '../machine/changes/json-file.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { withDevice } from '../machine/files/device-reader.ts';
import { HOST_DISK_FILE, STATE_DIRECTORY } from '../machine/files/paths.ts';
import { crc32 } from '../machine/formats/crc32.ts';
import { hasArchiveHeader } from '../machine/formats/signatures/archive.ts';
import { readAreas } from '../machine/formats/signatures/areas.ts';
import { findSwap } from '../machine/formats/signatures/swap.ts';
import { LEFT_OVER_BYTES, type RememberedDisk } from '../metadata/gandi/disk/host-disk.ts';
import type { GandiDisk, SwapDevice } from '../metadata/gandi-disk.ts';

/** How the device is once the steps have run: swap may have been made on it, and an archive may have stayed. */
function afterTheRun({ node, archiveOffset }: SwapDevice): Pick<RememberedDisk, 'swapUuid' | 'left'> {
  return withDevice(node, (device) => {
    const [area] = [findSwap(readAreas(device)) ?? []].flat();
    const page = archiveOffset === undefined ? undefined : device.read(archiveOffset, LEFT_OVER_BYTES);
    const stays = area !== undefined && page !== undefined && hasArchiveHeader(page);
    return {
      ...(area?.uuid === undefined ? {} : { swapUuid: area.uuid }),
      ...(stays ? { left: crc32(page) } : {}),
    };
  });
}

/**
 * Notes down which disk is the host's, after all that was to be done to it: archives come from there at later boots.
 * @throws the system's error if the disk cannot be read or the file not be written; what was remembered is there then
 */
export async function rememberHostDisk(
  machine: Machine,
  { disk, swap }: Pick<GandiDisk, 'disk' | 'swap'>,
): Promise<void> {
  if (disk === undefined || swap === undefined) return;
  const { swapUuid: _, ...place } = disk;
  const remembered: RememberedDisk = { ...place, ...afterTheRun(swap) };
  await storeJson(machine, STATE_DIRECTORY, { path: HOST_DISK_FILE, mode: 0o600 }, remembered);
}
