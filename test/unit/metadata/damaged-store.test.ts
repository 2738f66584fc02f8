import { expect, it } from 'vitest';
import { readStored } from '../../../src/metadata/stored/store.ts';

const WHOLE = {
  layout: 1,
  source: 'nocloud',
  attachment: '/sys/devices/x',
  config: { hostName: 'web1', interfaces: [], users: [{ sshKeys: [] }] },
  refused: ['network'],
  problems: [{ group: 'network', path: '', found: '', expected: '' }],
  origins: [],
};
const read = (stored: unknown) => readStored({ readText: () => JSON.stringify(stored) });

it('a store that is whole counts', () => {
  expect(read(WHOLE)).toMatchObject({ source: 'nocloud', config: WHOLE.config, refused: ['network'] });
});

it.each([
  { config: { hostName: 7 } },
  { config: { interfaces: 'x' } },
  { config: { users: {} } },
  { config: { scripts: [5] } },
  { problems: [3] },
  { origins: [null] },
  { layout: 2 },
])('one with %j is none, for steps would stumble over it', (damage) => {
  expect(read({ ...WHOLE, ...damage })).toBeUndefined();
});
