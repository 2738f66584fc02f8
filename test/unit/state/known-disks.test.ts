import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copiesOf, entriesOf } from '../../../src/state/known-disks.ts';
import { chooseNames, remember } from '../../../src/state/path-memory.ts';
import type { NamedDisk, PathMemory } from '../../../src/state/remembered-file-system.ts';

const copy = (device: string, serial?: string, place?: string): NamedDisk => ({
  device,
  type: 'xfs',
  uuid: 'A',
  label: 'data',
  identity: { ...(serial === undefined ? {} : { serial }), ...(place === undefined ? {} : { place }) },
});
const free = { isUnusable: () => false, isInUse: () => false };

/** A boot with these disks: names by serial number, and the memory afterwards. */
function boot(disks: readonly NamedDisk[], memory: PathMemory) {
  const names = chooseNames(disks, memory, free);
  const copies = copiesOf(disks, memory);
  let after = memory;
  for (const disk of disks.toSorted(
    (one, two) => Number(copies.has(one.device)) - Number(copies.has(two.device)),
  ))
    after = remember(after, disk, names.get(disk.device) ?? '', disks, copies.has(disk.device));
  const bySerial = disks.map(({ device, identity }) => [identity?.serial, names.get(device)]);
  return { names: Object.fromEntries(bySerial) as Record<string, string>, memory: after };
}

describe('copies over boots', () => {
  it('keep their paths in whichever order, and with whichever others they come', () => {
    const serials = ['one', 'two', 'three'];
    const first = boot(
      serials.map((serial, index) => copy(`sd${index}`, serial)),
      [],
    );
    expect(first.names).toEqual({ one: 'data', two: 'data_2', three: 'data_3' });
    fc.assert(
      fc.property(fc.shuffledSubarray(serials, { minLength: 1 }), (some) => {
        const disks = some.map((serial, index) => copy(`sd${index}`, serial));
        const next = boot(disks, first.memory);
        expect(next.names).toEqual(Object.fromEntries(some.map((serial) => [serial, first.names[serial]])));
        expect(next.memory).toBe(first.memory);
      }),
    );
  });

  it('are told from what was remembered without its disk', () => {
    const memory: PathMemory = [{ uuid: 'A', label: 'data', name: 'data', type: 'xfs' }];
    const next = boot([copy('sdb', 'one'), copy('sdc', 'two')], memory);
    expect(next.names).toEqual({ one: 'data', two: 'data_2' });
    expect(boot([copy('sdb', 'two'), copy('sdc', 'one')], next.memory).names).toEqual(next.names);
  });

  it('keep theirs where one of them has moved to another place', () => {
    const { memory } = boot([copy('sdb', undefined, 'a'), copy('sdc', undefined, 'b')], []);
    const moved = [copy('sdb', undefined, 'b'), copy('sdc', undefined, 'c')];
    expect(Object.fromEntries(chooseNames(moved, memory, free))).toEqual({ sdb: 'data_2', sdc: 'data' });
  });

  it('are told apart on one disk by the partition', () => {
    const parts = [1, 2].map((partition) => ({
      ...copy(`sdb${partition}`, 'one'),
      identity: { serial: 'one', partition },
    }));
    const { memory } = boot(parts, []);
    expect(entriesOf([...parts].reverse(), memory)).toEqual(
      new Map([
        ['sdb1', 0],
        ['sdb2', 1],
      ]),
    );
  });

  it('are of what is mounted, where nothing is remembered', () => {
    const disks = [copy('sdb', 'one'), { ...copy('sdc', 'two'), mountedAs: 'data' }];
    expect(copiesOf(disks, [])).toEqual(new Map([['sdb', 'sdc']]));
    expect(copiesOf([copy('sdb')], [], [{ device: 'sda1', type: 'xfs', uuid: 'A' }])).toEqual(
      new Map([['sdb', 'sda1']]),
    );
    expect(copiesOf([copy('sdb'), { ...copy('sdc'), uuid: 'B' }], [])).toEqual(new Map());
  });
});
