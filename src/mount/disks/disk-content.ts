import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { describe } from '../../machine/formats/signatures.ts';
import type { DiskFacts } from './disk-facts.ts';

type ContentFacts = Pick<DiskFacts, 'devices' | 'contentOf' | 'udevOf'>;

/** Swap is swap to both; libblkid calls a suspended system what we do. */
const SWAP = 'swap';

/**
 * Why what is on a device is in doubt: udev and our own look do not say the same. libblkid knows formats that we do not,
 * such as those of disk controllers, and a file system inside one of these is none to be mounted.
 * @param content what our own look found, without partition tables
 */
export function contradiction(
  device: BlockDevice,
  content: readonly Signature[],
  facts: Pick<DiskFacts, 'udevOf'>,
): string | undefined {
  const { ambivalent, type } = facts.udevOf(device).content ?? {};
  const own = content.length === 0 ? 'nothing that is known' : describe(content);
  if (ambivalent !== undefined) {
    return `udev finds content of several kinds on it (${ambivalent}), our own look finds ${own}`;
  }
  if (type === undefined || type === SWAP || content.some((one) => one.type === type)) return undefined;
  return `udev finds ${type} on it, our own look finds ${own}`;
}

/** Whether a byte of a disk lies in one of its partitions: what stands there is the partition's. */
function isInPartition(at: number, disk: BlockDevice, { devices }: Pick<DiskFacts, 'devices'>): boolean {
  return devices.some(
    ({ partition, size }) =>
      partition?.disk === disk.name && at >= partition.start && at < partition.start + size,
  );
}

/**
 * What a whole disk is a member of, although it has partitions: half of a mirror, a device of DRBD, or a disk of a
 * controller's RAID shows the partition table of what it mirrors, for its own metadata is at its end.
 * @returns for people; undefined if it is no member
 */
export function membershipOf(disk: BlockDevice, facts: ContentFacts): string | undefined {
  const own = facts
    .contentOf(disk)
    .find(({ usage, at }) => usage === 'raid' && at !== undefined && !isInPartition(at, disk, facts));
  if (own !== undefined) return describe([own]);
  const { type = '' } = facts.udevOf(disk).content ?? {};
  // Of Linux's own RAID our look says where its metadata is.
  return type !== 'linux_raid_member' && type.endsWith('_raid_member') ? `${type} (by udev)` : undefined;
}

/** Whether a disk holds the host's archive: not in a file of somebody's, in a partition or in a file system. */
export function holdsArchive(disk: BlockDevice, facts: ContentFacts): boolean {
  const content = facts.contentOf(disk);
  const archive = content.find(({ type }) => type === 'archive');
  if (archive === undefined || isInPartition(archive.at ?? 0, disk, facts)) return false;
  const others = content.filter(({ usage }) => usage !== 'table' && usage !== 'archive');
  return contradiction(disk, others, facts) === undefined;
}
