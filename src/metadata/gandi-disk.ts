/** A member of the archive that is stored in /gandi. */
export interface StoredMember {
  /** File name below /gandi, such as `script`. */
  name: string;
  /** Where its bytes are, in bytes from the start of `device`. */
  offset: number;
  length: number;
}

/** An archive found on a disk or in a file, its structure checked from end to end. */
export interface SeedArchive {
  /** Path of the block device or file it was read from. */
  device: string;
  /** Where the archive lies, with its closing blocks, in bytes from the start of `device`. */
  offset: number;
  length: number;
  members: StoredMember[];
  /** All members are in /gandi already. Only asked of a seed, which stays what it is; that of a disk is erased. */
  stored?: boolean;
}

/** A modules archive among the members, kept in /gandi. */
export interface ModulesArchive {
  /** File name below /gandi, such as `6.1.0-13-cloud-amd64-modules.tar.gz`. */
  name: string;
  release: string;
  /**
   * Tells two archives of one name apart: length in bytes and the last 16 bytes in hexadecimal, where gzip (RFC 1952)
   * and bzip2 have the checksum of the content.
   */
  fingerprint: string;
}

/** How the swap disk looks; what a step may do with it depends on this alone. */
export type SwapState =
  /** Already in use as swap. */
  | 'active'
  /** Carries a swap signature. */
  | 'swap'
  /** Carries an archive and no other signature. */
  | 'archive'
  /** Every area that any file system, table or archive uses is zero. */
  | 'empty'
  /** Something else is there: it is left alone. */
  | 'foreign';

export interface SwapDevice {
  /** Device node that is, or is to become, swap. */
  node: string;
  state: SwapState;
  /** What is there, for people, such as `ext4 file system "data"`. */
  content: string;
  /** Label in the swap header, if there is one. */
  label?: string;
  /** The UUID in the swap header, if there is one. */
  uuid?: string;
  /** Page size in bytes that the swap header was written for. */
  pageSize?: number;
  /** Pages that the header excludes from use. */
  badPages?: number[];
  /** Where in this device the host puts its archive, in bytes; absent where that is outside of it (the GPT gap). */
  archiveOffset?: number;
  /** All places where the host may put its archive: in this device, and in the gap before it; in bytes. */
  archivePlaces?: { device: string; offset: number }[];
  /** Why this device was taken for the swap disk, such as `partition label gandiswap`. */
  reason: string;
  /** An erasure that was cut off and is to be finished: range of `device`, in bytes. */
  pendingErase?: { device: string; offset: number; length: number };
}

/** What a disk, or a partition of one, is known again by. */
export interface DiskIdentity {
  /** Where the disk is attached: its directory in /sys/devices, without what the kernel numbers as it finds it. */
  place: string;
  /** Number of the partition; absent for a whole disk. */
  partition?: number;
  /** GUID of the disk (MBR: its signature) and, in a GPT, of the partition. */
  diskId?: string;
  partitionGuid?: string;
  /** The UUID of the swap area. */
  swapUuid?: string;
}

/** What is Gandi's alone: its disk, and what an archive brings beside the configuration. */
export interface GandiDisk {
  archive?: SeedArchive;
  swap?: SwapDevice;
  /** The disk that `swap` is or lies on, where it is proven to be the host's: to be known again at later boots. */
  disk?: DiskIdentity;
  modules?: ModulesArchive[];
  /** The host's own first-boot script is, or is about to be, in /gandi. */
  hasInit: boolean;
}
