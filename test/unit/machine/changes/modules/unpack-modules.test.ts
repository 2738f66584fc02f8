import { execFileSync } from 'node:child_process';
import {
  fsyncSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { unpackModules } from '../../../../../src/machine/changes/modules/unpack-modules.ts';
import type { Files } from '../../../../../src/machine/files/files.ts';
import { temporaryRoot } from '../../../temporary-root.ts';

/** A system in which /boot is a file system of its own, whatever root it is in. @returns its calls, and what they did */
function bootApart() {
  const done: string[] = [];
  const inBoot = (path: string) => /\/boot(\/[^/]+)?$/.test(path) && !path.includes('/lib/modules/');
  const note = (what: string, path: string) => {
    if (inBoot(path)) done.push(`${what} ${path.slice(path.lastIndexOf('/boot'))}`);
  };
  const rename = (from: string, to: string) => {
    if (inBoot(from) !== inBoot(to))
      throw Object.assign(new Error('EXDEV: cross-device link not permitted, rename'), { code: 'EXDEV' });
    renameSync(from, to);
    note('rename', to);
  };
  const sync = (descriptor: number) => {
    note('sync', readlinkSync(`/proc/self/fd/${descriptor}`));
    fsyncSync(descriptor);
  };
  return { calls: { rename, sync }, done };
}

const RELEASE = '6.12.0-gandi';
const TREE = `lib/modules/${RELEASE}`;

interface Member {
  name: string;
  type?: 'file' | 'directory' | 'symlink' | 'link' | 'character-device';
  mode?: number;
  linkname?: string;
  content?: string;
}

async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const { content = '', ...header } of members) {
    archive.entry({ mode: 0o644, ...header }, header.type === undefined ? content : '');
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function store(files: Files, name: string, bytes: Uint8Array) {
  mkdirSync(`${files.root}/gandi`, { recursive: true });
  writeFileSync(`${files.root}/gandi/${name}`, bytes);
  return { kind: 'unpack-modules', archive: `/gandi/${name}`, release: RELEASE } as const;
}

const good: Member[] = [
  { name: `${TREE}/`, type: 'directory' },
  // As archivers wrote directories before there was a type for them.
  { name: `${TREE}/kernel/`, type: 'file' },
  { name: `${TREE}/kernel/a.ko`, content: 'module a' },
  { name: `${TREE}/build`, type: 'symlink', linkname: '/usr/src/linux' },
  { name: `boot/System.map-${RELEASE}`, content: 'map', mode: 0o600 },
];

describe('unpackModules', () => {
  it('adds to a tree, keeps what the admin has there, and leaves nothing beside', async () => {
    const files = temporaryRoot({
      [`/usr/${TREE}/updates/mine.ko`]: 'mine',
      [`/usr/${TREE}/kernel/a.ko`]: 'old',
      '/lib': { link: 'usr/lib' },
    });
    await unpackModules(files, store(files, `${RELEASE}-modules.tar.gz`, gzipSync(await tarOf(good))));
    expect(files.readText(`/${TREE}/kernel/a.ko`)).toBe('module a');
    expect(files.readText(`/${TREE}/updates/mine.ko`)).toBe('mine');
    expect(files.readText(`/boot/System.map-${RELEASE}`)).toBe('map');
    expect(statSync(`${files.root}/boot/System.map-${RELEASE}`).mode & 0o777).toBe(0o600);
    expect(files.list(`/${TREE}`)).toEqual(['kernel', 'updates']);
    expect(files.list('/lib/modules')).toEqual([RELEASE]);
  });

  it('has what it copies to another file system reach the disk', async () => {
    const files = temporaryRoot({ '/boot/vmlinuz': '' });
    const change = store(files, `${RELEASE}-modules.tar.gz`, gzipSync(await tarOf(good)));
    const { calls, done } = bootApart();
    await unpackModules(files, change, calls);
    expect(files.readText(`/boot/System.map-${RELEASE}`)).toBe('map');
    expect(files.status(`/boot/System.map-${RELEASE}`)?.mode).toBe(0o600);
    expect(files.list('/boot')).toEqual([`System.map-${RELEASE}`, 'vmlinuz']);
    expect(done).toEqual([
      `sync /boot/.System.map-${RELEASE}.gandi-new`,
      `rename /boot/System.map-${RELEASE}`,
      'sync /boot',
    ]);
  });

  it('reads bzip2', async () => {
    const files = temporaryRoot();
    const bytes = execFileSync('bzip2', ['-c'], { input: await tarOf(good) });
    await unpackModules(files, store(files, `${RELEASE}-modules.tar.bz2`, bytes));
    expect(files.readText(`/${TREE}/kernel/a.ko`)).toBe('module a');
  });

  const bad: [string, Member, string][] = [
    ['a path that climbs', { name: `${TREE}/../../../etc/x` }, 'unsafe path'],
    ['an absolute path', { name: '/etc/x' }, 'unsafe path'],
    ['another place', { name: 'etc/x' }, 'is outside'],
    ['another release', { name: 'lib/modules/other/x.ko' }, 'is outside'],
    ['a link', { name: `${TREE}/kernel`, type: 'symlink', linkname: '/etc' }, 'is a symbolic link'],
    ['a hard link', { name: `${TREE}/x`, type: 'link', linkname: '/etc/shadow' }, 'is a hard link'],
    ['a device', { name: `${TREE}/x`, type: 'character-device' }, 'is a character device'],
    ['a setuid bit', { name: `${TREE}/x`, mode: 0o4755 }, 'setuid'],
    ['the same file twice', { name: `${TREE}/kernel/a.ko` }, 'file already exists'],
  ];
  it.each(bad)('refuses %s, and installs nothing', async (_, member, why) => {
    const files = temporaryRoot({ '/etc/shadow': 'secret' });
    const change = store(files, `${RELEASE}-modules.tar.gz`, gzipSync(await tarOf([...good, member])));
    await expect(unpackModules(files, change)).rejects.toThrow(why);
    expect(files.list('/lib/modules')).toEqual([]);
    expect(files.list('/boot')).toEqual([]);
    expect(files.list('/etc')).toEqual(['shadow']);
  });

  it.each([0, 10, 100, 150])('refuses an archive that is cut off after %i bytes', async (length) => {
    const files = temporaryRoot();
    const whole = gzipSync(await tarOf(good));
    const change = store(files, `${RELEASE}-modules.tar.gz`, whole.subarray(0, length));
    await expect(unpackModules(files, change)).rejects.toThrow(
      `/gandi/${RELEASE}-modules.tar.gz was not installed`,
    );
    expect(files.list('/lib/modules')).toEqual([]);
  });

  it('refuses what would unpack without end, by its own word', async () => {
    const files = temporaryRoot();
    const tar = await tarOf([{ name: `${TREE}/kernel/a.ko`, content: 'x' }]);
    // The size field of the header, in octal: 4 GiB; then the checksum over the header (POSIX pax, ustar).
    tar.write('40000000000\0', 124);
    tar.fill(' ', 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    const change = store(files, `${RELEASE}-modules.tar.gz`, gzipSync(tar));
    await expect(unpackModules(files, change)).rejects.toThrow('unpacks to more than');
    expect(files.list('/lib/modules')).toEqual([]);
  });

  it('takes away what a run that was cut off has left', async () => {
    const files = temporaryRoot({ '/lib/modules/.gandi-new/lib/modules/half': '' });
    symlinkSync('/etc', `${files.root}/lib/modules/.gandi-new/lib/link`);
    await unpackModules(files, store(files, `${RELEASE}-modules.tar.gz`, gzipSync(await tarOf(good))));
    expect(files.list('/lib/modules')).toEqual([RELEASE]);
    expect(readFileSync(`${files.root}/${TREE}/kernel/a.ko`, 'utf8')).toBe('module a');
  });
});
