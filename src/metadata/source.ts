import type { Commands } from '../machine/commands/commands.ts';
import type { DeviceAnswers } from '../machine/devices/device-answers.ts';
import type { Files, FileView } from '../machine/files/files.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { GandiDisk } from './gandi-disk.ts';
import type { HostConfiguration, ParsedConfig, Problem } from './guest-config.ts';
import type { OperatorScript } from './operator-script.ts';
import type { ByteRange, SourcePlace } from './source-place.ts';

/** What a source looks at. */
export interface World {
  files: Files;
  /** They ask a disk whether it answers. */
  commands: Commands;
  /** Which disks answer: one that does not is asked by one source alone. */
  answers: DeviceAnswers;
  hypervisor: Facts['hypervisor'];
  /** How long to wait for a late device, or a service of the network, at most, in seconds. */
  waitSeconds: number;
  /** No boot of this guest has come as far as its users: content alone may speak for the host. */
  firstBoot: boolean;
  /** Where the configuration that counts came from, if it came from this source. */
  remembered?: string;
  /** The admin names the source: a place that is not the host's alone is good enough. */
  isAsked: boolean;
  /** Another source has something to say: a late device of this one is not waited for. */
  isElsewhere?: () => boolean;
}

/** What becomes of a search, whatever was found. */
interface Searched {
  /** What was seen and is not believed: told, and it costs nothing that is known. */
  doubts?: readonly Problem[];
  /** What the steps need that are about Gandi's disk. */
  gandi?: GandiDisk;
}

/** What a source has to say. */
export type Finding<Raw> =
  /** What was looked for in vain, for people, where somebody named the place: `no archive of a host`. */
  | ({ state: 'absent'; sought?: string } & Searched)
  | ({
      state: 'present';
      raw: Raw;
      place: SourcePlace;
      /** For people: `/dev/sdb at byte 524288`. */
      origin: string;
      /** SHA-256 of what is parsed, of a source that keeps that itself, and of one that is asked at each boot. */
      digest?: string;
      /** What was read: as long as it is the same, the source says the same. */
      stamps: readonly ByteRange[];
    } & Searched)
  | ({
      /** `broken`: something is there and cannot be used; `unreachable`: it does not answer. */
      state: 'broken' | 'unreachable';
      origin: string;
      problems: readonly Problem[];
      place?: SourcePlace;
    } & Searched);

/** What a source has said to this start before all sources are looked at. */
export interface Heard {
  /** The source's name. */
  source: string;
  finding: Finding<unknown>;
  /** It is what the source said at the boot before. */
  isSame: boolean;
}

/** What a source says, in its normal form. */
export interface Said {
  /** What the source calls this guest. */
  instanceId?: string;
  parsed: ParsedConfig;
  /** Of whoever runs the host: it is no part of the configuration, and not kept. */
  operatorScript?: OperatorScript;
}

/**
 * One kind of host that can configure a guest. A source is a room of its own below src/metadata, and a line in
 * src/metadata/sources.ts.
 */
export interface Source<Raw = unknown> {
  /** The name in CONFIG_SOURCES, in lower case. */
  name: string;
  /** One line for the documentation. */
  summary: string;
  /** What it is read from; what needs the network is asked when that is up, by a run of its own. */
  needs: 'disk' | 'firmware' | 'serial line' | 'network';
  /**
   * Of a source of the network: whether the firmware says that this is a guest of such a host. Pure. Where it does not, the
   * service is asked only if an admin names it.
   */
  isMatched?(files: Pick<FileView, 'readText'>): boolean;
  /** Of a source of the network: it is asked from a link-local address, for the host may have no DHCP. */
  isAskedByLinkLocal?: true;
  /**
   * Of a source of the network that gives the leases of several interfaces metrics by their places: that of the first one, and
   * what each later one has more. Until it has answered they go by the guest's own order.
   */
  dhcpMetricStep?: number;
  /**
   * Looks for the source, and reads it.
   * @throws Error if /sys and /proc cannot be read; nothing else
   */
  find(world: World): Promise<Finding<Raw>>;
  /** Whether the source shows itself, without reading a device. Absent: it does not. */
  isSeen?(world: Pick<World, 'files'>): boolean;
  /**
   * Reads a file or device that somebody named.
   * @returns absent if it is none of this source's
   * @throws the system's error if it cannot be read
   */
  open(path: string, files: Files): Promise<Finding<Raw>>;
  /** Pure: the same bytes say the same. */
  parse(raw: Raw): Said | Promise<Said>;
  /** What an earlier boot kept in a form of the source's own. */
  kept?(files: Files): HostConfiguration;
  /** Looks at what `kept` will read at the next boot, for the trace of what was read. */
  lookAtKept?(files: Files): void;
}

/** A source whose bytes are its own business. */
export function defineSource<Raw>(source: Source<Raw>): Source {
  return source as Source;
}
