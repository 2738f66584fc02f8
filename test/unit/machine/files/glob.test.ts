import { describe, expect, it } from 'vitest';
import { expandGlob, matchesGlob, pathMatchesGlob } from '../../../../src/machine/files/glob.ts';
import { makeFiles } from '../../context.ts';

describe('matchesGlob', () => {
  it.each([
    ['eth*', 'eth0', true],
    ['eth*', 'ens5', false],
    ['*', '', true],
    ['eth?', 'eth0', true],
    ['eth?', 'eth10', false],
    ['eth[0-2]', 'eth1', true],
    ['eth[!0-2]', 'eth1', false],
    ['eth[!0-2]', 'eth3', true],
    ['a.b', 'axb', false],
    ['a[', 'a[', true],
    ['[z-a]', 'b', false],
    ['(a|b)+$', 'a', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });
});

describe('paths', () => {
  const files = makeFiles({
    '/etc/net/a': '',
    '/etc/net/b.conf': '',
    '/etc/net/.hidden': '',
    '/etc/nat/a': '',
  });

  it.each([
    ['/etc/net/*', ['/etc/net/a', '/etc/net/b.conf']],
    ['/etc/n[ae]t/a', ['/etc/nat/a', '/etc/net/a']],
    ['/etc/net/.*', ['/etc/net/.hidden']],
    ['/etc/net/a', ['/etc/net/a']],
    ['/etc/none/*', []],
    ['/etc/none', []],
  ])('%s expands', (pattern, paths) => {
    expect(expandGlob(files, pattern)).toEqual(paths);
  });

  it('a pattern stays within its part of the path', () => {
    expect(pathMatchesGlob('/etc/*/a', '/etc/net/a')).toBe(true);
    expect(pathMatchesGlob('/etc/*', '/etc/net/a')).toBe(false);
  });
});
