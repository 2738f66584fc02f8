import { posix } from 'node:path';
import { NETWORK_MANAGERS, type NetworkManagerName } from '../system/facts.ts';

/** What kind of value a setting has. */
export type SettingKind =
  | 'switch'
  | 'seconds'
  | 'some seconds'
  | 'long seconds'
  | 'waiting seconds'
  | 'mount options'
  | 'mount mode'
  | 'disk buses'
  | 'file systems'
  | 'group'
  | 'directory'
  | 'optional file'
  | 'interfaces'
  | 'sources'
  | 'report channels'
  | 'optional user'
  | 'swap file'
  | 'time zone'
  | 'network manager'
  | 'tag';

/** Ways to tell the host how far the guest is (src/host-report). */
export const REPORT_CHANNELS = ['virtio', 'smartos', 'xenstore', 'console'] as const;
export type ReportChannelName = (typeof REPORT_CHANNELS)[number];

/** How data disks are mounted. */
export type MountMode = 'udev' | 'autofs' | 'off';

/** What a disk is attached by; `gandi` is a SCSI disk whose vendor is `gandi.ne`. */
export type DiskBus = 'gandi' | 'xen' | 'virtio' | 'scsi' | 'nvme' | 'all';

const MOUNT_MODES: readonly MountMode[] = ['udev', 'autofs', 'off'];
const DISK_BUSES: readonly DiskBus[] = ['gandi', 'xen', 'virtio', 'scsi', 'nvme', 'all'];

/** What is expected of a value of each kind, for the line that refuses one. */
export const EXPECTED: Readonly<Record<SettingKind, string>> = {
  switch: '0 or 1',
  seconds: 'whole seconds from 0 to 300',
  'some seconds': 'whole seconds from 1 to 300',
  'long seconds': 'whole seconds from 1 to 86400',
  'waiting seconds': 'whole seconds from 0 to 3000',
  'mount options': 'mount options separated by commas, without blanks',
  'mount mode': MOUNT_MODES.join(', '),
  'disk buses': `some of ${DISK_BUSES.join(', ')}, separated by blanks`,
  'file systems': 'types of file systems as blkid names them, separated by blanks',
  group: 'the number or the name of a group',
  directory: 'an absolute path below /, without ".."',
  'optional file': 'nothing, or an absolute path without ".."',
  interfaces: 'names of network interfaces separated by blanks',
  sources: 'all, none, or names of sources separated by blanks',
  'report channels': `auto, none, or some of ${REPORT_CHANNELS.join(', ')}, separated by blanks`,
  'optional user': 'nothing, or the name of a user',
  'swap file': '0, never, auto or a size such as 512M or 2G',
  'time zone': '0, 1 or the name of a time zone such as Europe/Paris',
  'network manager': `auto, ${NETWORK_MANAGERS.slice(0, -1).join(', ')} or ${NETWORK_MANAGERS.at(-1)}`,
  tag: 'at most 64 letters, digits, ".", "_" or "-"',
};

const OFF = ['0', 'no', 'off', 'false'];
const ON = ['1', 'yes', 'on', 'true'];

export function readSwitch(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (OFF.includes(word)) return false;
  return ON.includes(word) ? true : undefined;
}

export function readSeconds(text: string): number | undefined {
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : undefined;
  return seconds !== undefined && seconds <= 300 ? seconds : undefined;
}

/** What may not be none: the deadline of a program. */
function readSomeSeconds(text: string): number | undefined {
  const seconds = readSeconds(text);
  return seconds === 0 ? undefined : seconds;
}

/** A day is the longest that a unit of work may take. */
export function readLongSeconds(text: string): number | undefined {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return seconds >= 1 && seconds <= 86_400 ? seconds : undefined;
}

/** Less than gandi-mount.service may take at boot (its TimeoutStartSec). */
export function readWaitingSeconds(text: string): number | undefined {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : undefined;
  return seconds !== undefined && seconds <= 3000 ? seconds : undefined;
}

/** @returns the path without a slash at its end */
export function readDirectory(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a path with control characters is refused
  if (!text.startsWith('/') || /[\u0000-\u001f\u007f]/.test(text) || text.split('/').includes('..'))
    return undefined;
  const path = posix.normalize(text).replace(/\/$/, '');
  return path === '' ? undefined : path;
}

/** @returns the path; empty text where none is given */
export function readOptionalFile(text: string): string | undefined {
  return text === '' ? '' : readDirectory(text);
}

/** Names of the time zone database (tz theory.html, "Timezone identifiers"), and what a switch may be. */
export function readTimeZone(text: string): string | undefined {
  if (readSwitch(text) !== undefined) return text;
  return /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(text) ? text : undefined;
}

export function readMountOptions(text: string): string | undefined {
  return /^[^\s,\\]+(,[^\s,\\]+)*$/.test(text) ? text : undefined;
}

export function readMountMode(text: string): MountMode | undefined {
  return MOUNT_MODES.find((mode) => mode === text.trim().toLowerCase());
}

export function readDiskBuses(text: string): DiskBus[] | undefined {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  const buses = words.flatMap((word) => DISK_BUSES.find((bus) => bus === word) ?? []);
  return buses.length === words.length ? buses : undefined;
}

/** Types as blkid(8) writes them, such as `nilfs2`; none by default. */
export function readFileSystems(text: string): string[] | undefined {
  const types = text.split(/[\s,]+/).filter((word) => word !== '');
  return types.every((type) => /^\w{1,32}$/.test(type)) ? types : undefined;
}

/** A number up to the largest that chown(2) takes, or a name as groupadd(8) allows. */
export function readGroup(text: string): string | undefined {
  if (/^\d+$/.test(text)) return Number(text) < 2 ** 32 - 1 ? text : undefined;
  return /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(text) ? text : undefined;
}

/** Names that the kernel allows for an interface (net/core/dev.c, dev_valid_name). */
const isInterfaceName = (name: string) => /^[^\s/:]{1,15}$/.test(name) && name !== '.' && name !== '..';

export function readInterfaces(text: string): string[] | undefined {
  const names = text.split(/\s+/).filter((name) => name !== '');
  return names.every(isInterfaceName) ? names : undefined;
}

/** Names of sources (src/metadata/sources.ts), in lower case; `all` and `none` stand alone. */
export function readSources(text: string): string[] | undefined {
  const names = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== '');
  const alone = names.includes('all') || names.includes('none');
  if (names.length === 0 || (alone && names.length > 1)) return undefined;
  return names.every((name) => /^[a-z][a-z0-9-]{0,31}$/.test(name)) ? names : undefined;
}

/** Ways to tell the host how far the guest is; `auto`, those that are there; none: an empty list. */
export function readReportChannels(text: string): readonly ReportChannelName[] | 'auto' | undefined {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  if (words.length === 1 && words[0] === 'auto') return 'auto';
  if (words.length === 1 && words[0] === 'none') return [];
  const names = REPORT_CHANNELS.filter((name) => words.includes(name));
  const known: readonly string[] = REPORT_CHANNELS;
  return words.length > 0 && words.every((word) => known.includes(word)) ? names : undefined;
}

/** A name that useradd(8) takes everywhere; empty text where none is given. */
export function readOptionalUser(text: string): string | undefined {
  return text === '' || /^[a-z_][a-z0-9_-]{0,31}$/.test(text) ? text : undefined;
}

/** @returns bytes, `auto` or `never`; 0: as the source has it */
export function readSwapFile(text: string): number | 'auto' | 'never' | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'auto' || word === 'never') return word;
  const [, digits, unit = ''] = /^(\d{1,12})([kmgt]?)$/.exec(word) ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** ' kmgt'.indexOf(unit || ' ');
}

/** @returns its exact name, whichever case it was written in */
export function readNetworkManager(text: string): NetworkManagerName | 'auto' | undefined {
  const names = ['auto', ...NETWORK_MANAGERS] as const;
  return names.find((name) => name.toLowerCase() === text.trim().toLowerCase());
}

function readTag(text: string): string | undefined {
  return /^[A-Za-z0-9._-]{1,64}$/.test(text) ? text : undefined;
}

/** Reads the text of a value of each kind; undefined if it is none. */
export const READERS: Readonly<Record<SettingKind, (text: string) => unknown>> = {
  switch: readSwitch,
  seconds: readSeconds,
  'some seconds': readSomeSeconds,
  'long seconds': readLongSeconds,
  'waiting seconds': readWaitingSeconds,
  'mount options': readMountOptions,
  'mount mode': readMountMode,
  'disk buses': readDiskBuses,
  'file systems': readFileSystems,
  group: readGroup,
  directory: readDirectory,
  'optional file': readOptionalFile,
  interfaces: readInterfaces,
  sources: readSources,
  'report channels': readReportChannels,
  'optional user': readOptionalUser,
  'swap file': readSwapFile,
  'time zone': readTimeZone,
  'network manager': readNetworkManager,
  tag: readTag,
};
