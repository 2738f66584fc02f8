import { posix } from 'node:path';
import type { Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { parseTag } from '../../machine/formats/text/fstab.ts';
import { parseSwaps } from '../../machine/formats/text/mounts.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { FSTAB, OWN_SWAP, otherEntries, ownEntries, withOwnLines } from '../../storage/own-fstab.ts';
import type { SealPart, SealView } from '../part.ts';
import { isThere } from '../walk.ts';

const SWAPS = '/proc/swaps';
const SWAPOFF_SECONDS = 300;

/** Our swap disk is called so (src/storage/swap.ts): it is the host's, and in no image. */
const HOSTS_SWAP = /^(swap|gandiswap)$/;

/** Where links to disks by what is on them lie (udev, 60-persistent-storage.rules). */
const LINKS: Readonly<Record<string, string>> = {
  UUID: '/dev/disk/by-uuid',
  LABEL: '/dev/disk/by-label',
  PARTUUID: '/dev/disk/by-partuuid',
  PARTLABEL: '/dev/disk/by-partlabel',
};

function pathOf(source: string): string {
  const tag = parseTag(source);
  return tag === undefined ? source : `${LINKS[tag.tag] ?? '/dev/disk'}/${tag.value}`;
}

const isHosts = (source: string) => {
  const tag = parseTag(source);
  return tag !== undefined && ['LABEL', 'PARTLABEL'].includes(tag.tag) && HOSTS_SWAP.test(tag.value);
};

const ownFiles = (files: FileView) => ownEntries(files.readText(FSTAB), OWN_SWAP).map(({ source }) => source);

/** The admin's areas that are in the image: files, and what /etc/fstab names of its disk. */
const others = (files: FileView): string[] =>
  otherEntries(files.readText(FSTAB), OWN_SWAP)
    .filter(({ source, type }) => type === 'swap' && !isHosts(source))
    .map(({ source }) => pathOf(source));

/** What a link of udev's leads to: so the kernel calls it. */
function nodeOf(files: FileView, path: string): string {
  const target = files.linkTarget(path);
  return target === undefined ? path : posix.resolve(posix.dirname(path), target);
}

const isActive = (files: FileView, path: string, live: boolean) =>
  live && parseSwaps(files.readText(SWAPS) ?? '').some((swap) => swap.path === nodeOf(files, path));

const off = (path: string): Change => ({
  kind: 'run-command',
  argv: ['swapoff', path],
  timeoutSeconds: SWAPOFF_SECONDS,
  why: 'what is in it must not be used while it is overwritten',
});

const pending = ({ files, wiped }: SealView) => others(files).filter((path) => !wiped.includes(path));

/** Ours goes: each clone makes its own. Areas of the admin's stay with their UUIDs, and are wiped by choice. */
export const swap: SealPart = {
  name: 'swap',
  what: 'swap areas',
  find: (view) => [
    ...ownFiles(view.files).map((path): Trait => ({ path, severity: 'warning', what: 'our swap file' })),
    ...pending(view).map(
      (path): Trait => ({
        path,
        severity: 'warning',
        what: 'a swap area, which may hold what was in memory; --zero wipes it',
      }),
    ),
  ],
  seal: (view): Change[] => {
    const { files, live, choices } = view;
    const own = ownFiles(files);
    const text = files.readText(FSTAB);
    const wiped = choices.zero ? pending(view).filter((path) => live || !path.startsWith('/dev/')) : [];
    return [
      ...[...own, ...wiped].filter((path) => isActive(files, path, live)).map(off),
      ...own.filter((path) => isThere(files, path)).map((path): Change => ({ kind: 'remove-file', path })),
      ...(own.length === 0 || text === undefined
        ? []
        : ensureFile(files, { path: FSTAB, content: withOwnLines(text, OWN_SWAP, []), mode: 0o644 })),
      ...wiped.map(
        (path): Change => ({
          kind: 'wipe-swap',
          path,
          ...(path.startsWith('/dev/') ? { isDevice: true } : {}),
        }),
      ),
    ];
  },
};

/** The admin's swap areas that --zero wipes. */
export const wipedAreas = ({ files, live, choices }: SealView): string[] =>
  choices.zero ? others(files).filter((path) => live || !path.startsWith('/dev/')) : [];
