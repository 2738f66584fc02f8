import { mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Files } from '../../../../src/machine/files/files.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { temporaryRoot } from '../../temporary-root.ts';

describe('Files.locate keeps every path inside the root', () => {
  const files = () =>
    temporaryRoot({
      '/etc/hostname': 'inside\n',
      '/absolute': { link: '/etc/hostname' },
      '/up': { link: '../../../../../../etc/hostname' },
      '/etc/relative': { link: 'hostname' },
      '/lib': { link: 'usr/lib' },
      '/usr/lib/os-release': 'ID=debian\n',
      '/loop': { link: '/loop' },
    });

  it.each([
    ['/absolute', '/etc/hostname'],
    ['/up', '/etc/hostname'],
    ['/etc/relative', '/etc/hostname'],
    ['/etc/../../../etc/./hostname', '/etc/hostname'],
    ['/lib/os-release', '/usr/lib/os-release'],
    ['/lib/not/there', '/usr/lib/not/there'],
    ['/', ''],
  ])('%s is %s', (path, inside) => {
    const tree = files();
    expect(tree.locate(path)).toBe(`${tree.root}${inside}`);
  });

  it('keeps a link at the path itself when asked to', () => {
    const tree = files();
    expect(tree.locate('/absolute', 'keep')).toBe(`${tree.root}/absolute`);
  });

  it('gives up on a loop', () => {
    expect(() => files().locate('/loop')).toThrow('/loop: too many symbolic links');
  });

  it('holds for any tree of links', () => {
    const part = fc.constantFrom('a', 'b', '..', '.', 'c');
    const target = fc.tuple(fc.boolean(), fc.array(part, { maxLength: 6 })).map(([abs, parts]) => {
      return `${abs ? '/' : ''}${parts.join('/') || '.'}`;
    });
    fc.assert(
      fc.property(target, target, fc.array(part, { maxLength: 8 }), (first, second, path) => {
        const tree = temporaryRoot({ '/a': { link: first }, '/b': { link: second }, '/c/d': '' });
        let located: string;
        try {
          located = tree.locate(`/${path.join('/')}`);
        } catch (error) {
          expect((error as Error).message).toContain('too many symbolic links');
          return;
        }
        expect(located === tree.root || located.startsWith(`${tree.root}/`)).toBe(true);
        expect(located).not.toContain('..');
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('Files reads', () => {
  it('tells absent from unreadable', () => {
    const files = temporaryRoot({ '/file': 'text' });
    expect(files.readText('/file')).toBe('text');
    expect(files.readText('/absent')).toBeUndefined();
    expect(files.readText('/file/below')).toBeUndefined();
    mkdirSync(`${files.root}/directory`);
    expect(() => files.readText('/directory')).toThrow();
  });

  it('refuses a text that would fill the memory', () => {
    const files = temporaryRoot();
    writeFileSync(`${files.root}/big`, Buffer.alloc(16 * 1024 * 1024 + 1));
    expect(() => files.readText('/big')).toThrow('/big: larger than 16 MiB, not read');
    // Its size is zero, and it has no end.
    expect(() => new Files().readText('/dev/zero')).toThrow('/dev/zero: larger than 16 MiB, not read');
  });

  it('never follows a link below a directory that a user can write to', () => {
    const files = temporaryRoot({
      '/etc/shadow': 'secret',
      '/home/u/.ssh/authorized_keys': { link: '/etc/shadow' },
      '/home/v/.ssh': { link: '/etc' },
      '/home/w/.ssh/authorized_keys': 'mine',
    });
    const read = (home: string, name: string) => files.readTextWithoutLinks(home, `${home}/.ssh/${name}`);
    expect(() => read('/home/u', 'authorized_keys')).toThrow('is a symbolic link');
    expect(() => read('/home/v', 'shadow')).toThrow('is a symbolic link');
    expect(read('/home/w', 'authorized_keys')).toBe('mine');
    expect(read('/home/w', 'absent')).toBeUndefined();
  });
});
