import type { Release } from './roff.ts';

/**
 * Version and date that the manual names. The date comes from the changelog and not from a clock, so that two builds
 * give the same bytes.
 * @param version package.json's
 * @param changelog text with a heading such as `## 3.0.0 (2026-11-21)` for each version
 * @throws Error if the version has no heading with a date
 */
export function releaseOf(version: string, changelog: string): Release {
  const headings = changelog.matchAll(/^## (\S+) \((\d{4}-\d{2}-\d{2})\)$/gm);
  const date = [...headings].find(([, named]) => named === version)?.[2];
  if (date === undefined) throw new Error(`CHANGELOG.md has no heading "## ${version} (YYYY-MM-DD)"`);
  return { version, date };
}
