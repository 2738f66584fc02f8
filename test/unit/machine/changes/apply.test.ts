import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyChange } from '../../../../src/machine/changes/apply.ts';
import type { Change } from '../../../../src/machine/changes/change.ts';
import type { Machine } from '../../../../src/machine/changes/machine.ts';
import type { Commands } from '../../../../src/machine/commands/commands.ts';
import { decodeEraseMark } from '../../../../src/machine/formats/erase-mark.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const noCommands: Commands = {
  run: (argv) => Promise.reject(new Error(`unexpected command: ${argv.join(' ')}`)),
};

function machine(
  entries: Parameters<typeof temporaryRoot>[0] = {},
  live = true,
): Machine & { at(path: string): string } {
  const files = temporaryRoot(entries);
  return { files, commands: noCommands, live, at: (path) => `${files.root}${path}` };
}

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

describe('write-file', () => {
  it('gives content and mode, and leaves nothing beside', async () => {
    const m = machine({ '/etc/old': 'old' });
    await applyChange({ kind: 'write-file', path: '/etc/old', content: 'new', mode: 0o640 }, m);
    expect(readFileSync(m.at('/etc/old'), 'utf8')).toBe('new');
    expect(statSync(m.at('/etc/old')).mode & 0o7777).toBe(0o640);
    expect(m.files.list('/etc')).toEqual(['old']);
  });

  it('writes the file that a link leads to, inside the root', async () => {
    const m = machine({ '/etc/link': { link: '/var/real' }, '/var/real': 'old' });
    await applyChange({ kind: 'write-file', path: '/etc/link', content: 'new', mode: 0o644 }, m);
    expect(m.files.linkTarget('/etc/link')).toBe('/var/real');
    expect(readFileSync(m.at('/var/real'), 'utf8')).toBe('new');
  });

  it('keeps the old text with mode and owner of the file that a link leads to', async () => {
    const m = machine({
      '/etc/link': { link: '../var/second' },
      '/var/second': { link: 'real' },
      '/var/real': 'old',
    });
    chmodSync(m.at('/var/real'), 0o600);
    for (const backup of [true, 'dated'] as const) {
      const content = `new ${backup}`;
      await applyChange({ kind: 'write-file', path: '/etc/link', content, mode: 0o600, backup }, m);
    }
    const kept = m.files.list('/etc').find((name) => name.startsWith('link.'));
    expect(m.files.status('/var/lib/gandi/backup/etc_link')).toMatchObject({ mode: 0o600, ...owner });
    expect(m.files.status(`/etc/${kept}`)).toMatchObject({ mode: 0o600, ...owner });
    expect(m.files.status('/var/real')?.mode).toBe(0o600);
  });

  it('takes away what a run that was cut off has left', async () => {
    const m = machine({ '/etc/name': 'old', '/etc/.name.gandi-new': 'half' });
    await applyChange({ kind: 'write-file', path: '/etc/name', content: 'new', mode: 0o644 }, m);
    expect(m.files.list('/etc')).toEqual(['name']);
  });

  it.each(['', '-1'])(
    'takes another name where a directory is in the way, behind a leftover%s',
    async (taken) => {
      const m = machine({
        '/etc/name': 'old',
        '/etc/.name.gandi-new/x': 'somebody’s',
        [`/etc/x${taken}`]: '',
      });
      if (taken !== '') mkdirSync(m.at(`/etc/.name.gandi-new${taken}`));
      await applyChange({ kind: 'write-file', path: '/etc/name', content: 'new', mode: 0o644 }, m);
      expect(readFileSync(m.at('/etc/name'), 'utf8')).toBe('new');
      expect(m.files.list('/etc/.name.gandi-new')).toEqual(['x']);
      const others = m.files.list('/etc').filter((name) => name.includes('gandi-new'));
      expect(others).toEqual(['.name.gandi-new', ...(taken === '' ? [] : ['.name.gandi-new-1'])]);
    },
  );

  it('leaves the old file when the new one cannot be written', async () => {
    const m = machine({ '/etc/name': 'old' });
    mkdirSync(m.at('/etc/.name.gandi-new/x'), { recursive: true });
    for (let number = 1; number < 100; number++) mkdirSync(m.at(`/etc/.name.gandi-new-${number}`));
    const change: Change = { kind: 'write-file', path: '/etc/name', content: 'new', mode: 0o644 };
    await expect(applyChange(change, m)).rejects.toThrow(
      /^\.name\.gandi-new and 99 names like it are directories/,
    );
    expect(readFileSync(m.at('/etc/name'), 'utf8')).toBe('old');
  });

  it('refuses a link below a user’s home', async () => {
    const m = machine({ '/etc/passwd': 'root', '/home/u/x': '' });
    symlinkSync('/etc', m.at('/home/u/.ssh'));
    const path = '/home/u/.ssh/passwd';
    const change: Change = {
      kind: 'write-file',
      path,
      content: '',
      mode: 0o600,
      owner,
      linksRefusedBelow: '/home/u',
    };
    await expect(applyChange(change, m)).rejects.toThrow('.ssh is a symbolic link or not a directory');
    expect(readFileSync(m.at('/etc/passwd'), 'utf8')).toBe('root');
  });

  it('keeps a copy of what it replaces when asked to', async () => {
    const m = machine({ '/etc/name': 'mine' });
    await applyChange(
      { kind: 'write-file', path: '/etc/name', content: 'new', mode: 0o644, backup: true },
      m,
    );
    expect(readFileSync(m.at('/var/lib/gandi/backup/etc_name'), 'utf8')).toBe('mine');
  });

  it('keeps each text that an admin had, once', async () => {
    const m = machine({ '/etc/name': 'mine' });
    const change: Change = {
      kind: 'write-file',
      path: '/etc/name',
      content: 'new',
      mode: 0o644,
      backup: true,
    };
    for (const text of ['mine', 'mine again', 'mine', 'third']) {
      writeFileSync(m.at('/etc/name'), text);
      await applyChange(change, m);
    }
    const kept = ['etc_name', 'etc_name.1', 'etc_name.2'];
    expect(readdirSync(m.at('/var/lib/gandi/backup')).sort()).toEqual(kept);
    expect(kept.map((name) => readFileSync(m.at(`/var/lib/gandi/backup/${name}`), 'utf8'))).toEqual([
      'mine',
      'mine again',
      'third',
    ]);
  });

  it('keeps bytes that are no text, in the file and in its copy', async () => {
    const m = machine({ '/etc/hosts': '' });
    const bytes = Buffer.from('# caf\xe9\n10.0.0.1 host\n', 'latin1');
    writeFileSync(m.at('/etc/hosts'), bytes);
    const content = `${m.files.readText('/etc/hosts')}10.0.0.2 é\n`;
    const change: Change = { kind: 'write-file', path: '/etc/hosts', content, mode: 0o644, backup: true };
    await applyChange(change, m);
    expect(readFileSync(m.at('/etc/hosts'))).toEqual(Buffer.concat([bytes, Buffer.from('10.0.0.2 é\n')]));
    expect(readFileSync(m.at('/var/lib/gandi/backup/etc_hosts'))).toEqual(bytes);
  });
});

describe('devices', () => {
  const disk = (m: ReturnType<typeof machine>, bytes: number) => {
    writeFileSync(m.at('/disk'), Buffer.alloc(bytes, 0xaa));
    return m.at('/disk');
  };

  it('copies a range into a file', async () => {
    const m = machine();
    const device = disk(m, 4096);
    writeFileSync(device, 'abcdefgh');
    await applyChange({ kind: 'copy-range', device, offset: 2, length: 3, path: '/member', mode: 0o600 }, m);
    expect(readFileSync(m.at('/member'), 'utf8')).toBe('cde');
  });

  it('makes no file from a range that ends early', async () => {
    const m = machine();
    const device = disk(m, 1000);
    const change: Change = {
      kind: 'copy-range',
      device,
      offset: 500,
      length: 501,
      path: '/member',
      mode: 0o600,
    };
    await expect(applyChange(change, m)).rejects.toThrow('ends at byte 1000');
    expect(m.files.list('/')).toEqual(['disk']);
  });

  it('erases a range and nothing beside it', async () => {
    const m = machine();
    const device = disk(m, 8192);
    await applyChange({ kind: 'erase-range', device, offset: 1024, length: 3072, why: 'test' }, m);
    const after = readFileSync(device);
    expect(after.subarray(1024, 4096).every((byte) => byte === 0)).toBe(true);
    expect(after.subarray(0, 1024).every((byte) => byte === 0xaa)).toBe(true);
    expect(after.subarray(4096).every((byte) => byte === 0xaa)).toBe(true);
    expect(decodeEraseMark(after.subarray(1024, 1536))).toBeUndefined();
  });

  it('leaves the mark of an erasure where that is asked for, until its sector is erased', async () => {
    const m = machine();
    const device = disk(m, 4096);
    const range = { kind: 'erase-range', device, offset: 1024, why: 'test' } as const;
    await applyChange({ ...range, length: 2048, keepMark: true }, m);
    expect(decodeEraseMark(readFileSync(device).subarray(1024, 1536))).toBe(2048);
    expect(readFileSync(device).subarray(1536, 3072)).toEqual(Buffer.alloc(1536));
    await applyChange({ ...range, length: 512 }, m);
    expect(readFileSync(device).subarray(1024, 3072)).toEqual(Buffer.alloc(2048));
  });

  it('touches no device for an unpacked image', async () => {
    const m = machine({}, false);
    const device = disk(m, 4096);
    expect(await applyChange({ kind: 'erase-range', device, offset: 0, length: 4096, why: 'test' }, m)).toBe(
      'skipped',
    );
    expect(readFileSync(device).every((byte) => byte === 0xaa)).toBe(true);
  });
});

describe('other changes', () => {
  it('makes a directory with its parents', async () => {
    const m = machine();
    await applyChange({ kind: 'make-directory', path: '/a/b/c', mode: 0o700, owner }, m);
    expect(statSync(m.at('/a/b/c')).mode & 0o777).toBe(0o700);
    expect(statSync(m.at('/a/b')).mode & 0o777).toBe(0o755);
  });

  it('removes a link, not what it leads to', async () => {
    const m = machine({ '/link': { link: '/file' }, '/file': '' });
    await applyChange({ kind: 'remove-file', path: '/link' }, m);
    await applyChange({ kind: 'remove-file', path: '/never-there' }, m);
    expect(m.files.list('/')).toEqual(['file']);
  });

  it('throws what a command’s failure says', async () => {
    const m = machine();
    m.commands = {
      run: async (argv) => ({ argv, stdout: '', stderr: '', failure: 'no' }),
    };
    const change: Change = { kind: 'run-command', argv: ['x'], timeoutSeconds: 1, why: 'test' };
    await expect(applyChange(change, m)).rejects.toThrow('no');
    expect(existsSync(m.at('/x'))).toBe(false);
  });
});
