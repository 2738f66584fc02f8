import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { Files } from '../../src/machine/files/files.ts';

const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/**
 * An unpacked image in a directory of its own, which is gone after the test: paths to texts or links.
 * @param place where that directory is made; `/dev/shm` does not wait for a disk
 */
export function temporaryRoot(
  entries: Record<string, string | { link: string }> = {},
  place = tmpdir(),
): Files {
  const root = mkdtempSync(join(place, 'gandi-guest-'));
  made.push(root);
  for (const [path, entry] of Object.entries(entries)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (typeof entry === 'string') writeFileSync(join(root, path), entry);
    else symlinkSync(entry.link, join(root, path));
  }
  return new Files(root);
}
