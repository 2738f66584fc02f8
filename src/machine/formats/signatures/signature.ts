import type { SwapHeader } from '../swap-header.ts';
import type { ProbeAreas } from './areas.ts';

/** What kind of owner a signature speaks of, in libblkid's terms (USAGE), with `table` and `archive` beside them. */
export type SignatureUsage = 'filesystem' | 'crypto' | 'raid' | 'swap' | 'suspend' | 'table' | 'archive';

/** Something that says whose content is on a device. */
export interface Signature {
  /** As blkid(8) names it in TYPE or PTTYPE, such as `ext4`, `crypto_LUKS`, `gpt`; `archive` is Gandi's tar archive. */
  type: string;
  usage: SignatureUsage;
  /** For people, such as `ext4 file system`. */
  title: string;
  label?: string;
  /** As blkid(8) writes it: for FAT, exFAT and NTFS the volume's serial number. */
  uuid?: string;
  /** How much of the device the file system uses. */
  fileSystemBytes?: number;
  blockBytes?: number;
  /** The smallest unit that it reads and writes, where that is another one than its blocks: no disk's sectors may be larger. */
  sectorBytes?: number;
  /** Why it is not sound although its constant is there, such as a wrong checksum. It counts only where nothing else does. */
  flaw?: string;
  /** The first byte of an archive, or of metadata near the end, where what the device holds begins at its start. */
  at?: number;
  /** File systems that keep such a mark: it was unmounted in order and has no journal to replay. */
  clean?: boolean;
  /** ext3/4 whose journal is to be replayed: the most bytes that this overwrites; Infinity where that is not known. */
  replayBytes?: number;
  /** ext4 that guards itself against being mounted twice: seconds between two looks at who has it. */
  guardSeconds?: number;
  /** ext2/3/4: it was mounted since it was made. */
  everMounted?: boolean;
  /** ext2/3/4: nothing was put into it since it was made, neither by mounting it nor otherwise. */
  isUntouched?: boolean;
  /** ext2/3/4: the numbers of the feature words of the superblock. */
  features?: { compatible: number; incompatible: number; readOnlyCompatible: number };
  /** ext2/3/4: after how many mounts and how long it is to be checked; 0 or below for never. */
  checks?: { mostMounts: number; intervalSeconds: number };
  /**
   * ext2/3/4: sizes in bytes, from the largest, up to which the file system may grow where it cannot be given more: what
   * its block numbers reach, and what its table of block groups has room for.
   */
  growthLimits?: readonly number[];
  /** XFS: length of the log inside the file system, which statfs(2) does not count. */
  logBytes?: number;
  /** btrfs: number of devices the file system is made of. */
  devices?: number;
  swap?: SwapHeader;
}

/** Looks for one kind of content. A probe sees arbitrary bytes and never throws for what they are. */
export type Probe = (areas: ProbeAreas) => Signature | Signature[] | undefined;

/** The labels and identifiers that are there, for a signature. */
export function named(
  label: string | undefined,
  uuid: string | undefined,
): Pick<Signature, 'label' | 'uuid'> {
  return { ...(label === undefined ? {} : { label }), ...(uuid === undefined ? {} : { uuid }) };
}
