/** One partition, in bytes from the start of its disk. */
export interface Partition {
  number: number;
  start: number;
  length: number;
  /** GPT: the partition's name. MBR has none. */
  label: string;
  /** GPT: upper-case type GUID. MBR: two hexadecimal digits. */
  type: string;
  /** GPT: upper-case partition GUID; MBR: empty. */
  guid: string;
}

/** What a disk's partition table says. */
export interface DiskPartitions {
  table: 'gpt' | 'mbr';
  sectorBytes: number;
  /** GPT: upper-case disk GUID. MBR: the disk signature in eight hexadecimal digits. */
  diskId: string;
  /** In order of their start. An extended partition (MBR) is one of them, before the logical ones that it contains. */
  partitions: Partition[];
  /** First byte behind the last one that a partition may use, for a disk of the observed size. */
  usableEnd: number;
}
