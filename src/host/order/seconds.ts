const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

export const SECONDS_EXPECTED = 'a time such as 30s, 5m or 1h';

/** @param text such as `30`, `30s`, `5m`, `1h` @returns seconds; undefined if it is no time */
export function parseSeconds(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (UNITS[unit || 's'] ?? 1);
}
