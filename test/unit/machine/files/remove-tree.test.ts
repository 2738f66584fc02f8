import { chmodSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFile, removeTree } from '../../../../src/machine/files/remove-tree.ts';
import { temporaryRoot } from '../../temporary-root.ts';

describe('a tree', () => {
  it('is removed with all that is in it, and links in it are not followed', () => {
    const files = temporaryRoot({
      '/keep/a': 'x',
      '/gone/sub/b': 'x',
      '/gone/link': { link: '/keep' },
      '/other': 'x',
    });
    writeFileSync(
      Buffer.concat([Buffer.from(join(files.root, 'gone/')), Buffer.from([0xff, 0x66])]),
      'no UTF-8',
    );
    removeTree(files, { path: '/gone' });
    expect(files.list('/')).toEqual(['keep', 'other']);
    expect(files.readText('/keep/a')).toBe('x');
    removeTree(files, { path: '/gone' });
  });

  it('keeps its directory where that is asked for, with its mode', () => {
    const files = temporaryRoot({ '/logs/sub/b': 'x' });
    chmodSync(join(files.root, 'logs'), 0o1777);
    removeTree(files, { path: '/logs', keepDirectory: true });
    expect(files.list('/logs')).toEqual([]);
    expect(files.status('/logs')?.mode).toBe(0o1777);
  });

  it('that is a link or a file is removed itself, or stays where the directory is to', () => {
    const files = temporaryRoot({ '/to/a': 'x', '/link': { link: '/to' }, '/file': 'x' });
    removeTree(files, { path: '/link', keepDirectory: true });
    expect(files.linkTarget('/link')).toBe('/to');
    removeTree(files, { path: '/link' });
    removeTree(files, { path: '/file' });
    expect(files.list('/')).toEqual(['to']);
    expect(files.readText('/to/a')).toBe('x');
  });

  it('below a home is not reached by a link on the way', () => {
    const files = temporaryRoot({ '/etc/x/a': 'x', '/home/ann/.config': { link: '/etc' } });
    expect(() => removeTree(files, { path: '/home/ann/.config/x', linksRefusedBelow: '/home/ann' })).toThrow(
      '.config is a symbolic link',
    );
    expect(files.readText('/etc/x/a')).toBe('x');
  });
});

describe('a file that is emptied', () => {
  it('keeps its inode, mode and owner: who writes to it goes on', () => {
    const files = temporaryRoot({ '/log': 'text' });
    chmodSync(join(files.root, 'log'), 0o640);
    const { ino } = statSync(join(files.root, 'log'));
    emptyFile(files, '/log');
    expect(statSync(join(files.root, 'log'))).toMatchObject({ ino, size: 0 });
    expect(files.status('/log')?.mode).toBe(0o640);
  });

  it('is replaced where another name leads to it', () => {
    const files = temporaryRoot({ '/log': 'text' });
    chmodSync(join(files.root, 'log'), 0o640);
    linkSync(join(files.root, 'log'), join(files.root, 'other'));
    emptyFile(files, '/log');
    expect(files.readText('/log')).toBe('');
    expect(files.status('/log')?.mode).toBe(0o640);
    expect(readFileSync(join(files.root, 'other'), 'utf8')).toBe('text');
  });

  it('is none that a link leads to', () => {
    const files = temporaryRoot({ '/to': 'text' });
    mkdirSync(join(files.root, 'logs'));
    symlinkSync('../to', join(files.root, 'logs/log'));
    expect(() => emptyFile(files, '/logs/log')).toThrow('ELOOP');
    expect(files.readText('/to')).toBe('text');
  });
});
