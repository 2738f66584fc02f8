import { viewOf } from '../../byte-fields.ts';

/** Where the parts of a FAT file system are; offsets and lengths in bytes. */
export interface FatGeometry {
  type: 'FAT12' | 'FAT16' | 'FAT32';
  clusterBytes: number;
  /** Clusters of files; their numbers begin with 2. */
  clusters: number;
  /** Of the first table. */
  tableAt: number;
  tableBytes: number;
  /** The least value of the table that ends a chain. */
  endMark: number;
  /** Top directory of FAT12 and FAT16. */
  rootAt: number;
  rootEntries: number;
  /** Of FAT32: where its top directory begins. */
  rootCluster?: number;
  /** Of cluster 2. */
  dataAt: number;
}

const isPowerOfTwo = (value: number, least: number, most: number) =>
  value >= least && value <= most && (value & (value - 1)) === 0;

/** From so many clusters on the table's entries have 16 bits (specification 1.03, "FAT Type Determination"). */
const CLUSTERS_OF_FAT16 = 4085;

/** Fields of the boot sector; sizes in sectors but for the first. */
function fieldsOf(boot: Uint8Array) {
  const view = viewOf(boot);
  const smallTable = view.getUint16(22, true);
  return {
    sectorBytes: view.getUint16(11, true),
    cluster: view.getUint8(13),
    reserved: view.getUint16(14, true),
    tables: view.getUint8(16),
    rootEntries: view.getUint16(17, true),
    media: view.getUint8(21),
    // 16 bits of FAT12 and FAT16 are zero where 32 bits hold the number.
    all: view.getUint16(19, true) || view.getUint32(32, true),
    // mkfs.vfat makes FAT32 of any size if it is told to; only FAT32 has no table's length in 16 bits.
    isFat32: smallTable === 0,
    table: smallTable || view.getUint32(36, true),
    rootCluster: view.getUint32(44, true) & 0x0fffffff,
  };
}

type Fields = ReturnType<typeof fieldsOf>;

/** The checks of fat_read_bpb in the kernel's fs/fat/inode.c. */
function isSound({
  sectorBytes,
  cluster,
  reserved,
  tables,
  rootEntries,
  media,
  isFat32,
  table,
}: Fields): boolean {
  const sizes = isPowerOfTwo(sectorBytes, 512, 4096) && isPowerOfTwo(cluster, 1, 128);
  const isMedia = media >= 0xf8 || media === 0xf0;
  return sizes && isMedia && reserved > 0 && tables > 0 && table > 0 && isFat32 === (rootEntries === 0);
}

/**
 * What a boot sector, which begins with a jump instruction, says of its file system.
 * @returns undefined if it is none
 */
export function readGeometry(boot: Uint8Array): FatGeometry | undefined {
  if (boot.length < 512 || (boot[0] !== 0xeb && boot[0] !== 0xe9)) return undefined;
  const fields = fieldsOf(boot);
  if (!isSound(fields)) return undefined;
  const { sectorBytes, cluster, reserved, tables, rootEntries, all, isFat32, table } = fields;
  const rootSectors = Math.ceil((rootEntries * 32) / sectorBytes);
  const behindTables = reserved + tables * table;
  const clusters = Math.floor((all - behindTables - rootSectors) / cluster);
  // Only by their number FAT12 is told from FAT16.
  const isFat12 = !isFat32 && clusters < CLUSTERS_OF_FAT16;
  if (clusters < 1) return undefined;
  return {
    type: isFat32 ? 'FAT32' : isFat12 ? 'FAT12' : 'FAT16',
    clusterBytes: cluster * sectorBytes,
    clusters,
    tableAt: reserved * sectorBytes,
    tableBytes: table * sectorBytes,
    endMark: isFat32 ? 0x0ffffff8 : isFat12 ? 0xff8 : 0xfff8,
    rootAt: behindTables * sectorBytes,
    rootEntries,
    ...(isFat32 ? { rootCluster: fields.rootCluster } : {}),
    dataAt: (behindTables + rootSectors) * sectorBytes,
  };
}
