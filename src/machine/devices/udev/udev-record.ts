import { posix } from 'node:path';
import type { FileView } from '../../files/files.ts';
import type { BlockDevice } from '../block-devices.ts';

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
  const properties = propertiesOf(files, deviceNumber);
  if (properties === undefined) return undefined;
  let ofDisk: ReadonlyMap<string, string> | undefined;
  return {
    value: (...keys) =>
      keys.map((key) => properties.get(key)).find((text) => text !== undefined && text !== ''),
    own: (key) => {
      const text = properties.get(key);
      if (partition === undefined || text === undefined) return text;
      // A partition has every ID_* of its disk as well, the kind of partition table among them
      // (systemd, rules.d/60-persistent-storage.rules: IMPORT{parent}).
      ofDisk ??= propertiesOfDisk(files, path);
      return ofDisk.get(key) === text ? undefined : text;
    },
  };
}

function propertiesOf(
  files: Pick<FileView, 'readText'>,
  deviceNumber: string,
): ReadonlyMap<string, string> | undefined {
  const lines = files.readText(`/run/udev/data/b${deviceNumber}`)?.split('\n');
  if (lines === undefined) return undefined;
  const properties = new Map<string, string>();
  for (const line of lines) {
    if (!line.startsWith('E:')) continue;
    const sign = line.indexOf('=');
    properties.set(line.slice(2, sign), line.slice(sign + 1));
  }
  return properties;
}

/** @param path of a partition, whose directory lies in its disk's */
function propertiesOfDisk(files: Pick<FileView, 'readText'>, path: string): ReadonlyMap<string, string> {
  const number = files.readText(posix.join(posix.dirname(path), 'dev'))?.trim();
  return (number === undefined ? undefined : propertiesOf(files, number)) ?? new Map();
}
