import type { FileView } from '../../files/files.ts';
import type { Signature } from '../../formats/signatures/signature.ts';
import { type RecordedDevice, type UdevRecord, udevRecord } from './udev-record.ts';

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

/** What udev's record of a device says of its content. It knows more kinds than our own signatures. */
export function udevContent(
  record: UdevRecord,
  { partition }: Pick<RecordedDevice, 'partition'>,
): UdevContent {
  const found = {
    ambivalent: record.own('ID_FS_AMBIVALENT'),
    type: record.own('ID_FS_TYPE'),
    usage: record.own('ID_FS_USAGE'),
    table: partition === undefined ? record.own('ID_PART_TABLE_TYPE') : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, one]) => one !== undefined));
}

/**
 * What udev found on a device beside swap, as a signature that counts against whoever claims the device.
 * @returns undefined also where udev has not looked yet
 */
export function udevVerdict(
  files: Pick<FileView, 'readText'>,
  device: RecordedDevice,
): Signature | undefined {
  const record = udevRecord(files, device);
  if (record === undefined) return undefined;
  const { ambivalent, type, usage, table } = udevContent(record, device);
  if (ambivalent !== undefined) return found('ambivalent', `content of several kinds (udev: ${ambivalent})`);
  const kind = type ?? usage;
  if (kind !== undefined && !KNOWN_TO_US.has(kind)) return found(kind, `${kind} (by udev)`);
  return table === undefined
    ? undefined
    : { ...found(table, `partition table ${table} (by udev)`), usage: 'table' };
}

function found(type: string, title: string): Signature {
  return { type, usage: 'filesystem', title };
}
