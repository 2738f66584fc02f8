import { posix } from 'node:path';
import type { BlockDevice } from './block-devices.ts';
import type { FileView } from './files.ts';

/** What of a device its record is found by. */
export type RecordedDevice = Pick<BlockDevice, 'deviceNumber' | 'path' | 'partition'>;

/** The properties of a device in udev's database. */
export interface UdevRecord {
  /** The first of these properties that says something. That of a partition has what its disk's has. */
  value(...keys: readonly string[]): string | undefined;
  /** A property that a partition has not from its disk. */
  own(key: string): string | undefined;
}

/**
 * Reads a device's record in udev's database (systemd, src/libsystemd/sd-device/device-private.c: lines `E:KEY=VALUE`).
 * @returns undefined where udev has not looked yet
 * @throws the system's error if the record cannot be read
 */
export function udevRecord(
  files: Pick<FileView, 'readText'>,
  { deviceNumber, path, partition }: RecordedDevice,
): UdevRecord | undefined {
  const lines = linesOf(files, deviceNumber);
  if (lines === undefined) return undefined;
  let ownLines: readonly string[] | undefined;
  return {
    value: (...keys) => {
      for (const key of keys) {
        const text = valueIn(lines, key);
        if (text !== undefined && text !== '') return text;
      }
      return undefined;
    },
    own: (key) => {
      // A partition has every ID_* of its disk as well, the kind of partition table among them
      // (systemd, rules.d/60-persistent-storage.rules: IMPORT{parent}).
      ownLines ??= partition === undefined ? lines : withoutThoseOf(lines, linesOfDisk(files, path));
      return valueIn(ownLines, key);
    },
  };
}

function valueIn(lines: readonly string[], key: string): string | undefined {
  const start = `E:${key}=`;
  return lines.find((line) => line.startsWith(start))?.slice(start.length);
}

function withoutThoseOf(lines: readonly string[], others: readonly string[]): string[] {
  const inherited = new Set(others);
  return lines.filter((line) => !inherited.has(line));
}

function linesOf(files: Pick<FileView, 'readText'>, deviceNumber: string): string[] | undefined {
  return files.readText(`/run/udev/data/b${deviceNumber}`)?.split('\n');
}

/** @param path of a partition, whose directory lies in its disk's */
function linesOfDisk(files: Pick<FileView, 'readText'>, path: string): string[] {
  const number = files.readText(posix.join(posix.dirname(path), 'dev'))?.trim();
  return number === undefined ? [] : (linesOf(files, number) ?? []);
}
