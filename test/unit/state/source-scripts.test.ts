import { expect, it } from 'vitest';
import { hasRun, markedAs, parseOrderedScript, scriptMark } from '../../../src/state/source-scripts.ts';
import { makeFiles } from '../context.ts';

const ORDERED = { name: 'user-data', argv: ['/bin/sh', '/x'], digest: 'd' };

it.each([[ORDERED], [{ ...ORDERED, untilSuccess: true, timeoutSeconds: 60 }]])(
  'an ordered script is read as it was written: %j',
  (script) => {
    expect(parseOrderedScript(JSON.parse(JSON.stringify(script)))).toEqual(script);
  },
);

it('what has no meaning is left out', () => {
  const odd = { ...ORDERED, untilSuccess: 'yes', timeoutSeconds: '60', more: 1 };
  expect(parseOrderedScript(odd)).toEqual(ORDERED);
});

it.each([
  [null],
  ['user-data'],
  [{ ...ORDERED, name: '../x' }],
  [{ ...ORDERED, name: '' }],
  [{ ...ORDERED, argv: [] }],
  [{ ...ORDERED, argv: ['/bin/sh', 1] }],
  [{ ...ORDERED, argv: '/bin/sh' }],
  [{ ...ORDERED, digest: 1 }],
])('%j is none', (value) => {
  expect(parseOrderedScript(value)).toBeUndefined();
});

it('a mark says of one content that it has run', () => {
  const files = makeFiles({ [scriptMark('user-data')]: markedAs('d') });
  expect(hasRun(files, { name: 'user-data', digest: 'd' })).toBe(true);
  expect(hasRun(files, { name: 'user-data', digest: 'e' })).toBe(false);
  expect(hasRun(files, { name: 'firstboot', digest: 'd' })).toBe(false);
});
