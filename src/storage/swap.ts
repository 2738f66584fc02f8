import type { Change, EraseRange } from '../machine/changes/change.ts';
import { HOST_DIRECTORY } from '../machine/files/paths.ts';
import { ERASE_MARK_BYTES } from '../machine/formats/erase-mark.ts';
import { modulesRelease } from '../metadata/gandi/member-rules.ts';
import type { SeedArchive, SwapDevice } from '../metadata/gandi-disk.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';

const SWAP_LABEL = 'swap';
const COMMAND_SECONDS = 60;

/** Customer's script: the only file of the host's that is executed. */
const EXECUTABLE = 'script';

/** Files of an earlier archive that must not act again when the host no longer gives them. */
function isGivenByHost(name: string): boolean {
  return name === 'script' || name === 'init' || modulesRelease(name) !== undefined;
}

function storeArchive({ files }: StepContext, archive: SeedArchive): Change[] {
  const given = new Set(archive.members.map(({ name }) => name));
  // Where the copy of a new one fails, an old script must not be taken for it.
  const isReplaced = (name: string) => archive.stored !== true && modulesRelease(name) === undefined;
  const stale = files
    .list(HOST_DIRECTORY)
    .filter((name) => isGivenByHost(name) && (!given.has(name) || isReplaced(name)));
  const members = archive.members.map(
    ({ name, offset, length }): Change => ({
      kind: 'copy-range',
      device: archive.device,
      offset,
      length,
      path: `${HOST_DIRECTORY}/${name}`,
      mode: name === EXECUTABLE ? 0o700 : 0o600,
      owner: { uid: 0, gid: 0 },
    }),
  );
  return [
    ...stale.map((name): Change => ({ kind: 'remove-file', path: `${HOST_DIRECTORY}/${name}` })),
    ...(archive.stored === true
      ? []
      : [{ kind: 'make-directory', path: HOST_DIRECTORY, mode: 0o700 } as const, ...members]),
  ];
}

/**
 * The page of the swap area where the host puts its archive is excluded from use: otherwise any process could have
 * its own memory, written there by the kernel, taken for the host's archive at the next boot.
 */
function archivePage({ facts }: StepContext, swap: SwapDevice): number | undefined {
  return swap.archiveOffset === undefined ? undefined : Math.floor(swap.archiveOffset / facts.pageBytes);
}

/** The header counts in pages of its own size; the kernel uses no area that was made for another. */
function excludes({ facts }: StepContext, { pageSize, badPages }: SwapDevice, page: number): boolean {
  return pageSize === facts.pageBytes && badPages?.includes(page) === true;
}

function isReady(context: StepContext, swap: SwapDevice, page: number | undefined): boolean {
  const excluded = page === undefined || excludes(context, swap, page);
  return swap.state === 'swap' && swap.label === SWAP_LABEL && excluded;
}

function makeSwap({ facts }: StepContext, swap: SwapDevice, page: number | undefined): Change {
  const badPages = page === undefined ? [] : [page];
  const uuid = swap.state === 'swap' && swap.uuid !== undefined ? { uuid: swap.uuid } : {};
  return {
    kind: 'make-swap',
    device: swap.node,
    label: SWAP_LABEL,
    pageBytes: facts.pageBytes,
    badPages,
    ...uuid,
  };
}

/**
 * Whatever stands at the archive's place in a swap area that did not exclude it may be any process's. It goes before the
 * page is excluded: from then on what stands there is the host's word.
 */
function eraseUntrusted(context: StepContext, swap: SwapDevice, page: number | undefined): Change[] {
  const { facts, host } = context;
  if (swap.state !== 'swap' || page === undefined || excludes(context, swap, page)) return [];
  const believed = host.gandi?.archive?.device ?? swap.pendingErase?.device;
  if (believed === swap.node) return [];
  const why = 'any process could write where the host’s archive is to be';
  const range = { device: swap.node, offset: page * facts.pageBytes, length: facts.pageBytes };
  return [{ kind: 'erase-range', ...range, why }];
}

function eraseArchive(archive: SeedArchive | undefined, swap: SwapDevice): EraseRange | undefined {
  if (archive !== undefined) {
    const { device, offset, length } = archive;
    return { kind: 'erase-range', device, offset, length, why: 'no secret stays in the swap area' };
  }
  if (swap.pendingErase === undefined) return undefined;
  return { kind: 'erase-range', ...swap.pendingErase, why: 'finish an erasure that was cut off' };
}

function prepareSwap(context: StepContext, swap: SwapDevice): Change[] {
  const page = archivePage(context, swap);
  const erase = eraseArchive(context.host.gandi?.archive, swap);
  if (erase !== undefined && erase.device !== swap.node) {
    // In the gap before the partition, and if it is long, over the partition's start: the header comes afterwards, and
    // until it is there the mark tells that a partition which holds pages of old, and no signature, is the swap area.
    return [
      ...eraseUntrusted(context, swap, page),
      { ...erase, keepMark: true },
      makeSwap(context, swap, page),
      { ...erase, length: ERASE_MARK_BYTES, why: 'the mark that an erasure was under way' },
    ];
  }
  // The disk must never be without the one or the other: by the archive or the swap signature it is known again.
  return [
    ...eraseUntrusted(context, swap, page),
    ...(isReady(context, swap, page) ? [] : [makeSwap(context, swap, page)]),
    ...(erase === undefined ? [] : [erase]),
  ];
}

/**
 * Why the host's archive must stay on its disk, for people: what is erased there could never be had again where what is
 * stored of it does not outlast the boot.
 */
export function whyArchiveStays({ host, facts }: Pick<StepContext, 'host' | 'facts'>): string | undefined {
  const isThere = host.gandi?.archive !== undefined || host.gandi?.swap?.state === 'archive';
  return isThere ? facts.lostAtReboot : undefined;
}

function useAsSwap(context: StepContext, swap: SwapDevice): Plan {
  switch (swap.state) {
    case 'active':
      return { changes: [] };
    case 'foreign': {
      const text = `${swap.node} (${swap.reason}) is left alone, it holds ${swap.content}: no swap was set up`;
      return { changes: [], notes: [{ level: 'warning', text }] };
    }
    case 'swap':
    case 'archive':
    case 'empty':
      return {
        changes: [
          ...prepareSwap(context, swap),
          {
            kind: 'run-command',
            argv: ['swapon', swap.node],
            partition: swap.node,
            timeoutSeconds: COMMAND_SECONDS,
            thisBootOnly: true,
            why: 'use the swap area',
          },
        ],
      };
  }
}

function plan(context: StepContext): Plan {
  const { host, facts, settings } = context;
  const stored = host.gandi?.archive === undefined ? [] : storeArchive(context, host.gandi?.archive);
  // An archive that was refused stays on its disk, and so the disk cannot be used.
  const isLeft = host.state === 'broken' || !settings.switches.CONFIG_SWAP;
  if (host.gandi?.swap === undefined || !facts.live || isLeft) return { changes: stored };
  const why = whyArchiveStays(context);
  if (why !== undefined) {
    const text = `the archive stays on ${host.gandi?.swap.node}, which is not used as swap: ${HOST_DIRECTORY} is lost at the next reboot (${why})`;
    return { changes: stored, notes: [{ level: 'info', text }] };
  }
  const used = useAsSwap(context, host.gandi?.swap);
  return { ...used, changes: [...stored, ...used.changes] };
}

/** Stores what the host gave, erases it from the disk, and makes the disk swap. */
export const swap: Step = {
  name: '01-config_swap',
  summary: 'the host’s archive into /gandi, then its disk as swap (CONFIG_SWAP)',
  plan,
};
