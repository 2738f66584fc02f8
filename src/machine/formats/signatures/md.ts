import { labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { named, type Probe } from './signature.ts';

/** MD_SB_MAGIC in the kernel's include/uapi/linux/raid/md_p.h, where both superblock formats are. */
const MAGIC = 0xa92b4efc;
const SECTOR_BYTES = 512;

/** Fields of struct mdp_superblock_1 there; in front of the place stand those of the data. */
const DATA_SECTORS_AT = 136;
const SUPERBLOCK_SECTOR_AT = 144;

/** A member of a Linux software RAID, by its superblock: version 0.90 or 1.0 at the end, 1.1 at 0, 1.2 at 4 KiB. */
export const findMd: Probe = ({ size, at }) => {
  const places: [number, string][] = [
    [0, '1.1'],
    [4096, '1.2'],
    // 8 KiB from the end, rounded down to 4 KiB (super_1_load in drivers/md/md.c).
    [Math.floor((Math.floor(size / SECTOR_BYTES) - 16) / 8) * 4096, '1.0'],
    // MD_NEW_SIZE_SECTORS: the last whole 64 KiB.
    [Math.floor(size / 65536) * 65536 - 65536, '0.90'],
  ];
  for (const [place, version] of places) {
    if (place < 0) continue;
    const superblock = at(place, 256);
    const isOld = version === '0.90';
    if (isOld ? !isVersion0(superblock) : !isVersion1(superblock, place)) continue;
    const title = `RAID member (md ${version})`;
    const found = { type: 'linux_raid_member', usage: 'raid', title } as const;
    // The identifier of version 0.90 is in four separate places, and it has no name.
    if (isOld) return { ...found, at: place };
    const names = named(labelField(superblock, 32, 32), uuidField(superblock, 16));
    return { ...found, ...names, ...(version === '1.0' ? { at: place } : {}) };
  }
  return undefined;
};

/** Whether a block has a superblock of this place, whatever the size of the device is by now. */
export const isMdSuperblock = (block: Uint8Array, place: number): boolean =>
  isVersion1(block, place) || isVersion0(block);

/** Version 0.90 is in the order of bytes of the machine that made it. */
function isVersion0(superblock: Uint8Array): boolean {
  const view = viewOf(superblock);
  return [true, false].some(
    (isLittle) =>
      view.getUint32(0, isLittle) === MAGIC &&
      view.getUint32(4, isLittle) === 0 &&
      view.getUint32(8, isLittle) >= 90,
  );
}

/**
 * Version 1 says in which sector it is: a copy of it elsewhere, such as in a file, is none. Nor is one without room for
 * data, which the kernel refuses (super_1_load in drivers/md/md.c).
 */
function isVersion1(superblock: Uint8Array, place: number): boolean {
  const view = viewOf(superblock);
  const isMagic = view.getUint32(0, true) === MAGIC && view.getUint32(4, true) === 1;
  const isHere = uint64(view, SUPERBLOCK_SECTOR_AT, true) * SECTOR_BYTES === place;
  return isMagic && isHere && uint64(view, DATA_SECTORS_AT, true) > 0;
}
