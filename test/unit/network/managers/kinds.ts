import { describe, expect, it } from 'vitest';
import type { NetworkManagerName } from '../../../../src/machine/system/facts.ts';
import { WRITERS } from '../../../../src/network/managers/writers.ts';
import { MORE } from './wanted.ts';

/** Paths and texts of the files that a manager is to get for each kind of interface. */
type FilesByKind = Readonly<Record<keyof typeof MORE, readonly (readonly [path: string, text: string])[]>>;

/** Compares what a manager gets for each kind of interface with what is expected: none is left out. */
export function describeKinds(manager: NetworkManagerName, expected: FilesByKind): void {
  describe(`leases, routes and interfaces that are made, with ${manager}`, () => {
    it.each(Object.keys(expected) as (keyof typeof MORE)[])('%s', (kind) => {
      const files = WRITERS[manager].filesOf('# ours\n', MORE[kind], 'lasting');
      expect(files.map(({ path, content }) => [path, content])).toEqual(expected[kind]);
    });
  });
}
