import type { NetworkInterface } from '../../machine/system/facts.ts';

/** Where an admin's file configures an interface. */
export interface Place {
  file: string;
  /** From 1. */
  line: number;
  /** The bond, bridge or VRF that it makes the interface part of. */
  master?: string;
  /** The distribution's default for any interface rather than somebody's will: a file of ours may go before it. */
  givesWay?: boolean;
}

/** What can be said of an interface that is not there, as in an unpacked image, is only its name. */
export type MatchedInterface = Pick<NetworkInterface, 'name'> & Partial<NetworkInterface>;

/** What a place does with an interface, and what is to be done about that, for a line that begins with its name. */
export function describePlace({ file, line, master }: Place, does: string): string {
  const where = `${file} line ${line}`;
  return master === undefined
    ? `${where} ${does}; remove it there`
    : `${where} makes it part of ${master}; take it out there`;
}
