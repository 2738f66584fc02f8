import type { DiskPartitions } from '../formats/partition-table/partition.ts';
import type { SshdAnswer } from './ask-sshd.ts';

/** From os-release(5). */
export interface OsRelease {
  /** Such as `debian`. */
  id: string;
  /** Such as `["debian"]` on Ubuntu. */
  like: string[];
  versionId: string;
  prettyName: string;
}

/** A network interface as /sys/class/net shows it; loopback and virtual ones are left out. */
export interface NetworkInterface {
  name: string;
  /** Lower case, with colons. */
  mac: string;
  /** Kernel driver, such as `virtio_net`. */
  driver: string;
  /**
   * What it is part of: a bond, a bridge, or the interface that stands for it and its stand-in (virtio failover). Of
   * several, one above the other, the topmost.
   */
  master?: { name: string; mac: string };
  /** MAC address that the device has by itself, where a bond gave it another. */
  permanentMac?: string;
  /** Receive queues in use. */
  queues: number;
  /** The device offers several queues (virtio feature bit VIRTIO_NET_F_MQ). */
  multiQueue: boolean;
  /** IP addresses that it has now, without prefix lengths and link-local ones; absent where that was not observed. */
  addresses?: readonly string[];
}

/** The programs that can own the guest's network configuration. */
export const NETWORK_MANAGERS = [
  'ifupdown',
  'systemd-networkd',
  'netplan',
  'NetworkManager',
  'ifcfg',
  'wicked',
] as const;

export type NetworkManagerName = (typeof NETWORK_MANAGERS)[number];

/** When the root file system is to be checked, of ext2/3/4. */
export interface RootChecks {
  /** Such as `ext4`. */
  type: string;
  /** Node of the block device that holds it, such as `/dev/sda2`. */
  device: string;
  /** After so many mounts, and after so long; 0 or below for never. */
  mostMounts: number;
  intervalSeconds: number;
}

/** The root file system and what it lies on, all the way down to the disk. */
export interface RootFileSystem {
  /** Such as `ext4`. */
  type: string;
  uuid?: string;
  /** Node of the block device that holds it, such as `/dev/sda2`. */
  device: string;
  /** Size of the file system and of the device that holds it, in bytes. */
  fileSystemBytes: number;
  deviceBytes: number;
  /** ext2/3/4: sizes in bytes, from the largest, that it may take where it cannot be given all of the device. */
  growthLimits?: readonly number[];
  /** The whole disk, such as `/dev/sda`; the same as `device` on a disk without partitions. */
  disk: string;
  /** Partition number of `device`; absent where the file system fills the disk. */
  partitionNumber?: number;
  /** Partition table of the disk, where there is one that can be read. */
  table?: DiskPartitions;
  /**
   * Where the disk's GUID is all zero, which marks a fresh image: random GUIDs (RFC 9562 version 4, upper case), one
   * for the disk and one for each partition of the table in its order, drawn anew at each observation.
   */
  newGuids?: string[];
  /** Why nothing here can be grown, such as "root is on device mapper (LVM, LUKS)". */
  fixed?: string;
}

/** The machine as it was observed. Values are read when first asked for, and again before each step. */
export interface Facts {
  /** False when planning for an unpacked image (`--root`): nothing of a running system can be known. */
  readonly live: boolean;
  /** The run is the one that systemd started in this boot, before anything else of ours. */
  readonly booting: boolean;
  readonly os: OsRelease;
  readonly kernelRelease: string;
  /** The kernel's page size, which swap areas are made for. */
  readonly pageBytes: number;
  readonly onlineCpus: number;
  /** Xen shows itself by /proc/xen; anything else is treated like KVM. */
  readonly hypervisor: 'xen' | 'kvm';
  readonly interfaces: readonly NetworkInterface[];
  /** Absent when the root file system is on no block device that can be found. */
  readonly root: RootFileSystem | undefined;
  /** Absent where root is no ext2/3/4 on a block device. To find them looks at no other device. */
  readonly rootChecks: RootChecks | undefined;
  /** Why what is stored in the host's directory is lost at the next reboot, for people; undefined where it stays. */
  readonly lostAtReboot: string | undefined;
  /** Nodes of the block devices that are active as swap, resolved to kernel names such as `/dev/sdb`. */
  readonly activeSwaps: readonly string[];
  /** Which manager the guest has enabled; absent when none is recognised. */
  readonly networkManager: NetworkManagerName | undefined;
  /** Text of the kernel command line. */
  readonly kernelCommandLine: string;
  /** What sshd says is in force for a login of a user. Each call starts programs. */
  sshdSettings(user: string): SshdAnswer;
}
