import { readArchive } from '../../../../src/metadata/gandi/archive.ts';
import { memorySource } from '../memory-source.ts';

/** What a person would read about an archive, one line a problem; else the state. */
export function problemsOf(bytes: Uint8Array): string[] {
  const result = readArchive(memorySource(bytes), 0);
  return result.state === 'broken'
    ? result.problems.map(({ group, path, found, expected }) => `${group}: ${path}: ${found}; ${expected}`)
    : [result.state];
}
