import { withDevice } from '../../machine/device-reader.ts';
import type { Files } from '../../machine/files.ts';
import { HOST_DIRECTORY } from '../../machine/paths.ts';
import type { ByteSource } from '../byte-source.ts';
import type { ModulesArchive, SeedArchive } from '../guest-config.ts';
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

/** The modules archives that an earlier boot stored in /gandi. */
export function keptModules(files: Files): ModulesArchive[] {
  const names = files.list(HOST_DIRECTORY).filter((name) => modulesRelease(name) !== undefined);
  return names.flatMap((name) =>
    withDevice(files.locate(`${HOST_DIRECTORY}/${name}`), (source) =>
      describeModules(name, source, 0, source.size),
    ),
  );
}
