import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isVisible,
  parseMountInfo,
  parseMountsTowards,
  parseSwaps,
} from '../../../../../src/machine/formats/text/mounts.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

test('reads mounts with and without optional fields, and escaped names', () => {
  const text = [
    '22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro',
    '31 22 0:26 /@home /srv/my\\040disk\\134a rw,noatime - btrfs /dev/sdb rw,subvol=/@home',
    '40 22 0:5 / /mnt/a\\011b\\012c\\043 ro - tmpfs my\\040source rw',
    'garbage',
    '',
  ].join('\n');
  expect(parseMountInfo(text)).toEqual([
    {
      id: 22,
      parent: 1,
      deviceNumber: '8:2',
      root: '/',
      mountPoint: '/',
      options: ['rw', 'relatime'],
      type: 'ext4',
      source: '/dev/root',
      superOptions: ['rw', 'errors=remount-ro'],
    },
    {
      id: 31,
      parent: 22,
      deviceNumber: '0:26',
      root: '/@home',
      mountPoint: '/srv/my disk\\a',
      options: ['rw', 'noatime'],
      type: 'btrfs',
      source: '/dev/sdb',
      superOptions: ['rw', 'subvol=/@home'],
    },
    {
      id: 40,
      parent: 22,
      deviceNumber: '0:5',
      root: '/',
      mountPoint: '/mnt/a\tb\nc#',
      options: ['ro'],
      type: 'tmpfs',
      source: 'my source',
      superOptions: ['rw'],
    },
  ]);
});

test.each([
  ['alone', [], true],
  ['with something inside of it', ['40 31 0:50 / /srv/data/x rw - tmpfs x rw'], true],
  ['with one beside it whose name begins as its own', ['40 22 0:50 / /srv/da rw - tmpfs x rw'], true],
  ['with something over it', ['40 31 0:50 / /srv/data rw - fuse.sshfs x rw'], false],
  ['with something over its directory', ['40 22 0:50 / /srv rw - tmpfs x rw'], false],
  ['with something over the root', ['40 22 0:50 / / rw - tmpfs x rw'], false],
])('tells whether a path leads to a mount: %s', (_, more, expected) => {
  const lines = [
    '22 1 8:2 / / rw - ext4 /dev/sda2 rw',
    '31 22 8:16 / /srv/data rw - ext4 /dev/sdb rw',
    ...more,
  ];
  const mounts = parseMountInfo(lines.join('\n'));
  expect(mounts.filter((mount) => mount.id === 31).map((mount) => isVisible(mount, mounts))).toEqual([
    expected,
  ]);
});

test('reads active swaps', () => {
  const text = [
    'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority',
    '/dev/sdb                                partition\t524284\t\t0\t\t-2',
    '/swap\\040file                          file\t\t1024\t\t0\t\t-3',
    '',
  ].join('\n');
  expect(parseSwaps(text)).toEqual([
    { path: '/dev/sdb', kind: 'partition' },
    { path: '/swap file', kind: 'file' },
  ]);
  expect(parseSwaps('')).toEqual([]);
});

test('no text makes them throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      parseMountInfo(text);
      parseSwaps(`headings\n${text}`);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('whatever names the kernel shows are read as they are', () => {
  // What fs/seq_file.c escapes, and what tells fields and options apart.
  const name = fc.string({ unit: fc.constantFrom(...' \t\n\\#/-,:a\'"$é'), minLength: 1, maxLength: 12 });
  const escaped = (text: string) =>
    text.replace(/[ \t\n\\#]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  const path = name.map((text) => `/${text}`);
  const optional = fc.array(fc.constantFrom('shared:1', 'master:2', 'unbindable'), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(path, path, name, optional), { maxLength: 5 }), (mounts) => {
      const lines = mounts.map(([root, at, source, more], id) =>
        [
          id + 1,
          1,
          '8:1',
          escaped(root),
          escaped(at),
          'rw',
          ...more,
          '-',
          'ext4',
          escaped(source),
          'rw',
        ].join(' '),
      );
      const found = parseMountInfo(`${lines.join('\n')}\n`);
      expect(found.map(({ root, mountPoint, source }) => [root, mountPoint, source])).toEqual(
        mounts.map(([root, at, source]) => [root, at, source]),
      );
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('the mounts towards a path say of it what all mounts say, whatever is mounted over what', () => {
  const paths = ['/', '/srv', '/srv/a b', '/srv/a b/c', '/srv/a', '/other'];
  const escaped = (path: string) => path.replaceAll(' ', '\\040');
  const isOnWay = (place: string, path: string) =>
    place === '/' || path === place || path.startsWith(`${place}/`);
  // Each is mounted on one of those before it that is on the way to its place.
  const drawn = fc.array(fc.tuple(fc.nat({ max: 20 }), fc.constantFrom(...paths)), { maxLength: 12 });
  fc.assert(
    fc.property(drawn, (draws) => {
      const mounts = [{ id: 1, parent: 0, path: '/' }];
      for (const [number, path] of draws) {
        const below = mounts.filter((one) => isOnWay(one.path, path));
        mounts.push({ id: mounts.length + 1, parent: below[number % below.length]?.id ?? 1, path });
      }
      const text = mounts
        .map(({ id, parent, path }) => `${id} ${parent} 8:${id} / ${escaped(path)} rw - ext4 /dev/x rw`)
        .join('\n');
      const all = parseMountInfo(text);
      for (const mount of all) {
        const few = parseMountsTowards(text, mount.mountPoint);
        expect(few).toContainEqual(mount);
        expect(few.every(({ mountPoint }) => isOnWay(mountPoint, mount.mountPoint))).toBe(true);
        expect(isVisible(mount, few)).toBe(isVisible(mount, all));
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
