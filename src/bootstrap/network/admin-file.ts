import type { NetworkInterface } from '../../machine/facts.ts';

/** Where an admin's file configures an interface. */
export interface Place {
  file: string;
  /** From 1. */
  line: number;
  /** The distribution's default for any interface rather than somebody's will: a file of ours may go before it. */
  givesWay?: boolean;
}

/** What can be said of an interface that is not there, as in an unpacked image, is only its name. */
export type MatchedInterface = Pick<NetworkInterface, 'name'> & Partial<NetworkInterface>;
