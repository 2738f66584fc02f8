/** An address with its prefix length. */
export interface InterfaceAddress {
  family: 4 | 6;
  /** In canonical form (RFC 5952 for IPv6). */
  address: string;
  prefixLength: number;
  /** Inside the address's network, or link-local (IPv6), or anywhere with `gatewayOnLink`. */
  gateway?: string;
  /** The gateway is reached directly on this interface although it is outside of the network. */
  gatewayOnLink?: true;
  /** On a public network, as opposed to a private one (VLAN). */
  public: boolean;
}

export interface InterfaceConfig {
  /** The Nth interface of the guest, from 0: `ethN` where the kernel's names are kept. */
  number: number;
  /** Lower case, with colons. Decides which interface is meant, before name and number. */
  mac?: string;
  /** Name in the guest. Decides before the number. */
  name?: string;
  /** Bytes of the largest packet; absent: the driver's default. */
  mtu?: number;
  addresses: InterfaceAddress[];
}

export interface UserConfig {
  /** Absent: only root gets the password and keys. */
  name?: string;
  /** A crypt(5) hash. */
  passwordHash?: string;
  /** OpenSSH public keys, one a string, without options. */
  sshKeys: string[];
}

export interface PostBootConfig {
  scriptArguments?: string;
  command?: string;
}

/** Settings that are applied or refused as one. */
export type Group = 'host-name' | 'network' | 'resolver' | 'user' | 'post-boot' | 'modules' | 'archive';

/**
 * What the host wants of the guest, normalised and valid, whatever source it came from. A group that is absent was
 * not asked for, or was refused.
 */
export interface GuestConfig {
  /** RFC 1123 host name, at most 64 characters, no dot at the end. */
  hostName?: string;
  interfaces?: InterfaceConfig[];
  /** Addresses of name servers, in the host's order, canonical. */
  resolvers?: string[];
  /** Domains that short names are looked up in, in the host's order. */
  searchDomains?: string[];
  user?: UserConfig;
  postBoot?: PostBootConfig;
}

/** One field that was refused. */
export interface Problem {
  group: Group;
  /** Where, such as `vif[0].pna[1].pna_address`, or a member of the archive. */
  path: string;
  /** What is there, with secrets masked, shortened, control characters escaped. */
  found: string;
  expected: string;
}

/** Which setting came from which field of the source, for people. */
export interface Origin {
  setting: string;
  value: string;
  field: string;
}

export interface ParsedConfig {
  config: GuestConfig;
  problems: Problem[];
  /** Groups that were asked for and refused, so that nothing is known of them: what the guest has of them stays. */
  readonly refused: readonly Group[];
  readonly origins: Origin[];
}

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
  /** In bytes, from the start of `device`: where the archive lies, with its closing blocks. */
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
  /** In the swap header, if there is one. */
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

/** By what a disk, or a partition of one, is known again. */
export interface DiskIdentity {
  /** Where the disk is attached: its directory in /sys/devices, without what the kernel numbers as it finds it. */
  place: string;
  /** Number of the partition; absent for a whole disk. */
  partition?: number;
  /** GUID of the disk (MBR: its signature) and, in a GPT, of the partition. */
  diskId?: string;
  partitionGuid?: string;
  /** Of the swap area. */
  swapUuid?: string;
}

/** All that was learned from the host in this run. */
export interface HostConfiguration {
  /**
   * `new`: from an archive just found; `kept`: from what an earlier boot stored in /gandi; `none`: the host gave
   * nothing; `broken`: something is there and cannot be used (see `parsed.problems`).
   */
  state: 'new' | 'kept' | 'none' | 'broken';
  /** For people: `/dev/sdb at byte 524288`, `/gandi/config`. */
  origin: string;
  parsed: ParsedConfig;
  archive?: SeedArchive;
  swap?: SwapDevice;
  /** The disk that `swap` is or lies on, where it is proven to be the host's: to be known again at later boots. */
  disk?: DiskIdentity;
  modules?: ModulesArchive[];
  /** The host's own first-boot script is, or is about to be, in /gandi. */
  hasInit: boolean;
}
