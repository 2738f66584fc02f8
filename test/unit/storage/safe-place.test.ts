import { describe, expect, it } from 'vitest';
import { safePlace } from '../../../src/storage/safe-place.ts';
import { makeFiles } from '../context.ts';

const home = { kind: 'directory', mode: 0o755, uid: 1000, gid: 1000 } as const;

describe('where a path leads', () => {
  it('is the path itself where root alone can write', () => {
    expect(safePlace(makeFiles({ '/etc/hosts': '' }), '/etc/app/x.d/a')).toEqual({
      path: '/etc/app/x.d/a',
      missing: ['/etc/app', '/etc/app/x.d'],
    });
    expect(safePlace(makeFiles({}), '/a')).toEqual({ path: '/a', missing: [] });
  });

  it('is behind links that root made, those of a file itself aside', () => {
    const files = makeFiles({
      '/var/run': { link: '../run' },
      '/run/app/x': '',
      '/etc/resolv.conf': { link: '/run/r' },
    });
    expect(safePlace(files, '/var/run/app/y')).toEqual({ path: '/run/app/y', missing: [] });
    expect(safePlace(files, '/etc/resolv.conf')).toEqual({ path: '/etc/resolv.conf', missing: [] });
  });

  it('takes no link below what another than root can write to', () => {
    const files = makeFiles({
      '/home/web': home,
      '/home/web/.ssh/x': '',
      '/tmp': { ...home, uid: 0, mode: 0o1777 },
    });
    expect(safePlace(files, '/home/web/.ssh/y')).toEqual({
      path: '/home/web/.ssh/y',
      linksRefusedBelow: '/home/web',
      missing: [],
    });
    expect(safePlace(files, '/home/web/a/b/c')).toEqual({
      path: '/home/web/a/b/c',
      linksRefusedBelow: '/home/web',
      missing: ['/home/web/a', '/home/web/a/b'],
    });
    expect(safePlace(files, '/tmp/x').linksRefusedBelow).toBe('/tmp');
  });

  it.each([
    [{ '/home/web': home, '/home/web/app': { link: '/etc' } }, '/home/web/app/passwd', /no link is followed/],
    [{ '/a': { link: '/b' }, '/b': { link: '/a' } }, '/a/x', /too many symbolic links/],
    [{ '/etc/hosts': '' }, '/etc/hosts/x', /\/etc\/hosts is no directory/],
    [{ '/home/web': home, '/l': { link: '/home/web/../../etc' } }, '/l/passwd', /leads out of \/home\/web/],
  ] as const)('is refused: %j', (entries, path, why) => {
    expect(() => safePlace(makeFiles(entries), path)).toThrow(why);
  });
});
