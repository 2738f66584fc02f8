import { posix } from 'node:path';
import type { BlockDevice } from './block-devices.ts';
import type { FileView } from './files.ts';
import type { Signature } from './signatures/signature.ts';

/** What swap areas are called by libblkid: these our own signatures tell more of. */
const KNOWN_TO_US = new Set(['swap', 'swsuspend']);

/** What udev found on a device, by libblkid. */
export interface UdevContent {
  /** Several kinds of content at once, as udev lists them (ID_FS_AMBIVALENT). */
  ambivalent?: string;
  /** Such as `ext4` or `drbd` (ID_FS_TYPE). */
  type?: string;
  /** Such as `filesystem`, `raid`, `crypto` (ID_FS_USAGE). */
  usage?: string;
  /** Type of a partition table (ID_PART_TABLE_TYPE); never of a partition. */
  table?: string;
}

/**
 * Reads what udev found on a device from its database (systemd, src/libsystemd/sd-device/device-private.c: lines
 * `E:KEY=VALUE`). It knows more kinds of content than our own signatures.
 * @returns undefined where udev has not looked yet; an empty object where it found nothing
 */
export function udevContent(
  files: Pick<FileView, 'readText'>,
  { deviceNumber, path, partition }: Pick<BlockDevice, 'deviceNumber' | 'path' | 'partition'>,
): UdevContent | undefined {
  const own = database(files, deviceNumber);
  if (own === undefined) return undefined;
  // A partition has every ID_* of its disk as well, the kind of partition table among them
  // (systemd, rules.d/60-persistent-storage.rules: IMPORT{parent}).
  const inherited = new Set(partition === undefined ? [] : databaseOfDisk(files, path));
  const lines = own.filter((line) => !inherited.has(line));
  const value = (key: string) => {
    const start = `E:${key}=`;
    return lines.find((line) => line.startsWith(start))?.slice(start.length);
  };
  const found = {
    ambivalent: value('ID_FS_AMBIVALENT'),
    type: value('ID_FS_TYPE'),
    usage: value('ID_FS_USAGE'),
    table: partition === undefined ? value('ID_PART_TABLE_TYPE') : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, one]) => one !== undefined));
}

/**
 * What udev found on a device beside swap, as a signature that counts against whoever claims the device.
 * @returns undefined also where udev has not looked yet
 */
export function udevVerdict(
  files: Pick<FileView, 'readText'>,
  device: Pick<BlockDevice, 'deviceNumber' | 'path' | 'partition'>,
): Signature | undefined {
  const { ambivalent, type, usage, table } = udevContent(files, device) ?? {};
  if (ambivalent !== undefined) return found('ambivalent', `content of several kinds (udev: ${ambivalent})`);
  const kind = type ?? usage;
  if (kind !== undefined && !KNOWN_TO_US.has(kind)) return found(kind, `${kind} (by udev)`);
  return table === undefined
    ? undefined
    : { ...found(table, `partition table ${table} (by udev)`), usage: 'table' };
}

function database(files: Pick<FileView, 'readText'>, deviceNumber: string): string[] | undefined {
  return files.readText(`/run/udev/data/b${deviceNumber}`)?.split('\n');
}

/** @param path of a partition, whose directory lies in its disk's */
function databaseOfDisk(files: Pick<FileView, 'readText'>, path: string): string[] {
  const number = files.readText(posix.join(posix.dirname(path), 'dev'))?.trim();
  return number === undefined ? [] : (database(files, number) ?? []);
}

function found(type: string, title: string): Signature {
  return { type, usage: 'filesystem', title };
}
