import type { FileView } from '../machine/files/files.ts';

export const BLOCK_CLASS = '/sys/class/block';

/**
 * What a disk says of itself, as its driver keeps it: the disk is not asked, and so cannot hold a boot up. `serial` beside
 * these is left out, for virtio's driver does ask (Documentation/ABI/stable/sysfs-block).
 */
const DISK_TEXTS = ['wwid'];
/** The same of the device that the disk belongs to: SCSI, NVMe, MMC. */
const DEVICE_TEXTS = ['vendor', 'model', 'serial', 'wwid'];
/** Those of them that another disk of the same make would not have. */
const IDENTIFIERS = ['serial', 'wwid'];

/** An attribute of a driver's; undefined if it has none after all (ENXIO of `wwid`, say), or none that a shell can keep. */
function readKept(path: string, files: FileView): string | undefined {
  try {
    const text = files.readText(path);
    return text?.includes('\0') ? undefined : text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return undefined;
  }
}

/** What a disk says of itself, by path. @param name as in /sys/class/block */
export function diskTexts(name: string, files: FileView): Map<string, string> {
  const directory = `${BLOCK_CLASS}/${name}`;
  const own = files.list(directory).filter((entry) => DISK_TEXTS.includes(entry));
  const device = files.list(`${directory}/device`).filter((entry) => DEVICE_TEXTS.includes(entry));
  const texts = new Map<string, string>();
  for (const entry of [...own, ...device.map((text) => `device/${text}`)]) {
    const text = readKept(`${directory}/${entry}`, files);
    if (text !== undefined) texts.set(`${directory}/${entry}`, text);
  }
  return texts;
}

/** Whether a text of a disk's, with its path, is one that another disk would not have. */
export const tellsDisksApart = ([path, text]: [path: string, text: string]) =>
  IDENTIFIERS.some((name) => path.endsWith(`/${name}`)) && text.trim() !== '';
