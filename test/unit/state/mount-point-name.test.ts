import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateNames, safeName } from '../../../src/state/mount-point-name.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

describe('safeName', () => {
  it.each([
    ['data', 'data'],
    ['my data', 'my_data'],
    ['..', '_.'],
    ['.', '_'],
    ['a/b', 'a_b'],
    ['-rf', '_rf'],
    ['.hidden', '_hidden'],
    ['\\x20', '_x20'],
    ['"%\'$(id)', '_____id_'],
    ['c++', 'c++'],
    ['v1.2-a=b@c', 'v1.2-a=b@c'],
    ['données', 'données'],
    ['\ufffd\ufffd', '__'],
    ['', '_'],
    ['   ', '_'],
    ['a\u001b[2Jb', 'a__2Jb'],
    ['a\u202eb', 'a_b'],
    ['é'.repeat(200), 'é'.repeat(120)],
  ])('makes of %j the name %j', (label, name) => {
    expect(safeName(label)).toBe(name);
  });

  it('gives one component of a path that is no option, is not hidden, and fits', () => {
    const isSafe = (name: string) => /^[^./-][^/\p{Cc}\s]*$/u.test(name) && Buffer.byteLength(name) <= 240;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (label) => isSafe(safeName(label))),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

it('numbers further names from 2', () => {
  const names = candidateNames('data');
  expect([names.next().value, names.next().value, names.next().value]).toEqual(['data', 'data_2', 'data_3']);
});
