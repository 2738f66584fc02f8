import type { Severity, Trait } from '../identity/part.ts';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { homesOf } from './accounts.ts';
import type { SealView } from './part.ts';

/** Something in a home, by its path from there. */
export interface HomeFile {
  home: string;
  path: string;
  kind: 'file' | 'directory' | 'link';
  user: string;
}

/** What is at a path below a home; nothing where a link is on the way: it may lead to what is the system's. */
function kindBelow(files: FileView, home: string, below: string): HomeFile['kind'] | undefined {
  const parts = below.split('/');
  for (const index of parts.keys()) {
    const kind = files.status(`${home}/${parts.slice(0, index + 1).join('/')}`)?.kind;
    if (index === parts.length - 1)
      return kind === 'file' || kind === 'directory' || kind === 'link' ? kind : undefined;
    if (kind !== 'directory') return undefined;
  }
  return undefined;
}

/** What there is of some paths in all homes. A name at the end may be a pattern. */
export function inHomes(
  { files, accounts }: Pick<SealView, 'files' | 'accounts'>,
  paths: readonly (string | readonly [directory: string, names: RegExp])[],
): HomeFile[] {
  return homesOf(accounts).flatMap(({ home, account }) =>
    paths
      .flatMap((path) => {
        if (typeof path === 'string') return [path];
        const [directory, names] = path;
        if (kindBelow(files, home, directory) !== 'directory') return [];
        return files
          .list(`${home}/${directory}`)
          .filter((name) => names.test(name))
          .map((name) => `${directory}/${name}`);
      })
      .flatMap((below): HomeFile[] => {
        const kind = kindBelow(files, home, below);
        return kind === undefined ? [] : [{ home, path: `${home}/${below}`, kind, user: account.name }];
      }),
  );
}

export const traitsOf = (found: readonly HomeFile[], severity: Severity, what: string): Trait[] =>
  found.map(({ path, user }) => ({ path, severity, what: `${what} of ${user}` }));

export const removals = (found: readonly HomeFile[]): Change[] =>
  found.map(({ path, home, kind }) => ({
    kind: kind === 'directory' ? 'remove-tree' : 'remove-file',
    path,
    linksRefusedBelow: home,
  }));
