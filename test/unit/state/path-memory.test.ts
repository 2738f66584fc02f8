import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseNames, isNew, noLongerNew, remember, rememberedAsIs } from '../../../src/state/path-memory.ts';
import type { NamedDisk, PathMemory } from '../../../src/state/remembered-file-system.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

const disk = (device: string, uuid: string, label?: string): NamedDisk => ({
  device,
  type: 'ext4',
  uuid,
  ...(label === undefined ? {} : { label }),
});
const free = { isUnusable: () => false, isInUse: () => false };

/** What a boot does: names for all, then a note of each. */
function boot(
  disks: readonly NamedDisk[],
  memory: PathMemory,
): { names: Record<string, string>; memory: PathMemory } {
  const chosen = chooseNames(disks, memory, free);
  let after = memory;
  for (const one of disks) after = remember(after, one, chosen.get(one.device) ?? '');
  return {
    names: Object.fromEntries(disks.map((one) => [one.uuid, chosen.get(one.device) ?? ''])),
    memory: after,
  };
}

describe('chooseNames', () => {
  it('names by label, else by the kernel’s name', () => {
    expect(boot([disk('sdb', 'A', 'data'), disk('sdc1', 'B')], []).names).toEqual({ A: 'data', B: 'sdc1' });
  });

  it('keeps the names of equal labels, in whichever order they come', () => {
    const first = boot([disk('sdb', 'A', 'x'), disk('sdc', 'B', 'x'), disk('sdd', 'C', 'x')], []);
    expect(first.names).toEqual({ A: 'x', B: 'x_2', C: 'x_3' });
    const second = boot([disk('sdb', 'C', 'x'), disk('sdc', 'A', 'x'), disk('sdd', 'B', 'x')], first.memory);
    expect(second.names).toEqual(first.names);
    expect(boot([disk('sdb', 'B', 'x')], second.memory).names).toEqual({ B: 'x_2' });
  });

  it('remembers nothing anew when nothing is new', () => {
    const { memory } = boot([disk('sdb', 'A', 'x'), disk('sdc', 'B', 'x')], []);
    expect(boot([disk('sdb', 'B', 'x'), disk('sdc', 'A', 'x')], memory).memory).toBe(memory);
  });

  it('gives the name of a disk that is away to one that takes its place', () => {
    let { memory } = boot([disk('sdb', 'A', 'data')], []);
    const taken = boot([disk('sdb', 'B', 'data')], memory);
    expect(taken.names).toEqual({ B: 'data' });
    memory = taken.memory;
    expect(boot([disk('sdb', 'A', 'data'), disk('sdc', 'B', 'data')], memory).names).toEqual({
      A: 'data_2',
      B: 'data',
    });
  });

  it('keeps a path without label although the kernel’s name changes', () => {
    const { memory } = boot([disk('sdb', 'A')], []);
    expect(boot([disk('sdc', 'A'), disk('sdb', 'B')], memory).names).toEqual({ A: 'sdb', B: 'sdb_2' });
  });

  it('follows a new label', () => {
    const { memory } = boot([disk('sdb', 'A', 'old')], []);
    expect(boot([disk('sdb', 'A', 'new')], memory).names).toEqual({ A: 'new' });
  });

  it('gives a directory in use to the file system that had it alone', () => {
    const places = { isUnusable: () => false, isInUse: (name: string) => name === 'x' };
    const memory = [{ uuid: 'A', label: 'x', name: 'x', type: 'ext4' }];
    const names = chooseNames(
      [disk('sdb', 'B', 'x'), disk('sdc', 'A', 'x'), disk('sdd', 'C', 'x')],
      memory,
      places,
    );
    expect(Object.fromEntries(names)).toEqual({ sdb: 'x_2', sdc: 'x', sdd: 'x_3' });
  });

  it('passes over names that something else has, also remembered ones', () => {
    const memory: PathMemory = [{ uuid: 'A', label: 'x', name: 'x', type: 'ext4' }];
    const names = chooseNames([disk('sdb', 'A', 'x')], memory, {
      ...free,
      isUnusable: (name) => name === 'x' || name === 'x_2',
    });
    expect(names.get('sdb')).toBe('x_3');
  });

  it('leaves what is mounted where it is', () => {
    const mounted = { ...disk('sdc', 'B', 'x'), mountedAs: 'x' };
    const names = chooseNames(
      [disk('sdb', 'A', 'x'), mounted],
      [{ uuid: 'A', label: 'x', name: 'x', type: 'ext4' }],
      free,
    );
    expect([names.get('sdb'), names.get('sdc')]).toEqual(['x_2', 'x']);
  });

  it('tells copies of one file system apart', () => {
    const names = chooseNames([disk('sdb', 'A', 'x'), disk('sdc', 'A', 'x')], [], free);
    expect([names.get('sdb'), names.get('sdc')]).toEqual(['x', 'x_2']);
  });
});

it('forgets what was not named for longest', () => {
  let memory: PathMemory = [];
  for (let number = 0; number < 1001; number++) memory = remember(memory, disk('sdb', `U${number}`), 'sdb');
  expect(memory.length).toBe(1000);
  expect(memory.at(-1)?.uuid).toBe('U1000');
  expect(memory.some(({ uuid }) => uuid === 'U0')).toBe(false);
});

describe('a new file system', () => {
  const fresh = { ...disk('sdb', 'A', 'data'), everMounted: false };
  const mounted = { ...disk('sdb', 'A', 'data'), everMounted: true };

  it('stays new until it is noted to be in use, whatever it says of itself meanwhile', () => {
    const memory = remember([], fresh, 'data');
    expect(isNew(memory, mounted)).toBe(true);
    expect(remember(memory, mounted, 'data')).toBe(memory);
    const used = noLongerNew(memory, 'A');
    expect(isNew(used, fresh)).toBe(false);
    expect(noLongerNew(used, 'A')).toBe(used);
    expect(noLongerNew(memory, 'B')).toBe(memory);
  });

  it('is none that was mounted elsewhere, or that is mounted already', () => {
    expect(isNew([], fresh)).toBe(true);
    expect(isNew([], disk('sdb', 'A'))).toBe(true);
    expect(isNew([], mounted)).toBe(false);
    expect(isNew(remember([], mounted, 'data'), fresh)).toBe(false);
    expect(isNew(remember([], { ...disk('sdb', 'A'), mountedAs: 'data' }, 'data'), fresh)).toBe(false);
  });
});

describe('what is remembered as it is', () => {
  const few = (...values: string[]) => fc.constantFrom(undefined, ...values);
  const drawn = fc.record({
    uuid: fc.constantFrom('A', 'B', 'C'),
    label: few('x'),
    serial: few('1'),
    place: few('p'),
    name: fc.constantFrom('x', 'x_2'),
    copy: fc.constantFrom(undefined, true as const),
  });
  const withoutNothing = <T extends object>(fields: T) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

  it('would not be changed by being noted once more', () => {
    let [known, others] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(drawn, { maxLength: 4 }),
        fc.array(drawn, { maxLength: 3 }),
        (entries, present) => {
          const memory: PathMemory = entries.map(({ uuid, name, ...more }) => ({
            type: 'ext4',
            uuid,
            name,
            ...withoutNothing(more),
          }));
          const disks = present.map(({ uuid, label, serial, place }, at): NamedDisk => {
            const identity = withoutNothing({ serial, place });
            return { device: `sd${at}`, type: 'ext4', uuid, ...withoutNothing({ label }), identity };
          });
          const isKnown = rememberedAsIs(memory, disks);
          for (const [at, disk] of disks.entries()) {
            const { name = '', copy = false } = present[at] ?? {};
            if (isKnown(disk, name, copy)) {
              known++;
              expect(remember(memory, disk, name, disks, copy)).toBe(memory);
            } else others++;
          }
        },
      ),
      { numRuns: Math.max(PROPERTY_RUNS, 2000) },
    );
    expect(known).toBeGreaterThan(0);
    expect(others).toBeGreaterThan(known);
  });

  it('is each of many disks that stay', () => {
    const disks = Array.from({ length: 5 }, (_, at) => ({
      ...disk(`sd${at}`, `U${at}`, 'x'),
      identity: { place: `p${at}` },
    }));
    const { memory, names } = boot(disks, []);
    const isKnown = rememberedAsIs(memory, disks);
    for (const one of disks) expect(isKnown(one, names[one.uuid ?? ''] ?? '', false)).toBe(true);
  });
});
