import { describe } from '../../../machine/formats/signatures.ts';
import type { DiskIdentity, SwapDevice, SwapState } from '../../gandi-disk.ts';
import type { Problem } from '../../guest-config.ts';
import { LIKENESS, likenessOf } from './host-disk.ts';
import type { Knowledge, ObservedPlace } from './observed-place.ts';
import type { ArchivePlace } from './swap-places.ts';
import {
  describeAround,
  doubtOf,
  holdsSomethingElse,
  isFromHost,
  isLabelledSwap,
  speaksByContent,
  strangerProblem,
  swapHeaderOf,
} from './trust.ts';

/** A device that is taken for the host's swap disk, or could be. */
export interface SwapCandidate {
  swap: SwapDevice;
  /** Where an archive is to be read. */
  archive?: ArchivePlace;
  identity: DiskIdentity;
  /** It speaks for itself, and is the remembered disk where one is remembered: no other need be waited for. */
  certain: boolean;
  /** More than a label that anybody may have given says that it is the host's. */
  hosts: boolean;
}

/** What is to be used, and what is not believed. */
export interface SwapChoice {
  /** The one to use first. */
  candidates: SwapCandidate[];
  /** One for each device that claims to speak for the host and is not believed. */
  problems: Problem[];
}

/** How sure it is that a device is the host's swap disk; the names of an order, from the surest. */
const RANKS = [
  'made by us, and expected',
  'partition label',
  'expected and proven',
  'partition label on a disk of any kind',
  'label or expected swap',
  'content',
  'blank',
  'foreign',
] as const;
type Rank = (typeof RANKS)[number];

/** States of a device that only its place speaks for. */
const UNPROVEN: readonly SwapState[] = ['foreign', 'empty'];

interface Ranked {
  candidate: SwapCandidate;
  observed: ObservedPlace;
  rank: number;
}

/**
 * Puts the devices that can be the host's swap disk in order, the one to use first. A device that nothing but an
 * archive in its content speaks for comes behind all that are proven by label or place: an old swap disk of another
 * guest, attached as a data disk, must not configure this one. A device that nothing speaks for is left out. Where a disk
 * is remembered, another is taken only if that one is gone, and only where the host alone can put it.
 */
export function chooseSwap(observed: readonly ObservedPlace[], knowledge: Knowledge): SwapChoice {
  const ranked = observed.flatMap((one) => toRanked(one, knowledge));
  const hasArchive = ({ candidate }: Ranked) => Number(candidate.archive !== undefined);
  ranked.sort((one, other) => one.rank - other.rank || hasArchive(other) - hasArchive(one));
  const used = knowledge.remembered === undefined ? ranked : knownFirst(ranked, knowledge);
  const strangers = ranked.filter((one) => !used.includes(one) && claims(one));
  return {
    candidates: used.map(({ candidate }) => candidate),
    problems: [
      ...observed.flatMap((one) => {
        const own = used.find((each) => each.observed === one);
        const stranger = strangers.some((each) => each.observed === one);
        return stranger ? [] : doubtOf(one, own !== undefined, knowledge);
      }),
      ...strangers.flatMap((one) => strangerProblem(one.observed, one.candidate.swap.reason, knowledge)),
    ],
  };
}

/** The remembered disk alone where it is there; else what the host alone can have put in its place. */
function knownFirst(ranked: readonly Ranked[], { remembered }: Knowledge): Ranked[] {
  if (remembered === undefined) return [...ranked];
  const compared = ranked.map((one) => {
    const { observed, candidate } = one;
    const proven = observed.unreadable !== undefined || isProven(candidate);
    const likeness = likenessOf(remembered, observed.identity, proven);
    return { one, likeness: likeness === undefined ? LIKENESS.length : LIKENESS.indexOf(likeness) };
  });
  const [closest] = [...compared].sort((one, other) => one.likeness - other.likeness);
  // One of two that have them is a copy, and nobody can say which.
  const isCopied =
    closest?.likeness === LIKENESS.indexOf('identifiers') &&
    compared.some((one) => one !== closest && one.likeness === closest.likeness);
  if (closest !== undefined && !isCopied && closest.likeness < LIKENESS.indexOf('place of a blank disk')) {
    // Identifiers can be copied: a disk that has them elsewhere waits for one that may come to the place.
    closest.one.candidate.certain =
      isProven(closest.one.candidate) && closest.likeness <= LIKENESS.indexOf('place');
    return [closest.one];
  }
  // What stands at the remembered place, blank or somebody's, comes last by its rank.
  const atPlace = compared.find(
    ({ likeness }) => likeness === LIKENESS.indexOf('place of a blank disk'),
  )?.one;
  return ranked.filter((one) => isAtPlaceOfHost(one) || one === atPlace);
}

function isAtPlaceOfHost({ observed: { place } }: Ranked): boolean {
  return place.expected !== undefined || (place.hosts && place.labelled);
}

/** A swap area with the usual label alone claims nothing: admins make such ones, too. */
function claims({ observed: { place }, candidate }: Ranked): boolean {
  return place.labelled || candidate.archive !== undefined || candidate.swap.pendingErase !== undefined;
}

function isProven({ swap, archive }: Pick<SwapCandidate, 'swap' | 'archive'>): boolean {
  return archive !== undefined || !UNPROVEN.includes(swap.state);
}

function toRanked(observed: ObservedPlace, knowledge: Knowledge): Ranked[] {
  const reason = reasonFor(observed, knowledge);
  if (reason === undefined) return [];
  const candidate = toCandidate(observed, reason, knowledge);
  return [{ candidate, observed, rank: RANKS.indexOf(rankOf(observed, candidate)) }];
}

function reasonFor(observed: ObservedPlace, knowledge: Knowledge): string | undefined {
  const { place, archives, erasures } = observed;
  if (place.labelled) return 'partition label gandiswap';
  if (isLabelledSwap(observed)) return 'file system label swap';
  if (place.expected !== undefined) return place.expected;
  if (isRemembered(observed, knowledge)) return 'the disk that was used before';
  // Content alone speaks for a whole disk only: a user's file can lie anywhere on a disk that holds something else.
  if (!speaksByContent(observed)) return undefined;
  const [archive] = archives;
  if (archive) return `an archive of the host at byte ${archive.offset}`;
  const [erasure] = erasures;
  return erasure && `an erasure that was cut off at byte ${erasure.place.offset}`;
}

/** A blank disk at the remembered place, or one with somebody's data, is any disk. */
function isRemembered(observed: ObservedPlace, { remembered }: Knowledge): boolean {
  if (remembered === undefined || UNPROVEN.includes(stateOf(observed))) return false;
  return likenessOf(remembered, observed.identity, true) !== undefined;
}

function rankOf(observed: ObservedPlace, { swap, archive }: Pick<SwapCandidate, 'swap' | 'archive'>): Rank {
  const { place } = observed;
  if (swap.state === 'foreign' && !archive) return 'foreign';
  if (swap.state === 'empty' && !archive) return 'blank';
  const labelled = isLabelledSwap(observed);
  const page = Math.floor((swap.archiveOffset ?? 0) / (swap.pageSize ?? 1));
  if (place.expected !== undefined && labelled && swap.badPages?.includes(page) === true)
    return 'made by us, and expected';
  if (place.labelled) return place.hosts ? 'partition label' : 'partition label on a disk of any kind';
  if (place.expected !== undefined && (labelled || archive || swap.pendingErase))
    return 'expected and proven';
  return labelled || place.expected !== undefined ? 'label or expected swap' : 'content';
}

function toCandidate(observed: ObservedPlace, reason: string, knowledge: Knowledge): SwapCandidate {
  const { place, identity } = observed;
  const state = stateOf(observed);
  const header = swapHeaderOf(observed);
  const inside = place.archives.find(({ device }) => device === place.device);
  const archive = observed.archives.find((found) => isFromHost(observed, found, knowledge));
  const pending = observed.erasures.find((erasure) => isFromHost(observed, erasure.place, knowledge));
  const swap: SwapDevice = {
    node: place.device.node,
    state,
    content: contentOf(observed, state),
    ...(header?.label === undefined ? {} : { label: header.label }),
    ...(header?.uuid === undefined ? {} : { uuid: header.uuid }),
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
  const found = { swap, ...(archive ? { archive } : {}) };
  const speaks = place.labelled || place.expected !== undefined || place.hosts;
  return {
    ...found,
    identity,
    certain: isProven(found) && knowledge.remembered === undefined,
    hosts: isProven(found) && (speaks || archive !== undefined || isRemembered(observed, knowledge)),
  };
}

function stateOf(observed: ObservedPlace): SwapState {
  if (observed.place.active) return 'active';
  if (holdsSomethingElse(observed)) return 'foreign';
  if (swapHeaderOf(observed) !== undefined) return 'swap';
  if (observed.archives.length > 0 || observed.erasures.length > 0) return 'archive';
  return observed.empty ? 'empty' : 'foreign';
}

function contentOf(observed: ObservedPlace, state: SwapState): string {
  const { unreadable, unknown, around, signatures, erasures } = observed;
  if (unreadable !== undefined) return `data that cannot be read (${unreadable})`;
  if (around !== undefined) return describeAround(around);
  if (unknown === true) return 'unrecognised data';
  if (signatures.length > 0) return describe(signatures);
  if (erasures.length > 0) return 'an archive whose erasure was cut off';
  if (state === 'archive') return 'nothing known, with an archive before its partition';
  return state === 'empty' ? 'nothing' : 'unrecognised data';
}
