import { readlinkSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeDirectory } from '../../../../src/machine/files/write.ts';
import { temporaryRoot } from '../../temporary-root.ts';

/** Makes a directory, and tells the paths of what was brought to the disk. */
function synced(entries: Record<string, string>, unsynced?: true): string[] {
  const files = temporaryRoot(entries);
  const paths: string[] = [];
  const target = { path: '/srv/data', mode: 0o775, ...(unsynced === undefined ? {} : { unsynced }) };
  makeDirectory(files, target, (descriptor) =>
    paths.push(readlinkSync(`/proc/self/fd/${descriptor}`).slice(files.root.length)),
  );
  expect(statSync(`${files.root}/srv/data`).mode & 0o777).toBe(0o775);
  return paths;
}

it('brings a directory that is new to the disk, with its name', () => {
  expect(synced({ '/srv/.keep': '' })).toEqual(['/srv/data', '/srv']);
});

it('brings the mode of one that was there to the disk, which has the name already', () => {
  expect(synced({ '/srv/data/.keep': '' })).toEqual(['/srv/data']);
});

it('waits for no disk where a power cut may take it', () => {
  expect(synced({ '/srv/.keep': '' }, true)).toEqual([]);
});
