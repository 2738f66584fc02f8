import type { FileView } from '../machine/files/files.ts';

/** Where the kernel shows what the firmware's SMBIOS tables say (Documentation/ABI/testing/sysfs-firmware-dmi-tables). */
const DIRECTORY = '/sys/class/dmi/id';

/** A field of SMBIOS that tells a host, as the kernel names its file. */
export type DmiField =
  | 'sys_vendor'
  | 'bios_vendor'
  | 'bios_version'
  | 'board_name'
  | 'board_asset_tag'
  | 'chassis_asset_tag'
  | 'product_name'
  | 'product_version'
  | 'product_serial'
  | 'product_uuid';

/**
 * What the machine's firmware says of it. Nobody in the guest can change that.
 * @returns the text without blanks at its ends; undefined where there is no such field
 */
export function dmiText(files: Pick<FileView, 'readText'>, field: DmiField): string | undefined {
  return files.readText(`${DIRECTORY}/${field}`)?.trim();
}
