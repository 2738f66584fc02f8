import type { Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { SealPart, SealView } from '../part.ts';
import { amount, type Found, walk } from '../walk.ts';

/** What package managers and others fetch or compute again. */
const CACHES = [
  '/var/cache/apt/archives',
  '/var/lib/apt/lists',
  '/var/cache/dnf',
  '/var/cache/libdnf5',
  '/var/cache/yum',
  '/var/cache/zypp/packages',
  '/var/cache/zypp/raw',
  '/var/cache/zypp/solv',
  '/var/cache/pacman/pkg',
  '/var/cache/fontconfig',
  '/var/cache/man',
];

/** Files that apt maps, and makes from its lists. */
const INDEXES = ['/var/cache/apt/pkgcache.bin', '/var/cache/apt/srcpkgcache.bin'];

/** Of no content: who locks one wants it there. */
const LOCKS = /\/(lock|CACHEDIR\.TAG)$/;

const contentOf = (view: SealView, directory: string): Found[] =>
  walk(view, directory).filter(({ path, status }) => status.size > 0 && !LOCKS.test(path));

const indexesOf = (files: FileView) => INDEXES.filter((path) => (files.status(path)?.size ?? 0) > 0);

export const caches: SealPart = {
  name: 'caches',
  what: 'caches of packages, fonts and manuals',
  find: (view) => [
    ...CACHES.flatMap((path): Trait[] => {
      const found = contentOf(view, path);
      return found.length === 0 ? [] : [{ path, severity: 'info', what: `a cache: ${amount(found)}` }];
    }),
    ...indexesOf(view.files).map((path): Trait => ({ path, severity: 'info', what: 'a cache' })),
  ],
  seal: (view) => [
    ...CACHES.filter((path) => contentOf(view, path).length > 0).map(
      (path): Change => ({ kind: 'remove-tree', path, keepDirectory: true }),
    ),
    ...indexesOf(view.files).map((path): Change => ({ kind: 'remove-file', path })),
  ],
};
