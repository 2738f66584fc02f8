import type { Plugin } from 'esbuild';

export const YAML_PARTS: readonly string[];
export function libraryParts(root: string): Plugin;
