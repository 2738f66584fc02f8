import { describe, expect, it } from 'vitest';
import { type OrderedGuest, startGraph } from '../../../../src/host/order/graph.ts';
import { guest, named } from './ordered-guests.ts';

/** Waves as names; refusals with their reasons. */
function shown(guests: readonly OrderedGuest[]) {
  const { places, refusals, warnings } = startGraph(guests);
  const waves: string[][] = [];
  for (const { wave, guest: at } of places.values()) {
    waves[wave - 1] ??= [];
    waves[wave - 1]?.push(at.name);
  }
  return {
    waves,
    refused: Object.fromEntries(refusals.map(({ guest: at, reason }) => [at.name, reason])),
    warnings,
  };
}

describe('the graph of a start', () => {
  it('takes numbers by their value, the lower ones first, and leaves 0 and none off', () => {
    expect(
      shown([
        guest('ten', { priority: 10 }),
        guest('nine', { priority: 9 }),
        guest('zero', { priority: 0 }),
        guest('none'),
        guest('also-ten', { priority: 10 }),
      ]),
    ).toEqual({ waves: [['nine'], ['also-ten', 'ten']], refused: {}, warnings: [] });
  });

  it('starts a guest without a number where another one requires it, and before it', () => {
    expect(shown([guest('web', { priority: 5, requires: named('db') }), guest('db')]).waves).toEqual([
      ['db'],
      ['web'],
    ]);
  });

  it('gives a guest the lowest number of those that wait for it: numbers and names cannot contradict each other', () => {
    const guests = [
      guest('early', { priority: 1, requires: named('middle') }),
      guest('middle', { priority: 7, after: named('late') }),
      guest('late', { priority: 9 }),
      guest('second', { priority: 2 }),
    ];
    expect(shown(guests).waves).toEqual([['late'], ['middle'], ['early'], ['second']]);
    expect([...startGraph(guests).places.values()].map(({ number }) => number)).toEqual([1, 1, 1, 2]);
  });

  it('takes out who requires one that stays off, is not there or is out itself, and names it', () => {
    expect(
      shown([
        guest('off', { priority: 0 }),
        guest('a', { priority: 1, requires: named('off') }),
        guest('b', { priority: 1, requires: named('a') }),
        guest('c', { priority: 1, requires: named('nobody') }),
        guest('d', { priority: 1, after: named('a', 'nobody') }),
      ]),
    ).toEqual({
      waves: [['d']],
      refused: {
        a: 'it requires off, which stays off (priority 0)',
        b: 'it requires a, which is not started',
        c: 'it requires nobody, which is not there',
      },
      warnings: ['d comes after nobody, which is not there: it does not wait for it'],
    });
  });

  it('takes out a guest with a bad value alone, and who requires it', () => {
    const bad = {
      ...guest('bad'),
      problems: [{ field: 'priority', found: '1e3', expected: 'a whole number from 0 to 999999' }],
    };
    expect(
      shown([bad, guest('user', { priority: 1, requires: named('bad') }), guest('x', { priority: 1 })]),
    ).toEqual({
      waves: [['x']],
      refused: {
        bad: 'priority is "1e3", expected a whole number from 0 to 999999',
        user: 'it requires bad, which is not started',
      },
      warnings: [],
    });
  });

  it('takes out a cycle and who requires one of it, and starts the others', () => {
    expect(
      shown([
        guest('a', { priority: 1, requires: named('b') }),
        guest('b', { after: named('c') }),
        guest('c', { priority: 1, after: named('a') }),
        guest('user', { priority: 1, requires: named('c') }),
        guest('behind', { priority: 1, after: named('c') }),
        guest('self', { priority: 1, after: named('self') }),
      ]),
    ).toEqual({
      waves: [['behind']],
      refused: {
        a: 'it waits for itself: a → b → c → a',
        b: 'it waits for itself: a → b → c → a',
        c: 'it waits for itself: a → b → c → a',
        self: 'it waits for itself: self → self',
        user: 'it requires c, which is not started',
      },
      warnings: [],
    });
  });

  it('counts a guest that runs as started, whatever its own place says', () => {
    expect(
      shown([
        guest('off', { priority: 0 }, true),
        guest('web', { priority: 3, requires: named('off', 'db') }),
        guest('db', { priority: 3, requires: named('web') }, true),
      ]),
    ).toEqual({ waves: [['db', 'off'], ['web']], refused: {}, warnings: [] });
  });

  it('does not start what is required by one that is out alone', () => {
    expect(
      shown([guest('a', { priority: 1, requires: named('lib', 'nobody') }), guest('lib')]).waves,
    ).toEqual([]);
  });

  it('finds a guest by its UUID after a rename, and by its name after it was made anew', () => {
    const guests = [
      { ...guest('new-name'), uuid: 'uuid-db' },
      { ...guest('cache'), uuid: 'uuid-another' },
      guest('web', { priority: 1, requires: named('db', 'cache') }),
    ];
    expect(shown(guests).waves).toEqual([['cache', 'new-name'], ['web']]);
  });
});
