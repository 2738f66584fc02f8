import { labelField, viewOf } from '../byte-fields.ts';
import type { ByteSource } from '../byte-source.ts';
import { entriesOf, type FatEntry, labelOf } from './fat/entries.ts';
import { type FatGeometry, readGeometry } from './fat/geometry.ts';
import {
  checkBytes,
  type FileVolume,
  fileVolume,
  readAll,
  refuse,
  unlessRefused,
  type VolumeReader,
} from './volume.ts';

// Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03.

/** A directory of a seed has a dozen entries; 256 KiB hold 8192. */
const DIRECTORY_BYTES_LIMIT = 256 * 1024;
/** Of the table that are read at a time. */
const WINDOW_BYTES = 4096;
const EXTENDED_BOOT_SIGNATURE = 0x29;

/** Clusters that lie one behind the other. */
interface Run {
  first: number;
  count: number;
}

/**
 * Opens a FAT12, FAT16 or FAT32 file system. Its labels are that of the top directory and that of the boot sector, where
 * tools write one and not the other. Names are long ones where a file has one.
 * @returns undefined if it is none
 */
export function openFat(source: ByteSource): FileVolume | undefined {
  const boot = source.read(0, 512);
  const geometry = readGeometry(boot);
  if (geometry === undefined) return undefined;
  const reader = new FatReader(source, geometry);
  // What is wrong with the directory is said where it is read for its files.
  const label = unlessRefused(() => labelOf(reader.topBytes()));
  const labels = [typeof label === 'string' ? label : undefined, bootLabel(boot, geometry)];
  return fileVolume([...new Set(labels.flatMap((text) => text ?? []))], () => reader);
}

/** The copy in the boot sector; `NO NAME` says that there is none. */
function bootLabel(boot: Uint8Array, { type }: FatGeometry): string | undefined {
  const signatureAt = type === 'FAT32' ? 66 : 38;
  if (boot[signatureAt] !== EXTENDED_BOOT_SIGNATURE) return undefined;
  const label = labelField(boot, signatureAt + 5, 11);
  return label === 'NO NAME' ? undefined : label;
}

class FatReader implements VolumeReader<FatEntry> {
  readonly ignoresCase = true;
  readonly #source: ByteSource;
  readonly #geometry: FatGeometry;
  #window: { at: number; bytes: Uint8Array } | undefined;
  #top: Uint8Array | undefined;

  constructor(source: ByteSource, geometry: FatGeometry) {
    this.#source = source;
    this.#geometry = geometry;
  }

  entries(directory?: FatEntry): FatEntry[] {
    return entriesOf(
      directory === undefined ? this.topBytes() : this.#directoryBytes(directory.firstCluster),
    );
  }

  content({ firstCluster, bytes }: FatEntry, most: number): Uint8Array {
    checkBytes(this.#offsetOf(firstCluster), bytes, most);
    return bytes === 0 ? new Uint8Array(0) : this.#read(this.#runs(firstCluster, bytes)).subarray(0, bytes);
  }

  /** The bytes of the top directory. */
  topBytes(): Uint8Array {
    const { rootEntries, rootAt, rootCluster } = this.#geometry;
    const length = rootEntries * 32;
    this.#top ??=
      rootCluster === undefined
        ? readAll(this.#source, rootAt, Math.min(length, DIRECTORY_BYTES_LIMIT), 'the top directory')
        : this.#directoryBytes(rootCluster);
    return this.#top;
  }

  /** A directory does not say how long it is: its clusters do. */
  #directoryBytes(firstCluster: number): Uint8Array {
    return this.#read(this.#runs(firstCluster, undefined));
  }

  #read(runs: readonly Run[]): Uint8Array {
    const { clusterBytes } = this.#geometry;
    const pieces = runs.map(({ first, count }) =>
      readAll(this.#source, this.#offsetOf(first), count * clusterBytes, 'a cluster'),
    );
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  }

  /**
   * The clusters of a file of so many bytes, or of a directory to the end of its chain. A circle in the table ends with the
   * file's bytes, or where a directory is longer than any is read.
   */
  #runs(firstCluster: number, bytes: number | undefined): Run[] {
    const { clusterBytes } = this.#geometry;
    const most = Math.ceil((bytes ?? DIRECTORY_BYTES_LIMIT) / clusterBytes);
    const runs: Run[] = [];
    let cluster: number | undefined = firstCluster;
    for (let count = 0; cluster !== undefined && (bytes === undefined || count < most); count++) {
      if (count === most) {
        const limit = `at most ${DIRECTORY_BYTES_LIMIT} bytes`;
        refuse(this.#offsetOf(firstCluster), 'a longer directory, or clusters in a circle', limit);
      }
      const last = runs.at(-1);
      this.#check(cluster);
      if (last !== undefined && last.first + last.count === cluster) last.count += 1;
      else runs.push({ first: cluster, count: 1 });
      cluster = this.#next(cluster);
    }
    const found = runs.reduce((sum, { count }) => sum + count, 0);
    if (bytes !== undefined && found < most) {
      refuse(this.#offsetOf(firstCluster), `${found} clusters of a file`, `${most} clusters`);
    }
    return runs;
  }

  #check(cluster: number): void {
    const { clusters, tableAt } = this.#geometry;
    if (cluster < 2 || cluster >= clusters + 2) {
      refuse(tableAt, `cluster ${cluster} in a chain`, `clusters 2 to ${clusters + 1}`);
    }
  }

  #offsetOf(cluster: number): number {
    const { dataAt, clusterBytes } = this.#geometry;
    return dataAt + Math.max(0, cluster - 2) * clusterBytes;
  }

  /** The cluster behind one; undefined at the chain's end. */
  #next(cluster: number): number | undefined {
    const { type, endMark } = this.#geometry;
    const next =
      type === 'FAT12'
        ? (this.#tableWord(cluster + Math.floor(cluster / 2), 2) >> (cluster % 2 === 0 ? 0 : 4)) & 0xfff
        : type === 'FAT16'
          ? this.#tableWord(cluster * 2, 2)
          : // The highest four bits are kept for other uses.
            this.#tableWord(cluster * 4, 4) & 0x0fffffff;
    return next >= endMark ? undefined : next;
  }

  /** A number in the first table. */
  #tableWord(offset: number, bytes: 2 | 4): number {
    const { tableAt, tableBytes } = this.#geometry;
    if (offset + bytes > tableBytes) {
      refuse(tableAt, `a table of ${tableBytes} bytes`, 'a table with an entry for each cluster');
    }
    const windowAt = Math.floor(offset / WINDOW_BYTES) * WINDOW_BYTES;
    if (this.#window?.at !== windowAt) {
      // One byte more, for an entry of 12 bits that lies across.
      const length = Math.min(WINDOW_BYTES + 1, tableBytes - windowAt);
      this.#window = { at: windowAt, bytes: readAll(this.#source, tableAt + windowAt, length, 'the table') };
    }
    const view = viewOf(this.#window.bytes);
    return bytes === 2 ? view.getUint16(offset - windowAt, true) : view.getUint32(offset - windowAt, true);
  }
}
