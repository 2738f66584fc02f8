import { expect, it } from 'vitest';
import { orderMetadata } from '../../../src/bootstrap/metadata-order.ts';
import { METADATA_NETWORK, METADATA_ORDER } from '../../../src/machine/files/paths.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { makeFiles } from '../context.ts';

const host = (awaited?: HostConfiguration['awaited']): HostConfiguration => ({
  state: 'none',
  origin: 'none',
  parsed: { config: {}, problems: [], refused: [], origins: [] },
  ...(awaited === undefined ? {} : { awaited }),
});

const leave = (path: string) => ({ kind: 'write-file', path, content: '', mode: 0o644, thisBootOnly: true });
const take = (path: string) => ({ kind: 'remove-file', path });

it.each<[string, HostConfiguration['awaited'], string[], object[]]>([
  ['nothing where nobody is to be asked', undefined, [], []],
  ['both', { sources: ['ec2'], needsAddress: true }, [], [leave(METADATA_ORDER), leave(METADATA_NETWORK)]],
  ['no wait for the network', { sources: ['x'], needsAddress: false }, [], [leave(METADATA_ORDER)]],
  ['what is there', { sources: ['ec2'], needsAddress: true }, [METADATA_ORDER, METADATA_NETWORK], []],
  [
    'back what is asked no more',
    undefined,
    [METADATA_ORDER, METADATA_NETWORK],
    [take(METADATA_ORDER), take(METADATA_NETWORK)],
  ],
  [
    'the network where it is waited for no more',
    { sources: ['x'], needsAddress: false },
    [METADATA_ORDER, METADATA_NETWORK],
    [take(METADATA_NETWORK)],
  ],
])('the order to ask a service: leaves or takes %s', (_, awaited, present, expected) => {
  const files = makeFiles(Object.fromEntries(present.map((path) => [path, ''])));
  expect(orderMetadata(files, host(awaited))).toEqual(expected);
});
