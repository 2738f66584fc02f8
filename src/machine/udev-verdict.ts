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
  { deviceNumber, partition }: Pick<BlockDevice, 'deviceNumber' | 'partition'>,
): Signature | undefined {
  const text = files.readText(`/run/udev/data/b${deviceNumber}`);
  if (text === undefined) return undefined;
  const value = (key: string) => new RegExp(`^E:${key}=(.+)$`, 'm').exec(text)?.[1];
  const ambivalent = value('ID_FS_AMBIVALENT');
  if (ambivalent !== undefined) return found('ambivalent', `content of several kinds (udev: ${ambivalent})`);
  const type = value('ID_FS_TYPE') ?? value('ID_FS_USAGE');
  if (type !== undefined && !KNOWN_TO_US.has(type)) return found(type, `${type} (by udev)`);
  // A partition has this from its disk (systemd, rules.d/60-persistent-storage.rules).
  const table = partition === undefined ? value('ID_PART_TABLE_TYPE') : undefined;
  return table === undefined
    ? undefined
    : { ...found(table, `partition table ${table} (by udev)`), usage: 'table' };
}

function found(type: string, title: string): Signature {
  return { type, usage: 'filesystem', title };
}
