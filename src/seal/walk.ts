import type { FileStatus, FileView } from '../machine/files/files.ts';

/** Something below a directory; links are told, not followed. */
export interface Found {
  path: string;
  status: FileStatus;
}

/** Nobody nests deeper on purpose; PATH_MAX ends it, too. */
const MOST_NESTED = 64;

/** All that is below a directory but directories. A link in the place of the directory leads nowhere. */
export function walk(files: FileView, directory: string, depth = 0): Found[] {
  if (depth > MOST_NESTED || files.status(directory)?.kind !== 'directory') return [];
  return files.list(directory).flatMap((name): Found[] => {
    const path = `${directory}/${name}`;
    const status = files.status(path);
    if (status === undefined) return [];
    return status.kind === 'directory' ? walk(files, path, depth + 1) : [{ path, status }];
  });
}

/** Names in a directory that is none of a link's. */
export const namesIn = (files: FileView, directory: string): string[] =>
  files.status(directory)?.kind === 'directory' ? files.list(directory) : [];

export const isThere = (files: FileView, path: string): boolean => files.status(path) !== undefined;

const MEBIBYTE = 1024 * 1024;

/** Such as `12 files, 3 MiB`. */
export function amount(found: readonly Found[]): string {
  const bytes = found.reduce((sum, { status }) => sum + status.size, 0);
  const files = found.length === 1 ? '1 file' : `${found.length} files`;
  return bytes < MEBIBYTE ? files : `${files}, ${Math.round(bytes / MEBIBYTE)} MiB`;
}
