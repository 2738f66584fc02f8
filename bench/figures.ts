import type { Sample, Unit } from './measure.ts';

/** What was measured of one thing in all boots. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** The mean of all samples, rounded but for a grade. */
  readonly value: number;
  /** How far the largest sample lies above the smallest, as a part of the smallest. */
  readonly spread: number;
  readonly target?: { readonly atMost: number; readonly met: boolean };
  readonly comparedTo?: { readonly id: string; readonly title: string; readonly ratio: number };
  readonly why?: string;
}

/** Samples in any order to figures: those with a target first, then by title; samples of the same id are one figure. */
export function figuresOf(samples: readonly Sample[]): Figure[] {
  const byId = new Map<string, Sample[]>();
  for (const sample of samples) byId.set(sample.id, [...(byId.get(sample.id) ?? []), sample]);
  const figures = [...byId.values()].map((group) => figureOf(group, byId));
  const rank = ({ unit, target }: Figure) => (unit === 'instructions' ? 0 : 2) + (target ? 0 : 1);
  return figures.sort((one, other) => rank(one) - rank(other) || one.id.localeCompare(other.id, 'en'));
}

function figureOf(samples: readonly Sample[], all: ReadonlyMap<string, readonly Sample[]>): Figure {
  const [first] = samples;
  if (first === undefined) throw new Error('a figure needs a sample');
  const { id, title, unit, comparedTo, why } = first;
  const value = mean(samples);
  const values = samples.map((sample) => sample.value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const spread = most === least ? 0 : most / least - 1;
  const figure: Figure = { id, title, unit, value, spread };
  const others = comparedTo === undefined ? undefined : all.get(comparedTo);
  const [other] = others ?? [];
  const atMost = targetOf(first, others);
  return {
    ...figure,
    // The worst sample decides.
    ...(atMost === undefined ? {} : { target: { atMost, met: most <= atMost } }),
    ...(others === undefined || other === undefined
      ? {}
      : { comparedTo: { id: other.id, title: other.title, ratio: value / mean(others) } }),
    ...(why === undefined ? {} : { why }),
  };
}

/** In the figure's unit; none where it depends on a figure that was not taken. */
function targetOf(
  { atMost, atMostPart, atMostBeyond }: Sample,
  others?: readonly Sample[],
): number | undefined {
  if (atMostPart === undefined && atMostBeyond === undefined) return atMost;
  if (others === undefined) return undefined;
  return Math.round(mean(others) * (atMostPart ?? 1)) + (atMostBeyond ?? 0);
}

function mean(samples: readonly Sample[]): number {
  const average = samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
  return samples[0]?.unit === 'of 10' ? average : Math.round(average);
}
