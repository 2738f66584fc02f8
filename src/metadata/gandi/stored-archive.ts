import { withDevice } from '../../machine/files/device-reader.ts';
import type { Files } from '../../machine/files/files.ts';
import { HOST_DIRECTORY } from '../../machine/files/paths.ts';
import type { SeedArchive, StoredMember } from '../gandi-disk.ts';

const CHUNK_BYTES = 1024 * 1024;

function isStoredMember(files: Files, device: string, { name, offset, length }: StoredMember): boolean {
  const path = `${HOST_DIRECTORY}/${name}`;
  const status = files.status(path);
  if (status?.kind !== 'file' || status.size !== length) return false;
  return withDevice(files.locate(path), (stored) =>
    withDevice(device, (source) => {
      for (let at = 0; at < length; at += CHUNK_BYTES) {
        const count = Math.min(CHUNK_BYTES, length - at);
        if (!Buffer.from(source.read(offset + at, count)).equals(stored.read(at, count))) return false;
      }
      return true;
    }),
  );
}

/**
 * Whether every file of an archive is in /gandi already, byte for byte: a seed that is given again brings nothing new.
 * @throws the system's error if one of them cannot be read
 */
export function isStored(files: Files, { device, members }: SeedArchive): boolean {
  return members.every((member) => isStoredMember(files, device, member));
}
