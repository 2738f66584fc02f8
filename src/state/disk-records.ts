import { parseJsonObject, storeJson } from '../machine/changes/json-file.ts';
import type { Machine } from '../machine/changes/machine.ts';
import type { BlockDevice } from '../machine/devices/block-devices.ts';
import type { FileView } from '../machine/files/files.ts';
import { DISKS_FILE, FILE_SYSTEMS_FILE, RUNTIME_DIRECTORY, STATE_DIRECTORY } from '../machine/files/paths.ts';
import {
  hasParts,
  isAbsentOr,
  isFlag,
  isNumeric,
  isOneOf,
  isText,
  isTexts,
  isTrue,
  isWhole,
} from '../machine/formats/shape.ts';
import type { PathMemory, RememberedFileSystem } from './remembered-file-system.ts';

export type DiskState =
  /** It was not unmounted in order: it is checked, or waits for that, and is mounted afterwards. */
  | 'checking'
  /** It is about to be mounted. Still so in a later run: that run was cut off. */
  | 'mounting'
  | 'mounted'
  /** Mounted on first access, by autofs. */
  | 'on-demand'
  /** Not mounted, for a reason that is no failure. */
  | 'left-alone'
  /** It should have been mounted. */
  | 'failed'
  /** Unmounted because somebody asked; it stays so until `attach`, or until it is attached anew. */
  | 'ejected'
  /** The device is not there any more. */
  | 'gone';

/** A mount that we made or took over, told by the kernel's numbers from any other that is at its place later. */
export interface OwnMount {
  /** Mount ID of /proc/self/mountinfo (proc(5)). */
  id: number;
  /** Of the mount, which for btrfs is not that of the device. */
  deviceNumber: string;
}

/** A disk or partition of this boot, and what became of it. */
export interface DiskRecord {
  /** Such as `/dev/sdb1`. */
  node: string;
  name: string;
  /** `diskseq` of its disk: with the name it tells one attachment from another. */
  sequence?: number;
  deviceNumber: string;
  type?: string;
  uuid?: string;
  label?: string;
  state: DiskState;
  mountPoint?: string;
  /** What is mounted there, where it is our own. */
  ownMount?: OwnMount;
  /** Size of the device in bytes when its file system was last grown to it. */
  deviceBytes?: number;
  /** It is to be checked after others. */
  isQueued?: boolean;
  /** Why it is in this state, for people. */
  why?: string;
  /** Units that `.gandi/services` named when it was mounted. */
  services?: string[];
  /** The hook before a detach ran, and the disk is mounted still: somebody was using it. */
  detachHookRan?: boolean;
  /** End of what the last hook for it printed. */
  hookOutput?: string;
  /** Why that hook failed, or was not run. */
  hookFailure?: string;
  /** ISO 8601, by the guest's clock: when it came to this state. */
  since: string;
  /** The same in seconds since the guest started, which no change of the clock makes wrong. */
  sinceUptime?: number;
}

/** Disks that went away are kept up to this number. */
const MOST_GONE = 200;

const STATES: readonly string[] = [
  'checking',
  'mounting',
  'mounted',
  'on-demand',
  'left-alone',
  'failed',
  'ejected',
  'gone',
];

/** Entries of a list in a JSON file of ours. */
function readEntries(text: string | undefined, key: string): unknown[] {
  const list = parseJsonObject(text)?.[key];
  return Array.isArray(list) ? list : [];
}

/** A path that leads nowhere else than it says: absolute, below `/`, without `.` and `..`. */
const isPath = (value: unknown) =>
  typeof value === 'string' && value.startsWith('/') && value.slice(1).split('/').every(isName);

/** A name of one component. */
const isName = (value: unknown) =>
  typeof value === 'string' &&
  !['', '.', '..'].includes(value) &&
  !value.includes('/') &&
  !value.includes('\0');

const isNumber = (value: unknown) => /^\d+:\d+$/.test(String(value));

const isOwnMount = hasParts<OwnMount>({ id: isWhole, deviceNumber: isNumber });

const isTextOrAbsent = isAbsentOr(isText);

/** A file that was damaged is to lead no change to another place. */
const isRecord = hasParts<DiskRecord>({
  node: isPath,
  name: (value) => isText(value) && String(value).split('/').every(isName),
  sequence: isAbsentOr(isWhole),
  deviceNumber: isNumber,
  type: isTextOrAbsent,
  uuid: isTextOrAbsent,
  label: isTextOrAbsent,
  state: isOneOf(...STATES),
  mountPoint: isAbsentOr(isPath),
  ownMount: isAbsentOr(isOwnMount),
  deviceBytes: isAbsentOr(isWhole),
  isQueued: isAbsentOr(isFlag),
  why: isTextOrAbsent,
  services: isAbsentOr(isTexts),
  detachHookRan: isAbsentOr(isFlag),
  hookOutput: isTextOrAbsent,
  hookFailure: isTextOrAbsent,
  since: isText,
  sinceUptime: isAbsentOr(isNumeric),
});

const isRemembered = hasParts<RememberedFileSystem>({
  uuid: isText,
  label: isTextOrAbsent,
  name: isName,
  type: isText,
  isNew: isAbsentOr(isTrue),
  copy: isAbsentOr(isTrue),
  unit: isAbsentOr(isPath),
  serial: isTextOrAbsent,
  wwn: isTextOrAbsent,
  place: isTextOrAbsent,
  partition: isAbsentOr(isWhole),
});

/** What was read last: of a guest whose disks come and go all day it is long, and each run asks for it several times. */
let lastRead: { text: string; records: readonly DiskRecord[] } | undefined;

/** What became of the disks of this boot, in the order in which they came. Records that make no sense are left out. */
export function readDiskRecords(files: FileView): DiskRecord[] {
  const text = files.readText(DISKS_FILE) ?? '';
  if (lastRead?.text !== text) lastRead = { text, records: readEntries(text, 'disks').filter(isRecord) };
  return [...lastRead.records];
}

/** Which file system had which name, over boots. */
export function readPathMemory(files: FileView): PathMemory {
  return readEntries(files.readText(FILE_SYSTEMS_FILE), 'fileSystems').filter(isRemembered);
}

const store = (machine: Machine, directory: string, path: string, value: unknown) =>
  storeJson(machine, directory, { path, mode: 0o644 }, value);

/** Keeps the records. Of the disks that went away the last ones are kept. */
export async function storeDiskRecords(machine: Machine, disks: readonly DiskRecord[]): Promise<void> {
  const surplus = disks.filter(({ state }) => state === 'gone').slice(0, -MOST_GONE);
  await store(machine, RUNTIME_DIRECTORY, DISKS_FILE, {
    disks: disks.filter((disk) => !surplus.includes(disk)),
  });
}

/** Keeps the memory; nothing is written if nothing is new. */
export async function storePathMemory(machine: Machine, memory: PathMemory): Promise<void> {
  if (memory.length === 0) return;
  await store(machine, STATE_DIRECTORY, FILE_SYSTEMS_FILE, { fileSystems: memory });
}

/** Whether a record is about the device that has this name now, and not about one that had it before. */
export function isAbout(record: DiskRecord, device: BlockDevice): boolean {
  return record.state !== 'gone' && record.name === device.name && record.sequence === device.sequence;
}

/** The record of a device that is there. */
export function recordOf(records: readonly DiskRecord[], device: BlockDevice): DiskRecord | undefined {
  return records.find((record) => isAbout(record, device));
}
