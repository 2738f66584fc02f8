import { giga, mebibyte, megabyte, type Unit } from './measure.ts';

/** A value with its unit; G stands for 10⁹ instructions. */
export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case 'instructions':
      return `${(value / giga).toFixed(value < 10 * giga ? 3 : 1)} G`;
    case 'MiB':
      return `${(value / mebibyte).toFixed(1)} MiB`;
    case 'processes':
      return String(value);
    case 'MB':
      return `${(value / megabyte).toFixed(1)} MB`;
    case 'of 10':
      return `${value.toFixed(1)} of 10`;
  }
}

/** A ratio in words, such as `1/59 of` or `1.20 times`. */
export function formatRatio(ratio: number): string {
  if (ratio >= 0.95) return `${ratio.toFixed(2)} times`;
  return ratio > 0.1 ? `${Math.round(ratio * 100)} % of` : `1/${Math.round(1 / ratio)} of`;
}

/** A part of 1 in percent. */
export function formatPercent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
