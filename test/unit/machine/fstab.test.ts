import { expect, it } from 'vitest';
import { parseFstab, parseTag } from '../../../src/machine/fstab.ts';

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
