import { pack } from 'tar-stream';
import { ARCHIVE_OFFSET } from './archive.ts';
import { checkMember, modulesRelease } from './member-rules.ts';

/** What a host puts into the archive. */
export interface ArchiveContent {
  config: Uint8Array;
  script?: Uint8Array;
  init?: Uint8Array;
  modules?: {
    /** File name, `<kernel release>-modules.tar.gz` or `.tar.bz2`. */
    name: string;
    content: Uint8Array;
  };
}

/** Where the archive lies on a seed disk: in the partition, on the bare disk, or in the gap before the partition. */
export type SeedLayout = 'gpt' | 'raw' | 'xen';

export interface SeedPlacement {
  /** Input of sfdisk(8) that makes the partition table; absent where there is none. */
  sfdiskScript?: string;
  /** The archive's place, in bytes from the start of the disk. */
  archiveOffset: number;
}

/** Start of the only partition, in bytes, as sfdisk(8) aligns it. */
const PARTITION_START = 1024 * 1024;
/** Bytes at the end of a disk that the backup of a GPT takes: 32 sectors of entries and the header (UEFI, 5.3). */
const BACKUP_TABLE_BYTES = 33 * 512;
/** Partition type of Linux swap (Discoverable Partitions Specification). */
const SWAP_TYPE = '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F';

/**
 * Packs the archive, directory first and configuration last, so that an archive that was cut off at any point has no
 * configuration and is refused. The same content and time give the same bytes. Throws an error for people if a member
 * is one that a guest would refuse.
 *
 * @param modified time of modification of all members
 */
export async function packArchive(content: ArchiveContent, modified = new Date(0)): Promise<Uint8Array> {
  const { config, script, init, modules } = content;
  if (modules !== undefined && modulesRelease(modules.name) === undefined) {
    throw new Error(
      `"${modules.name}" is no modules archive: name it <kernel release>-modules.tar.gz or .tar.bz2`,
    );
  }
  const archive = pack();
  archive.entry({ name: 'gandi/', type: 'directory', mode: 0o700, mtime: modified });
  const add = (name: string, mode: number, bytes: Uint8Array | undefined) => {
    if (bytes === undefined) {
      return;
    }
    const header = { name: `gandi/${name}`, mode, size: bytes.length };
    for (const { found, expected } of checkMember({ ...header, type: '0' })) {
      throw new Error(`${header.name} cannot be packed: it has ${found}, and a guest takes ${expected}`);
    }
    archive.entry({ ...header, mtime: modified }, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  };
  add('script', 0o700, script);
  add('init', 0o700, init);
  add(modules?.name ?? '', 0o600, modules?.content);
  add('config', 0o600, config);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Where the archive goes on a disk of a size, and which partition table the disk gets. `gpt` is how KVM guests see it:
 * one partition named `gandiswap` with the archive inside. `xen` has the same partition with the archive at its place
 * of the whole disk, before the partition and, if it is long, into it. `raw` has no table. Throws an error for people
 * if the archive does not fit.
 */
export function seedLayout(layout: SeedLayout, sizeBytes: number, archiveBytes: number): SeedPlacement {
  const archiveOffset = (layout === 'gpt' ? PARTITION_START : 0) + ARCHIVE_OFFSET;
  const table = layout === 'raw' ? 0 : BACKUP_TABLE_BYTES;
  const needed = Math.max(archiveOffset + archiveBytes, layout === 'raw' ? 0 : 2 * PARTITION_START) + table;
  if (sizeBytes < needed) {
    throw new Error(`a seed disk of ${sizeBytes} bytes is too small: layout ${layout} needs ${needed} bytes`);
  }
  if (layout === 'raw') {
    return { archiveOffset };
  }
  return { archiveOffset, sfdiskScript: `label: gpt\nstart=1MiB, type=${SWAP_TYPE}, name="gandiswap"\n` };
}
