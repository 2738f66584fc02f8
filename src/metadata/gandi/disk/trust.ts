import { ERASE_MARK_BYTES } from '../../../machine/formats/erase-mark.ts';
import type { Signature } from '../../../machine/formats/signatures/signature.ts';
import { describe } from '../../../machine/formats/signatures.ts';
import { excludesRange, type SwapHeader } from '../../../machine/formats/swap-header.ts';
import type { Problem } from '../../guest-config.ts';
import { likenessOf } from './host-disk.ts';
import type { Knowledge, ObservedPlace } from './observed-place.ts';
import type { ArchivePlace } from './swap-places.ts';

const SWAP_LABEL = 'swap';

export function isLabelledSwap({ signatures }: Pick<ObservedPlace, 'signatures'>): boolean {
  return signatures.some(({ type, label }) => type === 'swap' && label === SWAP_LABEL);
}

export function othersThanSwap({ signatures }: Pick<ObservedPlace, 'signatures'>): Signature[] {
  return signatures.filter(({ type }) => type !== 'swap' && type !== 'archive');
}

export function swapHeaderOf({ signatures }: Pick<ObservedPlace, 'signatures'>): SwapHeader | undefined {
  return signatures.find(({ type }) => type === 'swap')?.swap;
}

/**
 * Something is on the device that is neither swap nor the host's, as far as anybody can tell; or its whole disk is
 * somebody's: mkswap(8) leaves a partition table where it is, and then any process may write wherever a partition lies.
 */
export function holdsSomethingElse(observed: ObservedPlace): boolean {
  const { unreadable, unknown, around } = observed;
  return (
    unreadable !== undefined ||
    unknown === true ||
    around !== undefined ||
    othersThanSwap(observed).length > 0
  );
}

/** What the whole disk of a partition holds, for people. */
export function describeAround(around: readonly Signature[]): string {
  return `${describe(around)} on its whole disk`;
}

/** Whether more than what is written on a disk speaks for it: its kind, its place, its partition's label, or its past. */
function isKnown({ place, identity }: ObservedPlace, { remembered }: Knowledge): boolean {
  if (place.labelled || place.expected !== undefined || place.hosts) return true;
  return remembered !== undefined && likenessOf(remembered, identity, true) !== undefined;
}

/**
 * Whether what was found at a place was put there by the host. In a swap area the kernel writes the memory of any process,
 * but for the pages that the header excludes. At the first boot no process has had the time to do so, and a disk that label
 * or place proves is believed then; but for an area that was in use before the packages came.
 */
export function isFromHost(observed: ObservedPlace, found: ArchivePlace, knowledge: Knowledge): boolean {
  const { place, signatures } = observed;
  if (place.active || observed.around !== undefined) return false;
  if (!(knowledge.firstBoot || isKnown(observed, knowledge))) return false;
  // The gap before a partition is no part of what that holds.
  if (found.device !== place.device) return true;
  if (holdsSomethingElse(observed)) return false;
  const header = swapHeaderOf(observed);
  if (header === undefined || excludesRange(header, found.offset, ERASE_MARK_BYTES)) return true;
  const proven = place.labelled || place.expected !== undefined || (place.hosts && isLabelledSwap(observed));
  const uuid = signatures.find(({ type }) => type === 'swap')?.uuid;
  const isUnused = uuid === undefined || !knowledge.earlierSwaps.has(uuid);
  return knowledge.firstBoot && proven && isUnused && !knowledge.isForgetful();
}

/** Content alone says that a whole disk is the host's only where nobody but the host attaches disks of that kind. */
export function speaksByContent(observed: ObservedPlace): boolean {
  const { place } = observed;
  const isPlain = !holdsSomethingElse(observed) && swapHeaderOf(observed) === undefined;
  return !place.device.partition && place.hosts && isPlain;
}

/** A line about an archive where any process can write, or on a disk that is nobody's. */
export function doubtOf(observed: ObservedPlace, used: boolean, knowledge: Knowledge): Problem[] {
  const { place, archives, around } = observed;
  const inside = around === undefined ? archives.find(({ device }) => device === place.device) : archives[0];
  if (place.active || inside === undefined) return [];
  const node = place.device.node;
  const accept = `"gandi-guest accept ${node}" takes this disk from the next boot on`;
  if (holdsSomethingElse(observed)) {
    // The same bytes on any other disk are a file of somebody's.
    if (!used || !isKnown(observed, knowledge)) return [];
    const beside =
      around === undefined
        ? describe(othersThanSwap(observed)) || 'data that nobody knows'
        : describeAround(around);
    const found = `an archive at byte ${inside.offset}, beside ${beside}`;
    return doubt(node, found, 'an archive alone, so it was not used; have the host write it to a blank disk');
  }
  const header = swapHeaderOf(observed);
  const isSafe = header === undefined || excludesRange(header, inside.offset, ERASE_MARK_BYTES);
  if (!isSafe && !isFromHost(observed, inside, knowledge)) {
    const found = `an archive in a swap area, at byte ${inside.offset}, where any process can write`;
    const remedy = used ? 'CONFIG_SWAP=1 makes the area anew, then have the host write it again' : accept;
    return doubt(node, found, `a swap header that excludes its page, so it was not used; ${remedy}`);
  }
  if (isFromHost(observed, inside, knowledge) && (used || place.device.partition || header !== undefined))
    return [];
  return doubt(
    node,
    'an archive on a disk that nothing else says is the host’s',
    `the host’s disk; ${accept}`,
  );
}

/** A line about another disk than the remembered one. */
export function strangerProblem(
  { place }: ObservedPlace,
  reason: string,
  { remembered }: Knowledge,
): Problem[] {
  const node = place.device.node;
  const number = remembered?.partition === undefined ? '' : `, partition ${remembered.partition}`;
  return doubt(
    node,
    `another disk that claims to be the host’s (${reason})`,
    `the one at ${remembered?.place}${number}, which was used before; if the host moved it, "gandi-guest accept ${node}" takes it from the next boot on`,
  );
}

function doubt(path: string, found: string, expected: string): Problem[] {
  return [{ group: 'archive', path, found, expected }];
}
