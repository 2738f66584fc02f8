import { makeIso9660 } from '../../machine/formats/volumes/iso9660/image.ts';

/** Files of a seed by their names. */
export const SEED_FILE_NAMES = [
  'meta-data',
  'user-data',
  'network-config',
  'vendor-data',
  // Ours: cloud-init reads the others alone.
  'operator-script',
] as const;
export type SeedFileName = (typeof SEED_FILE_NAMES)[number];
export type SeedFiles = { [Name in SeedFileName]?: Uint8Array };

/**
 * Makes an ISO 9660 image labelled `cidata`, as hosts attach it. `meta-data` and `user-data` are there in any case, for a
 * volume without them is none. The same files give the same bytes.
 */
export function makeNoCloudSeed(files: SeedFiles): Uint8Array {
  const present = SEED_FILE_NAMES.flatMap((name) => {
    const isNeeded = name === 'meta-data' || name === 'user-data';
    const content = files[name] ?? (isNeeded ? new Uint8Array(0) : undefined);
    return content === undefined ? [] : { name, content };
  });
  return makeIso9660('cidata', present);
}
