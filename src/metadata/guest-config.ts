import type { GandiDisk } from './gandi-disk.ts';
import type { ByteRange, SourcePlace } from './source-place.ts';

/** An address with its prefix length. */
export interface InterfaceAddress {
  family: 4 | 6;
  /** The canonical form (RFC 5952 for IPv6). */
  address: string;
  prefixLength: number;
  /** Inside the address's network, or link-local (IPv6), or anywhere with `gatewayOnLink`. */
  gateway?: string;
  /** The gateway is reached directly on this interface although it is outside of the network. */
  gatewayOnLink?: true;
}

export interface Route {
  family: 4 | 6;
  /** `ADDRESS/PREFIX` in canonical form; a default route is `0.0.0.0/0` or `::/0`. */
  to: string;
  /** Absent: the network is on the link. */
  via?: string;
  /** `via` is reached directly on this interface although it is in none of its networks. */
  onLink?: true;
  metric?: number;
  /** Number of a routing table; absent: the main one. */
  table?: number;
}

/** A rule of ip-rule(8). */
export interface RoutingRule {
  family: 4 | 6;
  /** `ADDRESS/PREFIX` in canonical form. */
  from: string;
  table: number;
  priority?: number;
}

/** DHCP on an interface; empty: as the manager does it by itself. */
export interface DhcpOptions {
  /** Metric of the routes that a lease brings. */
  metric?: number;
  /** Absent: the name servers of a lease are used. */
  useDns?: boolean;
  /** Absent: its routes are used. */
  useRoutes?: boolean;
  /** The server knows the client by its hardware address, not by a DUID. */
  identifier?: 'mac';
}

/** Values of bonding, as the kernel names them (Documentation/networking/bonding.rst). */
export interface BondConfig {
  kind: 'bond';
  /** Names, or ids, of interfaces in the same configuration. */
  members: string[];
  /** Such as `802.3ad` or `active-backup`. */
  mode?: string;
  miimonMilliseconds?: number;
  /** `slow` or `fast`. */
  lacpRate?: string;
  transmitHashPolicy?: string;
  primary?: string;
}

export interface VlanConfig {
  kind: 'vlan';
  /** Name, or id, of the interface that carries it. */
  link: string;
  /** 1 to 4094. */
  id: number;
}

export interface BridgeConfig {
  kind: 'bridge';
  /** Names, or ids, of interfaces in the same configuration; may be empty. */
  members: string[];
  /** Spanning tree; absent: as the manager has it. */
  spanningTree?: boolean;
  forwardDelaySeconds?: number;
}

/** What an interface is made of; absent: a device that is there. */
export type VirtualInterface = BondConfig | VlanConfig | BridgeConfig;

/** An interface, and what it is to have. Which one is meant: `mac`, then `name`, then `driver`, then `number`. */
export interface InterfaceConfig {
  /** What others in the same configuration call it; absent: its name. */
  id?: string;
  /** The Nth interface of the guest, from 0: `ethN` where the kernel's names are kept. */
  number?: number;
  /** Lower case, with colons. Decides which interface is meant, before name and number. */
  mac?: string;
  /** Name in the guest; a pattern (glob(7)) means the interfaces that it fits. Decides before the number. */
  name?: string;
  /** The kernel's driver, such as `virtio_net`; narrows what `name` fits. Patterns (glob(7)) with blanks between them. */
  driver?: string;
  /** The name that the interface is given. */
  setName?: string;
  /** Hardware address that the interface is given, or that a virtual one has. */
  setMac?: string;
  virtual?: VirtualInterface;
  /** Bytes of the largest packet; absent: the driver's default. */
  mtu?: number;
  addresses: InterfaceAddress[];
  dhcp4?: DhcpOptions;
  dhcp6?: DhcpOptions;
  /** Router advertisements are listened to; absent: only where DHCPv6 or nothing static is asked for in IPv6. */
  acceptRa?: boolean;
  routes?: Route[];
  /** Which routing table is asked for packets from an address: ip-rule(8). */
  rules?: RoutingRule[];
  /** Name servers of this interface alone, in their order, canonical. */
  resolvers?: string[];
  searchDomains?: string[];
  /** Boot does not wait for it. */
  optional?: true;
  /** Where the guest has others it may lack this one, which costs a warning: the host was asked before it was attached. */
  mayBeMissing?: true;
}

/** An account. An absent field is nothing that the source asks for. */
export interface UserConfig {
  /** `root` too. Absent: the distribution's usual first user (CONFIG_DEFAULT_USER). */
  name?: string;
  /** A crypt(5) hash. */
  passwordHash?: string;
  /** A password as it is typed; hashed before it is stored. */
  plainPassword?: string;
  /** The password is for an account that has none yet: one that the guest's user chose stays. */
  passwordOnlyIfNone?: true;
  /** No password logs in. */
  lockPassword?: boolean;
  /** The password must be changed at the first log-in. */
  expirePassword?: boolean;
  /** Day after which the account is closed, `YYYY-MM-DD`. */
  expiresOn?: string;
  /** OpenSSH public keys, one a string, without options. */
  sshKeys: string[];
  /** Comment field of passwd(5). */
  gecos?: string;
  primaryGroup?: string;
  /** No group of its name is made for it. */
  withoutOwnGroup?: true;
  /** Further groups; absent: the administrators' group. */
  groups?: string[];
  /** It is the default user only if that has this name; else nothing of a default user's is its own. */
  mayBeDefault?: true;
  shell?: string;
  home?: string;
  /** No home is made. */
  withoutHome?: boolean;
  uid?: number;
  isSystem?: boolean;
  /** Rules of sudoers(5), without the name in front; absent: none, but for a default user without a name, who may do all. */
  sudo?: string[];
}

/** How a password and root may log in. */
export interface LoginPolicy {
  /** `PasswordAuthentication` of sshd_config(5). */
  passwordBySsh?: boolean;
  /** Root gets no keys, where another user gets in. */
  disableRoot?: boolean;
}

export interface PostBootConfig {
  scriptArguments?: string;
  command?: string;
}

/** A script that the source brings, as data. */
export interface ScriptConfig {
  /** Letters, digits and hyphens: it is a file's name, and is in reports. */
  name: string;
  /** Its bytes in base64; it begins with `#!`. */
  content: string;
  /** `early`: in gandi-bootstrap, before names, users and the network; `post-boot`: behind the boot, with a network. */
  when: 'early' | 'post-boot';
  /**
   * `once`: for its content, whatever the instance is called; `until-success`: at each boot until it exits with 0;
   * `each-boot`: at each.
   */
  repeat: 'once' | 'until-success' | 'each-boot';
  /** Absent: as gandi-postboot gives. */
  timeoutSeconds?: number;
}

/** A file that the source brings. */
export interface FileConfig {
  path: string;
  /** Its bytes in base64. */
  content: string;
  mode: number;
  /** Names of user and group. */
  owner?: { user: string; group: string };
  append?: boolean;
  /** Behind the users and packages, in gandi-postboot. */
  late?: boolean;
  /** It holds a secret: its content is never shown. */
  secret?: true;
}

/** A line of fstab(5). */
export interface MountConfig {
  device: string;
  mountPoint: string;
  type: string;
  options: string[];
  /** A line for the device or mount point that is there already goes. */
  remove?: true;
}

/** A swap file, where there is no swap disk. */
export interface SwapFileConfig {
  /** Absent: /swap.img. */
  path?: string;
  /** In bytes; `auto`: by memory and room. */
  size: number | 'auto';
  /** The most that `auto` may take, in bytes. */
  maxSize?: number;
}

/** Where the time comes from: names or addresses, each of one server, or of a pool of them. */
export interface TimeServerConfig {
  servers: string[];
  pools: string[];
}

/** What the distribution's package manager is to do, once the network is up. */
export interface PackagesConfig {
  /** Lists are fetched anew. */
  update?: true;
  /** What is installed is brought up to date. */
  upgrade?: true;
  /** To be installed. */
  names: string[];
}

/** What is to become of the guest once all is done. */
export interface PowerStateConfig {
  mode: 'poweroff' | 'reboot' | 'halt';
  delayMinutes?: number;
  message?: string;
}

/** Settings that are applied or refused as one. */
export type Group =
  | 'host-name'
  | 'network'
  | 'resolver'
  | 'user'
  | 'post-boot'
  | 'modules'
  | 'archive'
  | 'source'
  | 'files'
  | 'storage'
  | 'time'
  | 'packages';

/**
 * What the host wants of the guest, normalised and valid, whatever source it came from. A group that is absent was
 * not asked for, or was refused. It is JSON data: it is kept in a file as it stands.
 */
export interface GuestConfig {
  /** RFC 1123 host name, at most 64 characters, no dot at the end. */
  hostName?: string;
  /** Fully qualified name, where the source has one. */
  fqdn?: string;
  /** What is written into /etc/hosts; absent: a line for the name, where there is none. */
  hostsFile?: 'line' | 'whole' | 'none';
  interfaces?: InterfaceConfig[];
  /** Every interface that nothing is said of is to ask by DHCP, for the source says nothing of the network. */
  dhcpOnAll?: true;
  /** Addresses of name servers, in the host's order, canonical. */
  resolvers?: string[];
  /** Domains that short names are looked up in, in the host's order. */
  searchDomains?: string[];
  /** Root is one of them where something is asked for it. */
  users?: UserConfig[];
  login?: LoginPolicy;
  postBoot?: PostBootConfig;
  scripts?: ScriptConfig[];
  files?: FileConfig[];
  /** User-data that programs of the guest's own look for in a file, for root alone. */
  storedUserData?: {
    path: string;
    /** Its bytes in base64; absent: the file goes. */
    content?: string;
  };
  /** A name below /usr/share/zoneinfo. */
  timeZone?: string;
  timeServers?: TimeServerConfig;
  swapFile?: SwapFileConfig;
  /** Absent: the root is grown, as always. */
  growRoot?: boolean;
  mounts?: MountConfig[];
  packages?: PackagesConfig;
  powerState?: PowerStateConfig;
  /** What the console says when all is done. */
  finalMessage?: string;
}

/** One field that was refused. */
export interface Problem {
  group: Group;
  /** Where, such as `vif[0].pna[1].pna_address`, or a member of the archive. */
  path: string;
  /** What is there, with secrets masked, shortened, control characters escaped. */
  found: string;
  expected: string;
  /** Nothing of what is asked for is left undone by it: it is told, and the run has not failed. */
  isWarning?: true;
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

/** What became of a source, for people. */
export interface LookedAt {
  source: string;
  /** Such as `taken`, or why it was not. */
  outcome: string;
}

/** Services of the network that are to be asked once that is up. */
export interface Awaited {
  /** Names of sources, in their order. */
  sources: readonly string[];
  /** They are asked from an address that the network manager gives. */
  needsAddress: boolean;
}

/** All that was learned from the host in this run. */
export interface HostConfiguration {
  /**
   * `new`: just found at its source; `kept`: what an earlier boot learned; `none`: the host gave nothing; `broken`:
   * something is there and cannot be used; `unreachable`: it does not answer (see `parsed.problems`).
   */
  state: 'new' | 'kept' | 'none' | 'broken' | 'unreachable';
  /** Its name in src/metadata/sources.ts; absent where nothing is known of any. */
  source?: string;
  /** What the source calls this guest; another one is another instance. */
  instanceId?: string;
  /** For people: `/dev/sdb at byte 524288`, `/gandi/config`. */
  origin: string;
  /** Where it was found; absent where it was kept. */
  place?: SourcePlace;
  /** What was read there: as long as it is the same, the source says the same. */
  stamps?: readonly ByteRange[];
  /** SHA-256 of the text that was parsed, of a source that keeps that itself. */
  digest?: string;
  parsed: ParsedConfig;
  /** Those of the problems that are about what the source says; absent: all. Others are about what this boot saw beside it. */
  said?: readonly Problem[];
  /** What only the source `gandi` has. */
  gandi?: GandiDisk;
  /** Absent: none is to be asked, or all have been. */
  awaited?: Awaited;
  /** Every source that counts, in their order; absent where none was looked for. */
  looked?: readonly LookedAt[];
}
