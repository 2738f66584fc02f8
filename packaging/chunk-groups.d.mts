import type { Metafile, Plugin } from 'esbuild';

export function chunkGroups(
  inputs: Metafile['inputs'],
  programs: readonly (readonly string[])[],
  root: string,
): Plugin;
