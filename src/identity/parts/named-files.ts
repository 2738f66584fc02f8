import type { FileView } from '../../machine/files/files.ts';

/** Files of some directories by their names. */
export type NamedFiles = readonly (readonly [directory: string, names: RegExp])[];

/** Those of them that are there. */
export const namedFiles = (files: Pick<FileView, 'list'>, named: NamedFiles): string[] =>
  named.flatMap(([directory, names]) =>
    files
      .list(directory)
      .filter((name) => names.test(name))
      .map((name) => `${directory}/${name}`),
  );
