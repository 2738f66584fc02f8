import { describe, expect, it } from 'vitest';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import type { SeedArchive } from '../../../src/metadata/gandi-disk.ts';
import { withGrowthFirst } from '../../../src/storage/growth-first.ts';
import { MIB } from '../images.ts';

const NAMES = BOOTSTRAP_STEPS.map(({ name }) => name);
const GROWTH = '03-resize_main_disk';
const GROWTH_FIRST = [GROWTH, ...NAMES.filter((name) => name !== GROWTH)];

function order(
  room: { bytes?: number; files?: number },
  archive?: SeedArchive,
  steps = BOOTSTRAP_STEPS,
): string[] {
  return withGrowthFirst(steps, { bytes: 500 * MIB, files: 100_000, ...room }, archive).map(
    ({ name }) => name,
  );
}

const archive = (length: number) => ({ device: '/dev/sdb', offset: 524_288, length, members: [] });

describe('order of the steps', () => {
  it('lets an admin in before it grows the root file system, where there is room', () => {
    expect(order({})).toEqual(NAMES);
    expect(order({ files: Number.POSITIVE_INFINITY })).toEqual(NAMES);
    expect(NAMES.indexOf(GROWTH)).toBeGreaterThan(NAMES.indexOf('users'));
  });

  it.each([
    ['it is full', { bytes: 0 }, undefined],
    ['it is nearly full', { bytes: 10 * MIB }, undefined],
    ['it has no room for the host’s modules', { bytes: 120 * MIB }, archive(20 * MIB)],
    ['no file can be made', { files: 0 }, undefined],
    ['an archive of modules has more files', { files: 3000 }, undefined],
  ])('grows it first where %s', (_, room, given) => {
    expect(order(room, given)).toEqual(GROWTH_FIRST);
  });

  it('keeps the order where that step does not run', () => {
    const others = BOOTSTRAP_STEPS.filter(({ name }) => name !== GROWTH);
    expect(order({ bytes: 0 }, undefined, others)).toEqual(NAMES.filter((name) => name !== GROWTH));
  });
});
