import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** All that is in a directory: texts, links and empty directories by their paths. */
export function treeState(directory: string): Record<string, string> {
  const state: Record<string, string> = {};
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const place = join(directory, path);
    const status = lstatSync(place);
    if (status.isSymbolicLink()) state[path] = `-> ${readlinkSync(place)}`;
    else if (status.isFile())
      state[path] = `${(status.mode & 0o7777).toString(8)} ${readFileSync(place, 'latin1')}`;
    else state[path] = 'directory';
  }
  return state;
}
