import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseFstab, parseTag } from '../../../../../src/machine/formats/text/fstab.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

it('reads entries, and no comments', () => {
  const text = '# <source> <target>\nUUID=1-2 / ext4 defaults 0 1\n\n/dev/sdb1\t/my\\040disk\n  #x /y\nbad\n';
  expect(parseFstab(text)).toEqual([
    { source: 'UUID=1-2', mountPoint: '/', type: 'ext4' },
    { source: '/dev/sdb1', mountPoint: '/my disk', type: 'auto' },
  ]);
});

it.each([
  ['UUID=1-2', { tag: 'UUID', value: '1-2' }],
  ['LABEL="my data"', { tag: 'LABEL', value: 'my data' }],
  ['/dev/sdb', undefined],
  ['tmpfs', undefined],
])('reads the tag of %s', (source, tag) => {
  expect(parseTag(source)).toEqual(tag);
});

it('reads every entry that was written as fstab(5) says, between lines of any kind', () => {
  const field = fc.string({ unit: fc.constantFrom(...' \t\\/=#"aé'), minLength: 1, maxLength: 10 });
  const written = (text: string) =>
    text.replace(/[ \t\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  const source = field.filter((text) => !text.startsWith('#'));
  fc.assert(
    fc.property(fc.array(fc.tuple(source, field), { maxLength: 5 }), (entries) => {
      const lines = entries.map((entry) => `\t${entry.map(written).join(' \t')}  ext4 defaults 0 2 # note`);
      const found = parseFstab(`# comment\n\n${lines.join('\r\n')}\n#\n`);
      expect(found.map(({ source, mountPoint }) => [source, mountPoint])).toEqual(entries);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

it('takes any text, and gives sources and mount points only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      for (const { source, mountPoint } of parseFstab(text)) {
        expect(source === '' || mountPoint === '').toBe(false);
        expect(() => parseTag(source)).not.toThrow();
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
