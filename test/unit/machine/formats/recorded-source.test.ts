import { expect, it } from 'vitest';
import { recorded } from '../../../../src/machine/formats/recorded-source.ts';
import { memorySource } from '../../metadata/memory-source.ts';

const MIB = 1 << 20;

function rangesAfter(...reads: [number, number][]) {
  const source = recorded(memorySource(new Uint8Array(8), MIB));
  for (const [offset, length] of reads) source.read(offset, length);
  return source.ranges();
}

it('reads what the source has', () => {
  const source = recorded(memorySource(new Uint8Array([1, 2, 3]), MIB));
  expect(source).toMatchObject({ path: '/dev/memory', size: MIB });
  expect([...source.read(1, 2)]).toEqual([2, 3]);
});

it.each<[string, [number, number][], [number, number][]]>([
  ['nothing', [], []],
  ['one', [[512, 512]], [[512, 512]]],
  [
    'the same twice',
    [
      [0, 512],
      [0, 512],
    ],
    [[0, 512]],
  ],
  [
    'neighbours, whatever their order',
    [
      [512, 512],
      [0, 512],
    ],
    [[0, 1024]],
  ],
  [
    'one inside another',
    [
      [0, 4096],
      [512, 512],
    ],
    [[0, 4096]],
  ],
  [
    'two that overlap',
    [
      [0, 1024],
      [512, 1024],
    ],
    [[0, 1536]],
  ],
  [
    'two with a gap of 64 KiB between them',
    [
      [0, 512],
      [66_048, 512],
    ],
    [[0, 66_560]],
  ],
  [
    'two with more between them',
    [
      [0, 512],
      [66_049, 512],
    ],
    [
      [0, 512],
      [66_049, 512],
    ],
  ],
  ['one that reaches behind the end, as far as there was something', [[MIB - 512, 4096]], [[MIB - 512, 512]]],
  ['one that lies behind the end', [[MIB, 512]], []],
])('notes %s', (_, reads, ranges) => {
  expect(rangesAfter(...reads)).toEqual(ranges.map(([offset, length]) => ({ offset, length })));
});

it('says what was read until now, and goes on', () => {
  const source = recorded(memorySource(new Uint8Array(8), MIB));
  source.read(0, 512);
  const [first] = source.ranges();
  source.read(512, 512);
  expect(first).toEqual({ offset: 0, length: 512 });
  expect(source.ranges()).toEqual([{ offset: 0, length: 1024 }]);
});
