import type { Guest } from '../test/guest/guest.ts';
import type { BenchGuest } from './bench-guests.ts';

/**
 * `instructions` are those that the guest's CPU executed. `MiB` and `MB` tell how a number of bytes is shown. `of 10` is
 * a grade.
 */
export type Unit = 'instructions' | 'MiB' | 'MB' | 'of 10' | 'processes';

/** One figure, as it was measured once. */
export interface Sample {
  /** Short and stable: the figure's key in the results. */
  readonly id: string;
  readonly title: string;
  /** Instructions, bytes, or a grade. */
  readonly value: number;
  readonly unit: Unit;
  /** The target: the most that the value may be. */
  readonly atMost?: number;
  /** The `id` of the figure that this one is to be seen beside. */
  readonly comparedTo?: string;
  /** The target as a part of that figure. */
  readonly atMostPart?: number;
  /** The target as so much more than that figure. */
  readonly atMostBeyond?: number;
  /** Why it is no better, in a few words. */
  readonly why?: string;
}

/** What is measured in a guest after one of its boots; a folder's worth of them is what `make bench` measures. */
export interface GuestMeasure {
  readonly guest: BenchGuest;
  /** 1 is the boot that configures the guest; 2 is the next one, with nothing new. */
  readonly boot: 1 | 2;
  take(guest: Guest): Promise<Sample[]>;
}

/** 10⁹ instructions, one second of the guest's CPU time: the unit of all targets. */
export const giga = 1e9;

export const mebibyte = 1024 * 1024;

/** 10⁶ bytes, the unit in which sizes of downloads are told. */
export const megabyte = 1e6;
