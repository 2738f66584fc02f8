import { posix } from 'node:path';
import type { BlockDevice } from './block-devices.ts';
import type { FileView } from './files.ts';
import type { Signature } from './signatures/signature.ts';

/** What swap areas are called by libblkid: these our own signatures tell more of. */
const KNOWN_TO_US = new Set(['swap', 'swsuspend']);

/**
 * What udev found on a device, by libblkid, in its database (systemd, src/libsystemd/sd-device/device-private.c: lines
 * `E:KEY=VALUE`). It knows more kinds of content than our own signatures.
 * @returns a signature of what is neither swap nor nothing; undefined also where udev has not looked yet
 */
export function udevVerdict(
  files: Pick<FileView, 'readText'>,
  { deviceNumber, path, partition }: Pick<BlockDevice, 'deviceNumber' | 'path' | 'partition'>,
): Signature | undefined {
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
  const ambivalent = value('ID_FS_AMBIVALENT');
  if (ambivalent !== undefined) return found('ambivalent', `content of several kinds (udev: ${ambivalent})`);
  const type = value('ID_FS_TYPE') ?? value('ID_FS_USAGE');
  if (type !== undefined && !KNOWN_TO_US.has(type)) return found(type, `${type} (by udev)`);
  const table = partition === undefined ? value('ID_PART_TABLE_TYPE') : undefined;
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
