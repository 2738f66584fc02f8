import type { DiskIdentity } from '../machine/devices/udev/udev-disk.ts';

/** A file system that was mounted before, the disk that it was on, and the name it had. */
export interface RememberedFileSystem extends DiskIdentity {
  uuid: string;
  /** Its label then; with another label it gets another name. */
  label?: string;
  /** Name of its directory in the disk root. */
  name: string;
  type: string;
  /** As far as anybody knows nobody has used it: its group is still to be let in (see attach-plan.ts). */
  isNew?: true;
  /** It was there beside the one that it is a copy of. */
  copy?: true;
  /** The mount point for which a unit was made (src/mount/mounts/disk-units.ts). */
  unit?: string;
}

/** All of them over boots, the one named last at the end. */
export type PathMemory = readonly RememberedFileSystem[];

/** A file system that is there now. */
export interface NamedDisk {
  /** Kernel name, such as `sdb1`. */
  device: string;
  type: string;
  uuid?: string;
  label?: string;
  /** What its disk is known by. */
  identity?: DiskIdentity;
  /** The name of the directory where it is mounted already. */
  mountedAs?: string;
  /** Whether it was ever mounted anywhere, where its type keeps that. */
  everMounted?: boolean;
}
