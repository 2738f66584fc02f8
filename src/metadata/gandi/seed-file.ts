import { withDevice } from '../../machine/files/device-reader.ts';
import type { ByteSource } from '../../machine/formats/byte-source.ts';
import { readPartitionTable } from '../../machine/formats/partition-table.ts';
import { hasArchiveHeader } from '../../machine/formats/signatures/archive.ts';
import { ARCHIVE_OFFSET, type ArchiveResult, readArchive } from './archive.ts';

const SECTOR_BYTES = 512;
const PARTITION_LABEL = 'gandiswap';

export interface Seed {
  result: ArchiveResult;
  /** The offsets that were tried, for people. */
  tried: string;
}

/** Where an archive may lie: a tar archive of its own, a disk, or a partition of a disk. */
function places(source: ByteSource): number[] {
  const table = readPartitionTable(
    (offset, length) => source.read(offset, length),
    source.size,
    SECTOR_BYTES,
  );
  const labelled = (table?.partitions ?? []).filter(({ label }) => label === PARTITION_LABEL);
  return [0, ARCHIVE_OFFSET, ...labelled.map(({ start }) => start + ARCHIVE_OFFSET)];
}

/**
 * Reads an archive from a file or device that somebody named: a tar archive, or a seed disk of any layout.
 * @throws the system's error if it cannot be read
 */
export function readSeed(path: string): Seed {
  return withDevice(path, (source) => {
    const offsets = places(source);
    const tried = offsets.map((offset) => `byte ${offset}`).join(', ');
    const at = offsets.find((offset) => hasArchiveHeader(source.read(offset, SECTOR_BYTES)));
    if (at !== undefined) return { result: readArchive(source, at), tried };
    // Not one that begins as it should: perhaps one that is meant for a guest all the same, and is refused.
    const results = offsets.map((offset) => readArchive(source, offset));
    return { result: results.find(({ state }) => state !== 'absent') ?? { state: 'absent' }, tried };
  });
}
