import type { GoldenRecord, GoldenVersion } from '../record/host-record.ts';
import { versionFiles } from './recipe.ts';

/** A record with a new version behind the others. Its number was never used before, even by one that is gone. */
export const withVersion = (record: GoldenRecord, version: GoldenVersion): GoldenRecord => ({
  ...record,
  next: Math.max(record.next, version.number + 1),
  versions: [...record.versions, version],
});

/** A record with what is known of a version now; one of which a guest came up is current. */
export function withState(record: GoldenRecord, number: number, state: GoldenVersion['state']): GoldenRecord {
  const versions = record.versions.map((version) =>
    version.number === number ? { ...version, state } : version,
  );
  return { ...record, versions, ...(state === 'ready' ? { current: number } : {}) };
}

/**
 * The record with another current version, which is all that going back is.
 * @param number absent: the newest usable one before the current
 * @throws Error in one line if there is none
 */
export function rolledBack(record: GoldenRecord, name: string, number?: number): GoldenRecord {
  const { current = Number.POSITIVE_INFINITY } = record;
  const usable = record.versions.filter(({ state }) => state === 'ready');
  const target = number ?? usable.filter((version) => version.number < current).at(-1)?.number;
  if (target === undefined) throw new Error(`golden image ${name} has no older version to go back to`);
  if (!usable.some((version) => version.number === target))
    throw new Error(`golden image ${name} has no version ${target} of which a guest has come up`);
  return { ...record, current: target };
}

/**
 * Versions that pruning takes: failed and untested ones, and the oldest beyond those that are to be kept. The current one
 * and those with children stay.
 * @param keep how many usable ones stay, the current one among them
 * @param hasChildren whether a guest or another image needs a version
 */
export function prunable(
  record: GoldenRecord,
  keep: number,
  hasChildren: (version: GoldenVersion) => boolean,
): GoldenVersion[] {
  const kept = new Set(
    record.versions
      .filter(({ state, number }) => state === 'ready' && number !== record.current)
      .map(({ number }) => number)
      .slice(-Math.max(0, keep - 1) || record.versions.length),
  );
  if (keep <= 1) kept.clear();
  return record.versions.filter(
    (version) => version.number !== record.current && !kept.has(version.number) && !hasChildren(version),
  );
}

/** Volumes of a version; the last is there only where its trial failed. */
export const volumesOfVersion = (image: string, { disk, kernel, initrd, number }: GoldenVersion): string[] =>
  [disk, kernel, initrd, versionFiles(image, number).console].filter((name) => name !== undefined);
