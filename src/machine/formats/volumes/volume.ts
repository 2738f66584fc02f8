import type { ByteSource } from '../byte-source.ts';

/** Why a volume or an archive, or something in it, cannot be read as it says. */
export interface FormatFault {
  /** In bytes from its start. */
  at: number;
  found: string;
  expected: string;
}

/** An entry of a directory. */
export interface VolumeEntry {
  name: string;
  isDirectory: boolean;
  /** Of its content; 0 of a directory of FAT. */
  bytes: number;
}

/** A file system whose files are read in user space: no kernel parses what a stranger wrote. */
export interface FileVolume {
  /** Its names; FAT can have two that differ. */
  readonly labels: readonly string[];
  /** The entries of the top directory, in its order. */
  list(): readonly VolumeEntry[] | { fault: FormatFault };
  /**
   * The content of a file.
   * @param path names joined by `/`, the first one in the top directory
   * @param most bytes; a longer file is a fault
   * @returns undefined if no file has that name
   */
  read(path: string, most: number): Uint8Array | undefined | { fault: FormatFault };
}

/** Carries a fault out of a reader; only {@link unlessRefused} sees it. */
class Refusal extends Error {
  readonly fault: FormatFault;

  constructor(fault: FormatFault) {
    super(`${fault.found}, expected ${fault.expected}`);
    this.fault = fault;
  }
}

/** Ends the reading that {@link unlessRefused} began. */
export function refuse(at: number, found: string, expected: string): never {
  throw new Refusal({ at, found, expected });
}

/**
 * What a reader finds, or the fault for which it gave up.
 * @throws what reading the source throws, and nothing else
 */
export function unlessRefused<T>(look: () => T): T | { fault: FormatFault } {
  try {
    return look();
  } catch (error) {
    if (error instanceof Refusal) return { fault: error.fault };
    throw error;
  }
}

/** Bytes that must all be there. */
export function readAll(source: ByteSource, offset: number, length: number, what: string): Uint8Array {
  const bytes = offset + length > source.size ? new Uint8Array(0) : source.read(offset, length);
  if (bytes.length < length) {
    refuse(offset, `${what} that reaches behind the end`, `${what} inside of ${source.size} bytes`);
  }
  return bytes;
}

/** Refuses what has more bytes than its reader takes. */
export function checkBytes(at: number, bytes: number, most: number): void {
  if (bytes > most) refuse(at, `${bytes} bytes`, `at most ${most} bytes`);
}

/** A volume whose directories and files a format's reader finds. */
export interface VolumeReader<Entry extends VolumeEntry> {
  /** Of the top directory, or of an entry that is one. */
  entries(directory?: Entry): readonly Entry[];
  /** Of a file of at most so many bytes. */
  content(file: Entry, most: number): Uint8Array;
  /** Whether names are compared without case. */
  ignoresCase: boolean;
}

/** The volume that a reader's faults cannot leave other than as faults. */
export function fileVolume<Entry extends VolumeEntry>(
  labels: readonly string[],
  open: () => VolumeReader<Entry>,
): FileVolume {
  let opened: VolumeReader<Entry> | undefined;
  let top: readonly Entry[] | undefined;
  const reader = () => {
    opened ??= open();
    return opened;
  };
  /** The top directory is read once, and every file is looked for in it. */
  const entries = (directory?: Entry) => {
    if (directory !== undefined) return reader().entries(directory);
    top ??= reader().entries();
    return top;
  };
  return {
    labels,
    list: () =>
      unlessRefused(() => entries().map(({ name, isDirectory, bytes }) => ({ name, isDirectory, bytes }))),
    read: (path, most) =>
      unlessRefused(() => {
        const entry = find(entries, path.split('/'), reader().ignoresCase);
        if (entry === undefined || entry.isDirectory) return undefined;
        return reader().content(entry, most);
      }),
  };
}

/** The entry at a path. It goes as deep as the path does, whatever circles the directories make. */
function find<Entry extends VolumeEntry>(
  entries: (directory?: Entry) => readonly Entry[],
  names: readonly string[],
  ignoresCase: boolean,
): Entry | undefined {
  const folded = (name: string) => (ignoresCase ? name.toLowerCase() : name);
  let entry: Entry | undefined;
  for (const name of names) {
    if (entry !== undefined && !entry.isDirectory) return undefined;
    entry = entries(entry).find((candidate) => folded(candidate.name) === folded(name));
    if (entry === undefined) return undefined;
  }
  return entry;
}
