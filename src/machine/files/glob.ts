import type { FileView } from './files.ts';

/**
 * Whether a name matches a shell pattern with `*`, `?` and `[…]` (glob(7)); a slash is a character like any other.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const source = pattern.replace(/\[[!^]?[^\]]+\]|./gsu, (piece) => {
    if (piece === '*') return '.*';
    if (piece === '?') return '.';
    if (piece.length === 1) return piece.replace(/[.+^${}()|[\]\\]/, '\\$&');
    return piece.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
  });
  try {
    return new RegExp(`^${source}$`, 's').test(name);
  } catch {
    // A range that runs backwards, such as [z-a], matches nothing.
    return false;
  }
}

/** Whether an absolute path matches a pattern, part by part. */
export function pathMatchesGlob(pattern: string, path: string): boolean {
  const patterns = pattern.split('/');
  const parts = path.split('/');
  return (
    patterns.length === parts.length && parts.every((part, index) => matchesGlob(patterns[index] ?? '', part))
  );
}

/** The existing paths that an absolute pattern stands for; hidden files only where the pattern names the dot. */
export function expandGlob(files: FileView, pattern: string): string[] {
  let paths = [''];
  for (const part of pattern.split('/').filter((piece) => piece !== '')) {
    const isPattern = /[*?[]/.test(part);
    paths = paths.flatMap((path) => {
      if (!isPattern) return [`${path}/${part}`];
      const names = files.list(path === '' ? '/' : path);
      const found = names.filter(
        (name) => matchesGlob(part, name) && name.startsWith('.') === part.startsWith('.'),
      );
      return found.map((name) => `${path}/${name}`);
    });
  }
  return paths.filter((path) => files.status(path) !== undefined);
}
