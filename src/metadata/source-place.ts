/** Where a source was found. */
export interface SourcePlace {
  /** For people: `/dev/sr0`. */
  name: string;
  /** Where that is attached, which stays the same over boots; `kernel command line` and the like. */
  attachment: string;
  /** Nobody but the host can put anything there: a CD drive, DMI, the kernel command line. */
  isHosts: boolean;
}

/** Bytes of a block device. */
export interface ByteRange {
  /** Its node. */
  device: string;
  offset: number;
  length: number;
}
