import * as fc from 'fast-check';
import type { OrderedGuest } from '../../../../src/host/order/graph.ts';
import { DEFAULT_ORDER, type GuestOrder } from '../../../../src/host/order/guest-order.ts';
import { uuidOf } from '../fake-libvirt.ts';

/** Its UUID is made of the name. */
export function guest(name: string, order: Partial<GuestOrder> = {}, active = false): OrderedGuest {
  return { uuid: `uuid-${name}`, name, active, order: { ...DEFAULT_ORDER, ...order }, problems: [] };
}

export const named = (...names: string[]) => names.map((name) => ({ name, uuid: `uuid-${name}` }));

/** Any graph of some guests: priorities or none, names of others, of itself and of nobody; some run, some are broken. */
export const anyGuests: fc.Arbitrary<OrderedGuest[]> = fc.integer({ min: 1, max: 9 }).chain((count) => {
  const name = fc
    .integer({ min: 0, max: count })
    .map((number) => ({ name: `g${number}`, uuid: uuidOf(number) }));
  const one = fc.record({
    priority: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    requires: fc.array(name, { maxLength: 2 }),
    after: fc.array(name, { maxLength: 2 }),
    active: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
    broken: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
  });
  return fc.array(one, { minLength: count, maxLength: count }).map((all) =>
    all.map(({ priority, requires, after, active, broken }, index) => ({
      uuid: uuidOf(index),
      name: `g${index}`,
      active,
      order: { ...DEFAULT_ORDER, requires, after, ...(priority === undefined ? {} : { priority }) },
      problems: broken ? [{ field: 'priority', found: 'abc', expected: 'a number' }] : [],
    })),
  );
});
