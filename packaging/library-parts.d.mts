import type { Plugin } from 'esbuild';

export function libraryParts(root: string): Plugin;
