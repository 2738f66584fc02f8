import type { FileStatus, FileView } from '../machine/files/files.ts';
import type { SealView } from './part.ts';

/** Something below a directory; links are told, not followed. */
export interface Found {
  path: string;
  status: FileStatus;
}

/** Nobody nests deeper on purpose; PATH_MAX ends it, too. */
const MOST_NESTED = 64;

type Walked = Pick<SealView, 'files' | 'foreignMounts'>;

/**
 * All that is below a directory but directories. A link in the place of the directory leads nowhere, and what is mounted there or
 * below and is no part of the image is passed over.
 */
export function walk(view: Walked, directory: string, depth = 0): Found[] {
  const { files, foreignMounts } = view;
  if (depth > MOST_NESTED || foreignMounts.includes(directory)) return [];
  return namesIn(files, directory).flatMap((name): Found[] => {
    const path = `${directory}/${name}`;
    const status = files.status(path);
    if (status === undefined) return [];
    return status.kind === 'directory' ? walk(view, path, depth + 1) : [{ path, status }];
  });
}

/**
 * What has a name below a directory that is no UTF-8. Such a name is listed with U+FFFD in the place of its bytes, and nothing is
 * found by that.
 */
export function misnamed(view: Walked, directory: string, depth = 0): string[] {
  const { files, foreignMounts } = view;
  if (depth > MOST_NESTED || foreignMounts.includes(directory)) return [];
  return namesIn(files, directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    const kind = files.status(path)?.kind;
    if (kind === undefined) return name.includes('\ufffd') ? [path] : [];
    return kind === 'directory' ? misnamed(view, path, depth + 1) : [];
  });
}

/** Whether a directory has something in it that can be removed: not only the places where something else is mounted. */
export function holdsAnything(view: Walked, directory: string): boolean {
  const { files, foreignMounts } = view;
  if (foreignMounts.includes(directory)) return false;
  return namesIn(files, directory).some((name) => {
    const path = `${directory}/${name}`;
    const isOnTheWay = foreignMounts.some((mount) => mount === path || mount.startsWith(`${path}/`));
    return isOnTheWay ? holdsAnything(view, path) : true;
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
