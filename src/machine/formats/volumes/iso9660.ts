import { hasText, labelField, viewOf } from '../byte-fields.ts';
import type { ByteSource } from '../byte-source.ts';
import { directoryRecords, type IsoRecord, nameOf, SECTOR_BYTES } from './iso9660/records.ts';
import { AttributeReader, type Attributes, skippedBytes } from './iso9660/rock-ridge.ts';
import { checkBytes, type FileVolume, fileVolume, readAll, refuse, type VolumeReader } from './volume.ts';

// ECMA-119 (ISO 9660), SUSP 1.12, Rock Ridge (IEEE P1282), and Microsoft's Joliet Specification.

/** Behind 16 sectors that are a boot loader's. */
const FIRST_DESCRIPTOR = 32_768;
/** More than any image has: primary, boot record, Joliet, terminator. */
const MOST_DESCRIPTORS = 32;
const PRIMARY = 1;
const SUPPLEMENTARY = 2;
const TERMINATOR = 255;
/** Of the one record of the top directory in a descriptor (ECMA-119, 8.4.18). */
const ROOT_RECORD = { at: 156, bytes: 34 };
/** A directory of a seed has a dozen entries; 256 KiB hold two thousand. */
const DIRECTORY_BYTES_LIMIT = 256 * 1024;
/** Escape sequences by which a supplementary descriptor says that its names are UCS-2: levels 1 to 3 of Joliet. */
const JOLIET = ['%/@', '%/C', '%/E'];

interface IsoEntry {
  name: string;
  isDirectory: boolean;
  bytes: number;
  record: IsoRecord;
  attributes: Attributes;
}

interface Descriptors {
  primary: Uint8Array;
  joliet?: Uint8Array;
}

/**
 * Opens an ISO 9660 image. Names are those of Rock Ridge where the image has it, else Joliet's, else its own in
 * whatever case, without version and closing dot.
 * @returns undefined if it is none
 */
export function openIso9660(source: ByteSource): FileVolume | undefined {
  const descriptors = readDescriptors(source);
  if (descriptors === undefined) return undefined;
  const label = labelField(descriptors.primary, 40, 32);
  return fileVolume(label === undefined ? [] : [label], () => readerOf(source, descriptors));
}

function readDescriptors(source: ByteSource): Descriptors | undefined {
  let primary: Uint8Array | undefined;
  let joliet: Uint8Array | undefined;
  for (let number = 0; number < MOST_DESCRIPTORS; number++) {
    const bytes = source.read(FIRST_DESCRIPTOR + number * SECTOR_BYTES, SECTOR_BYTES);
    if (bytes.length < SECTOR_BYTES || !hasText(bytes, 1, 'CD001') || bytes[0] === TERMINATOR) break;
    if (bytes[0] === PRIMARY) primary ??= bytes;
    if (bytes[0] === SUPPLEMENTARY && JOLIET.some((sequence) => hasText(bytes, 88, sequence)))
      joliet ??= bytes;
  }
  return primary && { primary, ...(joliet === undefined ? {} : { joliet }) };
}

function readerOf(source: ByteSource, { primary, joliet }: Descriptors): VolumeReader<IsoEntry> {
  const plain = directoriesOf(source, primary);
  const [itself] = plain.read(plain.root);
  const skipped = itself && skippedBytes(itself.systemUse);
  if (skipped !== undefined) {
    return reader(source, plain, new AttributeReader(source, plain.blockBytes, skipped), 'rock-ridge');
  }
  if (joliet === undefined) return reader(source, plain, undefined, 'primary');
  return reader(source, directoriesOf(source, joliet), undefined, 'joliet');
}

interface Directories {
  blockBytes: number;
  root: IsoRecord;
  read(directory: IsoRecord): IsoRecord[];
}

/** The directories that begin at a descriptor. */
function directoriesOf(source: ByteSource, descriptor: Uint8Array): Directories {
  const blockBytes = viewOf(descriptor).getUint16(128, true);
  if (![512, 1024, 2048].includes(blockBytes)) {
    refuse(FIRST_DESCRIPTOR + 128, `blocks of ${blockBytes} bytes`, 'blocks of 512, 1024 or 2048 bytes');
  }
  const start = FIRST_DESCRIPTOR + ROOT_RECORD.at;
  const bytes = descriptor.subarray(ROOT_RECORD.at, ROOT_RECORD.at + ROOT_RECORD.bytes);
  const [root] = directoryRecords(bytes, start);
  if (root === undefined) return refuse(start, 'nothing', 'a record of the top directory');
  const read = (directory: IsoRecord) => {
    const at = directory.block * blockBytes;
    checkBytes(at, directory.bytes, DIRECTORY_BYTES_LIMIT);
    return directoryRecords(readAll(source, at, directory.bytes, 'a directory'), at);
  };
  return { blockBytes, root, read };
}

function reader(
  source: ByteSource,
  { blockBytes, root, read }: Directories,
  extensions: AttributeReader | undefined,
  names: 'rock-ridge' | 'joliet' | 'primary',
): VolumeReader<IsoEntry> {
  return {
    ignoresCase: names !== 'rock-ridge',
    entries: (directory) =>
      read(directory?.record ?? root)
        .filter(({ isItselfOrParent, isAssociated }) => !isItselfOrParent && !isAssociated)
        .map((record) => {
          const attributes = extensions?.read(record) ?? {};
          const name = attributes.name ?? nameOf(record, names === 'joliet');
          return { name, isDirectory: record.isDirectory, bytes: record.bytes, record, attributes };
        }),
    content: ({ record, attributes, bytes }, most) => {
      const { at } = record;
      if (attributes.isSpecial) refuse(at, 'a link or device', 'a file');
      if (record.isInPieces) refuse(at, 'a file in several pieces', 'a file in one piece');
      checkBytes(at, bytes, most);
      if (bytes === 0) return new Uint8Array(0);
      return readAll(source, record.block * blockBytes, bytes, 'a file');
    },
  };
}
