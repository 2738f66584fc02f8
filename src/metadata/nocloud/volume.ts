import type { ByteSource } from '../../machine/formats/byte-source.ts';
import { openFat } from '../../machine/formats/volumes/fat.ts';
import { openIso9660 } from '../../machine/formats/volumes/iso9660.ts';
import type { Problem } from '../guest-config.ts';
import type { NoCloudFiles } from './parse.ts';

/** What is on a device. */
export type NoCloudVolume =
  /** No volume of this name, or one that lacks `user-data` or `meta-data`, which cloud-init passes over as well. */
  | { state: 'absent'; lacks?: string }
  /** A volume that must not be used. */
  | { state: 'broken'; problems: Problem[] }
  | { state: 'present'; label: string; files: NoCloudFiles };

/** Not in mixed case: neither ds-identify nor cloud-init takes it. */
const LABELS = ['cidata', 'CIDATA'];

/** Bytes of the largest file, but for user-data: those may be more than is done with them, which costs them alone. */
const FILE_BYTES_LIMIT = 4 * 1024 * 1024;
const USER_DATA_BYTES_LIMIT = 16 * 1024 * 1024;

/**
 * Reads the files of a NoCloud volume, ISO 9660 or FAT, from a disk, a partition or an image. Its label is `cidata` or
 * `CIDATA`, of FAT in the directory or in the boot sector. Empty `user-data` and `meta-data` are valid.
 * @throws only what reading the source throws
 */
export function readNoCloudVolume(source: ByteSource): NoCloudVolume {
  const volume = openIso9660(source) ?? openFat(source);
  const label = volume?.labels.find((name) => LABELS.includes(name));
  if (volume === undefined || label === undefined) return { state: 'absent' };
  const problems: Problem[] = [];
  const read = (name: string, most = FILE_BYTES_LIMIT): Uint8Array | undefined => {
    const content = volume.read(name, most);
    if (content === undefined || content instanceof Uint8Array) return content;
    const { at, found, expected } = content.fault;
    problems.push({ group: 'source', path: `${name} at byte ${at}`, found, expected });
    return undefined;
  };
  const userData = read('user-data', USER_DATA_BYTES_LIMIT);
  const metaData = read('meta-data');
  const networkConfig = read('network-config');
  const vendorData = read('vendor-data', USER_DATA_BYTES_LIMIT);
  const operatorScript = read('operator-script');
  if (problems.length > 0) return { state: 'broken', problems };
  if (userData === undefined || metaData === undefined)
    return { state: 'absent', lacks: metaData === undefined ? 'meta-data' : 'user-data' };
  const files = {
    userData,
    metaData,
    ...(networkConfig === undefined ? {} : { networkConfig }),
    ...(vendorData === undefined ? {} : { vendorData }),
    ...(operatorScript === undefined ? {} : { operatorScript }),
  };
  return { state: 'present', label, files };
}
