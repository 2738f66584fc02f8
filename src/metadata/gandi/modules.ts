import { withDevice } from '../../machine/files/device-reader.ts';
import type { Files } from '../../machine/files/files.ts';
import { HOST_DIRECTORY } from '../../machine/files/paths.ts';
import type { ByteSource } from '../../machine/formats/byte-source.ts';
import type { ModulesArchive, SeedArchive } from '../gandi-disk.ts';
import { modulesRelease } from './member-rules.ts';

/** Where gzip has its checksum and length (RFC 1952, 2.3.1); bzip2's checksum is in its last 10 bytes. */
const TRAILER_BYTES = 16;

function describeModules(name: string, source: ByteSource, offset: number, length: number): ModulesArchive[] {
  const release = modulesRelease(name);
  if (release === undefined) return [];
  const trailer = source.read(offset + Math.max(0, length - TRAILER_BYTES), Math.min(length, TRAILER_BYTES));
  return [{ name, release, fingerprint: `${length}:${Buffer.from(trailer).toString('hex')}` }];
}

/** The modules archives among the members of a new archive. */
export function modulesOf({ device, members }: SeedArchive): ModulesArchive[] {
  if (!members.some(({ name }) => modulesRelease(name) !== undefined)) return [];
  return withDevice(device, (source) =>
    members.flatMap(({ name, offset, length }) => describeModules(name, source, offset, length)),
  );
}

/** Names of the archives of modules in /gandi, which the trace is to know: they are read apart from other files. */
export function lookAtKeptModules(files: Files): string[] {
  const names = files.list(HOST_DIRECTORY).filter((name) => modulesRelease(name) !== undefined);
  for (const name of names) files.status(`${HOST_DIRECTORY}/${name}`);
  return names;
}

/** The modules archives that an earlier boot stored in /gandi. */
export function keptModules(files: Files): ModulesArchive[] {
  return lookAtKeptModules(files).flatMap((name) =>
    withDevice(files.locate(`${HOST_DIRECTORY}/${name}`), (source) =>
      describeModules(name, source, 0, source.size),
    ),
  );
}
