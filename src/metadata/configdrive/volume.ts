import type { ByteSource } from '../../machine/formats/byte-source.ts';
import { openFat } from '../../machine/formats/volumes/fat.ts';
import { openIso9660 } from '../../machine/formats/volumes/iso9660.ts';
import type { Problem } from '../guest-config.ts';
import { contentPaths } from '../openstack/parse.ts';
import type { VolumeContent } from '../volumes.ts';

/** The files of one version. */
export interface ConfigDriveFiles {
  metaData: Uint8Array;
  networkData?: Uint8Array;
  userData?: Uint8Array;
  vendorData: Uint8Array[];
  /** What `meta_data.json` names, by paths below `openstack`. */
  contents: Record<string, Uint8Array>;
}

/** Not in mixed case: neither ds-identify nor cloud-init takes it. */
const LABELS = ['config-2', 'CONFIG-2'];

/**
 * Versions of the format, in the order in which they are looked for: `latest`, which every writer has, then the newest that
 * nova knows (nova/api/metadata/base.py).
 */
const VERSIONS = [
  'latest',
  '2025-04-04',
  '2020-10-14',
  '2018-08-27',
  '2017-02-22',
  '2016-10-06',
  '2016-06-30',
  '2015-10-15',
  '2013-10-17',
  '2013-04-04',
  '2012-08-10',
];

/** Bytes of the largest file, but for user-data: those may be more than is done with them, which costs them alone. */
const FILE_BYTES_LIMIT = 4 * 1024 * 1024;
const USER_DATA_BYTES_LIMIT = 16 * 1024 * 1024;
/** Bytes of all files that an instance brings. */
const CONTENTS_BYTES_LIMIT = 16 * 1024 * 1024;

/** Reads a file of a path: of so many bytes at most, undefined where there is none. */
type Read = (path: string, most: number) => Uint8Array | undefined;

/**
 * Reads the files below `openstack` of the first version that is there.
 * @returns undefined where none has a `meta_data.json`
 */
export function readFiles(read: Read): ConfigDriveFiles | undefined {
  for (const version of VERSIONS) {
    const file = (name: string, most = FILE_BYTES_LIMIT) => read(`openstack/${version}/${name}`, most);
    const metaData = file('meta_data.json');
    if (metaData === undefined) continue;
    const networkData = file('network_data.json');
    const userData = file('user_data', USER_DATA_BYTES_LIMIT);
    const vendorData = ['vendor_data.json', 'vendor_data2.json'].map((name) =>
      file(name, USER_DATA_BYTES_LIMIT),
    );
    return {
      metaData,
      ...(networkData === undefined ? {} : { networkData }),
      ...(userData === undefined ? {} : { userData }),
      vendorData: vendorData.filter((bytes) => bytes !== undefined),
      contents: readContents(metaData, read),
    };
  }
  return undefined;
}

function readContents(metaData: Uint8Array, read: Read): Record<string, Uint8Array> {
  let left = CONTENTS_BYTES_LIMIT;
  const contents = contentPaths(metaData).flatMap((path) => {
    const bytes = read(`openstack/${path}`, Math.min(left, FILE_BYTES_LIMIT));
    left -= bytes?.length ?? 0;
    return bytes === undefined ? [] : [[path, bytes] as const];
  });
  return Object.fromEntries(contents);
}

/**
 * Reads a ConfigDrive, ISO 9660 or FAT, from a disk, a partition or an image. Its label is `config-2` or `CONFIG-2`, of FAT in
 * the directory or in the boot sector.
 * @throws only what reading the source throws
 */
export function readConfigDrive(source: ByteSource): VolumeContent<ConfigDriveFiles> {
  const volume = openIso9660(source) ?? openFat(source);
  if (volume === undefined || !volume.labels.some((name) => LABELS.includes(name)))
    return { state: 'absent' };
  const problems: Problem[] = [];
  const files = readFiles((path, most) => {
    const content = volume.read(path, most);
    if (content === undefined || content instanceof Uint8Array) return content;
    const { at, found, expected } = content.fault;
    problems.push({ group: 'source', path: `${path} at byte ${at}`, found, expected });
    return undefined;
  });
  // Where a directory cannot be read, no version of it can.
  const [first] = problems;
  if (first !== undefined) return { state: 'broken', problems: files === undefined ? [first] : problems };
  return files === undefined
    ? { state: 'absent', lacks: 'openstack/latest/meta_data.json' }
    : { state: 'present', files };
}

/** The number that IBM Cloud gives the volumes with a format of its own (cloud-init, DataSourceIBMCloud.py). */
const IBM_NUMBER = 0x9796932e;
/** Where FAT12 and FAT16, and FAT32, have their number, behind the mark 0x29. */
const NUMBERS_AT = [39, 67];

/** Whether a volume is one of IBM Cloud's on Xen, which has the label of a ConfigDrive and another meaning. */
export function isIbms(source: ByteSource): boolean {
  const boot = source.read(0, 512);
  const view = new DataView(boot.buffer, boot.byteOffset, boot.byteLength);
  return NUMBERS_AT.some(
    (at) => boot.length === 512 && boot[at - 1] === 0x29 && view.getUint32(at, true) === IBM_NUMBER,
  );
}
