import type { Signature } from '../../../machine/formats/signatures/signature.ts';
import type { DiskIdentity } from '../../gandi-disk.ts';
import type { RememberedDisk } from './host-disk.ts';
import type { ArchivePlace, SwapPlace } from './swap-places.ts';

/** What was seen on the device of a place. */
export interface ObservedPlace {
  place: SwapPlace;
  /** Only its own header is looked at where a swap area is active. */
  signatures: readonly Signature[];
  /** What the whole disk of a partition holds beside the partition table; absent if nothing. */
  around?: readonly Signature[];
  /** The device is proven to be blank; only asked where the swap disk is expected and nothing else is there. */
  empty: boolean;
  /** Where headers of archives are, in the order of the place's archives. */
  archives: readonly ArchivePlace[];
  /** Where erasures were cut off, and the lengths of their ranges in bytes. */
  erasures: readonly { place: ArchivePlace; length: number }[];
  /** No signature is known, and yet something stands where file systems have theirs. */
  unknown?: boolean;
  /** Why the device could not be read. */
  unreadable?: string;
  identity: DiskIdentity;
}

/** What the guest knows of itself when it looks for the host's disk. */
export interface Knowledge {
  /** The disk that was used before. */
  remembered?: RememberedDisk;
  /** No boot has gone before this one: no process of a user's has run yet. */
  firstBoot: boolean;
  /** UUIDs of swap areas that were in use before the packages came. */
  earlierSwaps: ReadonlySet<string>;
  /** Whether what is stored is lost at each reboot: then each boot looks like the first, and is not. */
  isForgetful(): boolean;
}
