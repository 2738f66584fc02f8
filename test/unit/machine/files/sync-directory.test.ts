import { fsyncSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { syncDirectory } from '../../../../src/machine/files/sync-directory.ts';
import { temporaryRoot } from '../../temporary-root.ts';

/** What the kernel was asked to bring to the disk, in order. */
const synced: string[] = [];

const sync = (descriptor: number) => {
  synced.push(readlinkSync(`/proc/self/fd/${descriptor}`));
  fsyncSync(descriptor);
};

afterEach(() => {
  synced.length = 0;
});

describe('syncDirectory', () => {
  it('has all files and directories reach the disk, each directory behind what is in it, and its own entry', () => {
    const files = temporaryRoot({
      '/home/user/.profile': 'x',
      '/home/user/a/b/c': 'x',
      '/home/other/file': 'x',
    });
    syncDirectory(files, '/home/user', sync);
    const paths = synced.map((path) => path.slice(files.root.length));
    expect([...paths].sort()).toEqual(
      [
        '/home',
        '/home/user',
        '/home/user/.profile',
        '/home/user/a',
        '/home/user/a/b',
        '/home/user/a/b/c',
      ].sort(),
    );
    for (const path of paths) {
      const inside = paths.filter((other) => other.startsWith(`${path}/`));
      for (const other of inside) expect(paths.indexOf(other)).toBeLessThan(paths.indexOf(path));
    }
  });

  it('follows no link, waits for no pipe, and passes over a name that is no text', async () => {
    const files = temporaryRoot({ '/etc/secret': 'x', '/home/user/.profile': 'x' });
    symlinkSync('/etc/secret', files.locate('/home/user/file'));
    symlinkSync('/etc', files.locate('/home/user/directory'));
    await execa('mkfifo', [files.locate('/home/user/pipe')]);
    const name = Buffer.concat([Buffer.from(`${files.locate('/home/user')}/`), Buffer.from([0xe9])]);
    writeFileSync(name, 'x');
    mkdirSync(Buffer.concat([name, Buffer.from('d')]));
    syncDirectory(files, '/home/user', sync);
    expect(synced.map((path) => path.slice(files.root.length))).toEqual([
      '/home/user/.profile',
      '/home/user',
      '/home',
    ]);
    expect(readlinkSync(files.locate('/home/user/file', 'keep'))).toBe('/etc/secret');
  });

  it.each(['/home/user', '/home/other/file/user', '/home/other/file'])(
    'does nothing about %s, which is no directory',
    (path) => {
      syncDirectory(temporaryRoot({ '/home/other/file': 'x' }), path, sync);
      expect(synced).toEqual([]);
    },
  );

  it('says what cannot be read', () => {
    const files = temporaryRoot({});
    symlinkSync('user', files.locate('/user', 'keep'));
    expect(() => syncDirectory(files, '/user', sync)).toThrow(/ELOOP|link/);
  });
});
