/** Pages of 4096 bytes of a file: the first, from 0, and how many follow each other. */
export interface PageRange {
  first: number;
  count: number;
}
export function parsePages(text: string): { of: string; pages: PageRange[] };
export function readAheadProgram(pages: readonly PageRange[]): Buffer;
export function writeReadAhead(bun: string, lists: string, output: string): Promise<string | undefined>;
