import { closeSync, constants, openSync } from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** An open directory and a path to it that no later change of names can lead elsewhere. */
export interface OpenDirectory {
  descriptor: number;
  path: string;
}

/**
 * Opens a directory. /proc/self/fd/N leads to the open directory itself: the next best to openat(2), which is not to
 * be had here.
 */
export function directoryAt(path: string, flags = 0): OpenDirectory {
  const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | flags);
  return { descriptor, path: `/proc/self/fd/${descriptor}` };
}

/**
 * Opens a directory component by component, refusing links: a user who can write there could swap a directory for a
 * link at any moment.
 * @param trusted directory in which nobody but root changes names
 * @param below path from there, such as `.ssh`; it holds no `..`
 */
export function openWithoutLinks(trusted: string, below: string): OpenDirectory {
  let directory = directoryAt(trusted);
  for (const part of below.split('/')) {
    if (part === '') continue;
    const parent = directory;
    try {
      directory = directoryAt(`${parent.path}/${part}`, O_NOFOLLOW);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
      throw new Error(
        `${trusted}/${below}: ${part} is a symbolic link or not a directory; remove it to go on`,
      );
    } finally {
      closeSync(parent.descriptor);
    }
  }
  return directory;
}
