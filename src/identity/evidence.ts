/** What tells one virtual machine from another. Each of it can change during the life of one. */
export interface Instance {
  /** The source that gave the instance id. */
  source?: string;
  /** What the source calls this guest. */
  instanceId?: string;
  /** Identifier that the hypervisor gives, in lower case. */
  productUuid?: string;
  /** MAC addresses of all interfaces, in lower case, sorted. */
  macs: readonly string[];
  /** Digest of the machine ID: the ID itself is to be kept from others (machine-id(5)). */
  machineId?: string;
}

/**
 * How the source spoke in this boot: `heard`; `silent`, where it is not there and its last word counts; `failed`, where it is
 * broken or does not answer.
 */
export type Hearing = 'heard' | 'silent' | 'failed';

export interface Verdict {
  /**
   * `same`: the guest that was recorded, whatever changed; `clone`: another one; `undecided`: it looks like a clone, but its
   * source is silent, or no interface is there yet: nothing is renewed, and the record stays for a boot that can tell.
   */
  kind: 'same' | 'clone' | 'undecided';
  /** Which rule said so, for people. */
  rule: string;
  /** It is close to being a clone: for the admin to judge. */
  isNear: boolean;
}

type Compared = 'same' | 'other' | 'unknown';

/** Nothing but zeros or ones: the firmware has none (SMBIOS 3.6, 7.2.1). */
const isUuid = (text: string) => !/^[0-]*$/.test(text) && !/^[f-]*$/.test(text);

/** @returns the UUID in lower case; undefined where the firmware has none */
export function knownUuid(text: string | undefined): string | undefined {
  const uuid = text?.trim().toLowerCase();
  return uuid !== undefined && isUuid(uuid) ? uuid : undefined;
}

const swapBytes = (digits: string) => (digits.match(/../g) ?? []).reverse().join('');

/**
 * The same UUID with the first three fields in the other byte order: SMBIOS 2.6 turned them round, and firmware of one host
 * may be older than that of another (SMBIOS 3.6, 7.2.1).
 */
export function inOtherByteOrder(uuid: string): string {
  const [first = '', second = '', third = '', ...rest] = uuid.split('-');
  return [swapBytes(first), swapBytes(second), swapBytes(third), ...rest].join('-');
}

export function compareUuids(recorded: string | undefined, now: string | undefined): Compared {
  if (recorded === undefined || now === undefined) return 'unknown';
  return recorded === now || inOtherByteOrder(recorded) === now ? 'same' : 'other';
}

/** One that is still there is enough: interfaces come and go. */
function compareMacs(recorded: readonly string[], now: readonly string[]): Compared {
  if (recorded.length === 0 || now.length === 0) return 'unknown';
  return recorded.some((mac) => now.includes(mac)) ? 'same' : 'other';
}

const NOT_ANOTHER: Verdict = { kind: 'same', rule: 'nothing is another', isNear: false };

function byOtherId(uuid: Compared, macs: Compared): Verdict {
  const known = [uuid, macs].filter((each) => each !== 'unknown');
  if (known.length === 0)
    return { kind: 'same', rule: 'another instance id alone makes no clone', isNear: true };
  if (known.includes('same')) {
    const rule =
      'another instance id alone makes no clone: the SMBIOS UUID or a MAC address is the one that was recorded';
    return { kind: 'same', rule, isNear: known.includes('other') };
  }
  return {
    kind: 'clone',
    rule: 'the instance id is another, and nothing is as it was recorded',
    isNear: false,
  };
}

function byFacets(uuid: Compared, macs: Compared, now: Instance, isTold: boolean): Verdict {
  if (uuid !== 'other') return { ...NOT_ANOTHER, rule: 'no other SMBIOS UUID', isNear: false };
  if (macs === 'same')
    return { kind: 'same', rule: 'a MAC address that was recorded is still there', isNear: true };
  if (macs === 'unknown') {
    const isLate = now.macs.length === 0;
    const rule = isLate ? 'no interface is there to tell' : 'another SMBIOS UUID alone makes no clone';
    return { kind: isLate ? 'undecided' : 'same', rule, isNear: true };
  }
  if (!isTold) return { kind: 'undecided', rule: 'a source that says nothing renews nothing', isNear: true };
  const rule =
    'the SMBIOS UUID is another in both byte orders, and no MAC address that was recorded is there';
  return { kind: 'clone', rule, isNear: false };
}

/**
 * Whether a disk has come to another machine. The source's instance id decides where it is known then and now: the same one
 * is the same guest; with another one it is a clone if everything else that is known differs, too. Without an id the SMBIOS
 * UUID must be another, and none of the MAC addresses be there. The host name says nothing: copies keep it, and people
 * change it.
 */
export function judge(recorded: Instance, now: Instance, hearing: Hearing): Verdict {
  const uuid = compareUuids(recorded.productUuid, now.productUuid);
  const macs = compareMacs(recorded.macs, now.macs);
  const [before, id] = [recorded.instanceId, hearing === 'heard' ? now.instanceId : undefined];
  if (before !== undefined && before === id) {
    const isNear = uuid === 'other' && macs === 'other';
    return { kind: 'same', rule: 'the instance id is the same', isNear };
  }
  if (before !== undefined && id !== undefined) return byOtherId(uuid, macs);
  const isTold = hearing === 'heard' || (hearing === 'silent' && before === undefined);
  return byFacets(uuid, macs, now, isTold);
}

/** What differs, with the old and the new of it, for people. */
export function differences(recorded: Instance, now: Instance): string {
  const macs = [recorded.macs, now.macs].map((list) => list.join(' '));
  const pairs: [what: string, before: string | undefined, now: string | undefined][] = [
    ['instance id', recorded.instanceId, now.instanceId],
    ['SMBIOS UUID', recorded.productUuid, now.productUuid],
    ['MAC addresses', macs[0] || undefined, macs[1] || undefined],
  ];
  return pairs
    .filter(([, before, after]) => before !== undefined && after !== undefined && before !== after)
    .map(([what, before, after]) => `${what} ${before}, now ${after}`)
    .join('; ');
}
