import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** For an option that may be given several times. */
export const collect = (value: string, before: string[]): string[] => [...before, value];

/** A file as the user named it, seen from the working directory. */
export const filePath = (text: string): string => resolve(text);

/** The same for an option that may be given several times. */
export const collectPaths = (text: string, before: string[]): string[] => [...before, filePath(text)];

/** @throws InvalidArgumentError for what is no whole number above 0 */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number above 0.');
  return Number(text);
}
