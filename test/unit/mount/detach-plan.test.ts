import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseServices,
  planRemoveMountPoint,
  planServices,
  planUnmountGone,
  readServices,
} from '../../../src/mount/detach-plan.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import type { FileEntries } from '../context.ts';
import { makeFiles } from '../context.ts';

describe('parseServices', () => {
  it('takes valid names only, each once', () => {
    const text =
      '# mine\nnginx\n\n postgresql@15-main.service \nnginx\n--root=/x\n$(id).service\na b\nx.exe\nfoo.timer\r\n';
    expect(parseServices(text)).toEqual(['nginx.service', 'postgresql@15-main.service', 'foo.timer']);
  });
});

describe('readServices', () => {
  const read = (entries: FileEntries) => readServices(makeFiles(entries), '/srv/data');
  const folder = { '/srv/data/.gandi': { kind: 'directory', mode: 0o755 } } as const;
  const path = '/srv/data/.gandi/services';

  it('reads a list of root’s', () => {
    expect(read({ ...folder, [path]: { text: 'nginx\n', mode: 0o644 } })).toEqual(['nginx.service']);
  });

  it.each<[string, FileEntries]>([
    ['somebody else’s', { ...folder, [path]: { text: 'nginx\n', uid: 1000 } }],
    ['one that a group can write', { ...folder, [path]: { text: 'nginx\n', mode: 0o664 } }],
    ['a link', { ...folder, [path]: { link: '/etc/passwd' } }],
    [
      'one in a directory of somebody else',
      { '/srv/data/.gandi': { kind: 'directory', uid: 1000 }, [path]: 'nginx\n' },
    ],
    ['none', {}],
  ])('does not use %s', (_, entries) => {
    expect(read(entries)).toEqual([]);
  });
});

it('stops no service when none is named', () => {
  expect(planServices([], 'stop')).toEqual([]);
  expect(planServices(['a.service'], 'stop')).toMatchObject([
    { argv: ['systemctl', 'stop', '--', 'a.service'] },
  ]);
});

it('takes the last mount of a device that is gone away first, without asking the device', () => {
  expect(planUnmountGone(['/srv/data', '/var/www']).map((change) => 'argv' in change && change.argv)).toEqual(
    [
      ['umount', '--lazy', '--no-canonicalize', '--', '/var/www'],
      ['umount', '--lazy', '--no-canonicalize', '--', '/srv/data'],
    ],
  );
});

it('removes no directory from autofs', () => {
  expect(planRemoveMountPoint('/srv/data', 'autofs')).toEqual([]);
  expect(planRemoveMountPoint('/srv/data', 'udev')).toEqual([
    { kind: 'remove-empty-directory', path: '/srv/data' },
  ]);
});

it('takes from any list only names of units, which are no options and no paths', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[-a-z@./\\ #]{0,12}(\.service|\.mount)?$/),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
      for (const name of parseServices(lines.join('\n'))) {
        expect(name).toMatch(/^[^-/\s@][^/\s]*\.[a-z]+$/);
        expect(lines.join('\n')).toContain(name.replace(/\.service$/, ''));
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
