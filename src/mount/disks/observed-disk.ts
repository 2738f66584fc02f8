import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { UdevDisk } from '../../machine/devices/udev/udev-disk.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import type { Verdict } from './data-disk.ts';

/** A device that is there, and all that decides what is done with it. */
export interface DiskState {
  device: BlockDevice;
  verdict: Verdict;
  /** Where it is mounted in the disk root, or in what that was when we mounted it. */
  mount?: Mount;
  /** Where else it is mounted. */
  elsewhere?: Mount;
  record?: DiskRecord;
  /** What udev knows of a data disk. */
  udev?: UdevDisk;
}
