import type { Signature } from '../../machine/signatures/signature.ts';
import { describe } from '../../machine/signatures.ts';
import type { SwapDevice, SwapState } from '../guest-config.ts';
import type { ArchivePlace, SwapPlace } from './swap-places.ts';

/** What was seen on the device of a place. */
export interface ObservedPlace {
  place: SwapPlace;
  /** Of an active swap area only its own header is looked at. */
  signatures: readonly Signature[];
  /** The device is proven to be blank; only asked where the swap disk is expected and nothing else is there. */
  empty: boolean;
  /** Where an archive's header is, the first in the order of the place's archives. */
  archive?: ArchivePlace;
  /** Where an erasure was cut off, and the length of its range in bytes. */
  erasure?: { place: ArchivePlace; length: number };
  /** Why the device could not be read. */
  unreadable?: string;
}

/** A device that is taken for the host's swap disk, or could be. */
export interface SwapCandidate {
  swap: SwapDevice;
  /** Where an archive is to be read. */
  archive?: ArchivePlace;
}

const SWAP_LABEL = 'swap';

/** How sure it is that a device is the host's swap disk; the names of an order, from the surest. */
const RANKS = [
  'partition label',
  'expected and proven',
  'label or expected swap',
  'content',
  'blank',
  'foreign',
] as const;
type Rank = (typeof RANKS)[number];

/**
 * Puts the devices that can be the host's swap disk in order, the one to use first. A device that nothing but an
 * archive in its content speaks for comes behind all that are proven by label or place: an old swap disk of another
 * guest, attached as a data disk, must not configure this one. A device that nothing speaks for is left out.
 */
export function chooseSwap(observed: readonly ObservedPlace[]): SwapCandidate[] {
  const candidates = observed.flatMap((one) => {
    const reason = reasonFor(one);
    if (reason === undefined) return [];
    const candidate = toCandidate(one, reason);
    return [{ candidate, rank: RANKS.indexOf(rankOf(one, candidate)) }];
  });
  const hasArchive = ({ archive }: SwapCandidate) => Number(archive !== undefined);
  candidates.sort(
    (one, other) => one.rank - other.rank || hasArchive(other.candidate) - hasArchive(one.candidate),
  );
  return candidates.map(({ candidate }) => candidate);
}

function reasonFor(observed: ObservedPlace): string | undefined {
  const { place, archive, erasure } = observed;
  if (place.labelled) return 'partition label gandiswap';
  if (isLabelledSwap(observed)) return 'file system label swap';
  if (place.expected !== undefined) return place.expected;
  // Content alone speaks for a whole disk only: a user's file can lie anywhere on a disk that holds something else.
  if (place.device.partition || othersThanSwap(observed).length > 0) return undefined;
  if (archive) return `an archive of the host at byte ${archive.offset}`;
  return erasure && `an erasure that was cut off at byte ${erasure.place.offset}`;
}

function rankOf({ place, ...observed }: ObservedPlace, { swap, archive }: SwapCandidate): Rank {
  if (swap.state === 'foreign' && !archive) return 'foreign';
  if (swap.state === 'empty' && !archive) return 'blank';
  if (place.labelled) return 'partition label';
  const labelled = isLabelledSwap(observed);
  if (place.expected !== undefined && (labelled || archive || observed.erasure)) return 'expected and proven';
  return labelled || place.expected !== undefined ? 'label or expected swap' : 'content';
}

function isLabelledSwap({ signatures }: Pick<ObservedPlace, 'signatures'>): boolean {
  return signatures.some(({ type, label }) => type === 'swap' && label === SWAP_LABEL);
}

function othersThanSwap({ signatures }: Pick<ObservedPlace, 'signatures'>): Signature[] {
  return signatures.filter(({ type }) => type !== 'swap' && type !== 'archive');
}

function toCandidate(observed: ObservedPlace, reason: string): SwapCandidate {
  const { place, erasure, archive } = observed;
  const node = place.device.node;
  const state = stateOf(observed);
  const header = observed.signatures.find(({ type }) => type === 'swap')?.swap;
  const inside = place.archives.find(({ device }) => device === place.device);
  // On a device that holds something else, bytes like an archive's are somebody's data; the gap before a partition is
  // no part of what that holds.
  const usable = (found: ArchivePlace) =>
    state !== 'active' && (state !== 'foreign' || found.device !== place.device);
  const pending = erasure && usable(erasure.place) ? erasure : undefined;
  const swap: SwapDevice = {
    node,
    state,
    content: contentOf(observed, state),
    ...(header?.label === undefined ? {} : { label: header.label }),
    ...(header ? { pageSize: header.pageBytes, badPages: header.badPages } : {}),
    // Said also where the archive is in the gap: whatever stands at this place inside is read at the next boot, too.
    ...(inside ? { archiveOffset: inside.offset } : {}),
    archivePlaces: place.archives.map(({ device, offset }) => ({ device: device.node, offset })),
    reason,
    ...(pending
      ? {
          pendingErase: {
            device: pending.place.device.node,
            offset: pending.place.offset,
            length: pending.length,
          },
        }
      : {}),
  };
  return { swap, ...(archive && usable(archive) ? { archive } : {}) };
}

function stateOf(observed: ObservedPlace): SwapState {
  if (observed.place.active) return 'active';
  if (observed.unreadable !== undefined || othersThanSwap(observed).length > 0) return 'foreign';
  if (observed.signatures.some(({ type }) => type === 'swap')) return 'swap';
  if (observed.archive || observed.erasure) return 'archive';
  return observed.empty ? 'empty' : 'foreign';
}

function contentOf(observed: ObservedPlace, state: SwapState): string {
  const { unreadable, signatures, erasure } = observed;
  if (unreadable !== undefined) return `data that cannot be read (${unreadable})`;
  if (signatures.length > 0) return describe(signatures);
  if (erasure) return 'an archive whose erasure was cut off';
  if (state === 'archive') return 'nothing known, with an archive before its partition';
  return state === 'empty' ? 'nothing' : 'unrecognised data';
}
