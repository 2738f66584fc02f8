import { labelField, uuidField, viewOf } from '../byte-fields.ts';
import { named, type Probe } from './signature.ts';

/** MD_SB_MAGIC in the kernel's include/uapi/linux/raid/md_p.h, where both superblock formats are. */
const MAGIC = 0xa92b4efc;

/** A member of a Linux software RAID, by its superblock: version 0.90 or 1.0 at the end, 1.1 at 0, 1.2 at 4 KiB. */
export const findMd: Probe = ({ size, at }) => {
  const places: [number, string][] = [
    [0, '1.1'],
    [4096, '1.2'],
    // 8 KiB from the end, rounded down to 4 KiB (super_1_load in drivers/md/md.c).
    [Math.floor((Math.floor(size / 512) - 16) / 8) * 4096, '1.0'],
    // MD_NEW_SIZE_SECTORS: the last whole 64 KiB.
    [Math.floor(size / 65536) * 65536 - 65536, '0.90'],
  ];
  for (const [place, version] of places) {
    if (place < 0) continue;
    const superblock = at(place, 64);
    const view = viewOf(superblock);
    if (view.getUint32(0, true) !== MAGIC && view.getUint32(0, false) !== MAGIC) continue;
    const title = `RAID member (md ${version})`;
    // The identifier of version 0.90 is in four separate places, and it has no name.
    if (version === '0.90') return { type: 'linux_raid_member', usage: 'raid', title };
    const names = named(labelField(superblock, 32, 32), uuidField(superblock, 16));
    return { type: 'linux_raid_member', usage: 'raid', title, ...names };
  }
  return undefined;
};
