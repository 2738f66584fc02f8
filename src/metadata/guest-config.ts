import type { GandiDisk } from './gandi-disk.ts';
import type { InterfaceConfig } from './interface-config.ts';
import type { OperatorScript } from './operator-script.ts';
import type { ByteRange, SourcePlace } from './source-place.ts';
import type { LoginPolicy, UserConfig } from './user-config.ts';

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
  /** To be installed; with `=` and a version behind the name, that one. */
  names: string[];
  /** The guest is restarted once where what was installed or brought up to date needs that. */
  restart?: 'if-required';
}

/** What apt reads (apt.conf(5), sources.list(5)). */
export interface AptConfig {
  files: {
    path: string;
    text: string;
    /** `$RELEASE`, `$MIRROR`, `$PRIMARY` and `$SECURITY` are filled in by the guest. */
    isTemplate?: true;
  }[];
  /** Takes the place of the distribution's address in its own sources. */
  primary?: string;
  security?: string;
}

/** Names of xkeyboard-config(7). */
export interface KeyboardConfig {
  layout: string;
  model?: string;
  variant?: string;
  options?: string;
}

export interface LocaleConfig {
  /** `LANG` of locale(7), such as `fr_FR.UTF-8`. */
  language?: string;
  keyboard?: KeyboardConfig;
}

/** What is to become of the guest once all is done. */
export interface PowerStateConfig {
  mode: 'poweroff' | 'reboot' | 'halt';
  /** Text of a script of sh(1): only where it succeeds. */
  condition?: string;
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
  /** Of several such interfaces: metric of the first one's lease, and what each later one has more. Absent: the manager's own. */
  dhcpMetricStep?: number;
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
  apt?: AptConfig;
  packages?: PackagesConfig;
  locale?: LocaleConfig;
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
  /** What is to run before anything is applied; absent where the host has none. */
  operatorScript?: OperatorScript;
  /** Absent: none is to be asked, or all have been. */
  awaited?: Awaited;
  /** Every source that counts, in their order; absent where none was looked for. */
  looked?: readonly LookedAt[];
}
