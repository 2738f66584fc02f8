import { linkSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { Files } from './files.ts';
import { RUNTIME_DIRECTORY } from './paths.ts';

/** On the same file system as what services keep in /run: hard links and renaming need that. */
const KEPT_DIRECTORY = `${RUNTIME_DIRECTORY}/unchanged`;

/**
 * Remembers the files of a directory below /run, so that those which a command writes anew with the same content can be
 * put back: who looks at times and inodes then sees that nothing changed.
 * @returns puts back what is unchanged; to be called when the command has ended
 */
export function rememberFiles(files: Files, directory: string): () => void {
  const kept = files.locate(KEPT_DIRECTORY);
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  const names = files.list(directory).filter((name) => files.status(`${directory}/${name}`)?.kind === 'file');
  const inDirectory = (name: string) => files.locate(`${directory}/${name}`);
  for (const name of names) linkSync(inDirectory(name), `${kept}/${name}`);
  return () => {
    for (const name of names) {
      const isThere = files.status(`${directory}/${name}`)?.kind === 'file';
      if (isThere && readFileSync(inDirectory(name)).equals(readFileSync(`${kept}/${name}`)))
        renameSync(`${kept}/${name}`, inDirectory(name));
    }
    rmSync(kept, { recursive: true });
  };
}
