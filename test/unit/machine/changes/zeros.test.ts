import { execFileSync } from 'node:child_process';
import { linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isMountPoint, wipeSwap, zeroFreeSpace } from '../../../../src/machine/changes/zeros.ts';
import { Files } from '../../../../src/machine/files/files.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const MIB = 1024 * 1024;
const SECRET = 'GOLDEN-SECRET';

/** Runs with a small ext4 file system of its own; skipped where nobody may mount. */
function withFileSystem(use: (files: Files, image: string) => void): void {
  const folder = mkdtempSync('/dev/shm/gandi-zeros-');
  const [image, place] = [join(folder, 'image'), join(folder, 'mounted')];
  try {
    execFileSync('mkdir', [place]);
    execFileSync('truncate', ['--size=16M', image]);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    execFileSync('mount', ['-o', 'loop', image, place]);
    try {
      use(new Files(place), image);
    } finally {
      execFileSync('umount', [place]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('what was deleted is not in the image any more, and what is there stays', () => {
  withFileSystem((files, image) => {
    writeFileSync(join(files.root, 'secret'), SECRET.repeat(100_000));
    writeFileSync(join(files.root, 'kept'), 'kept');
    execFileSync('sync', ['--file-system', files.root]);
    rmSync(join(files.root, 'secret'));
    writeFileSync(join(files.root, '.gandi-zeros'), 'left by a run that was cut off');
    expect(readFileSync(image).includes(SECRET)).toBe(true);
    zeroFreeSpace(files, '/');
    execFileSync('sync', ['--file-system', files.root]);
    expect(readFileSync(image).includes(SECRET)).toBe(false);
    expect(files.list('/')).toEqual(['kept', 'lost+found']);
    expect(isMountPoint(files.root)).toBe(true);
    expect(isMountPoint(`${files.root}/lost+found`)).toBe(false);
  });
});

it('a swap area is wiped behind its header, and keeps its UUID and label', () => {
  const files = temporaryRoot({ '/swap': '' }, '/dev/shm');
  const place = files.locate('/swap');
  execFileSync('truncate', ['--size=1M', place]);
  execFileSync('mkswap', ['-q', '-L', 'mine', place]);
  const bytes = readFileSync(place);
  bytes.write(SECRET, 5000);
  bytes.write(SECRET, MIB - SECRET.length);
  writeFileSync(place, bytes);
  wipeSwap(files, { kind: 'wipe-swap', path: '/swap' });
  const after = readFileSync(place);
  expect(after.length).toBe(MIB);
  expect(after.subarray(0, 4096).equals(bytes.subarray(0, 4096))).toBe(true);
  expect(after.includes(SECRET)).toBe(false);
});

it.each([
  ['no swap area', Buffer.alloc(MIB, 'x'), 'holds no swap area'],
  [
    'a suspended system',
    Buffer.concat([Buffer.alloc(4086), Buffer.from('S1SUSPEND\0'), Buffer.alloc(8192, 'x')]),
    'holds a suspended system',
  ],
])('%s is left as it is', (_, content, expected) => {
  const files = temporaryRoot({ '/swap': '' }, '/dev/shm');
  writeFileSync(files.locate('/swap'), content);
  expect(() => wipeSwap(files, { kind: 'wipe-swap', path: '/swap' })).toThrow(expected);
  expect(readFileSync(files.locate('/swap')).equals(content)).toBe(true);
});

it('a swap file with another name, which may lie outside of an image, is left as it is', () => {
  const files = temporaryRoot({ '/swap': '' }, '/dev/shm');
  const place = files.locate('/swap');
  execFileSync('truncate', ['--size=1M', place]);
  execFileSync('mkswap', ['-q', place]);
  linkSync(place, `${place}-too`);
  expect(() => wipeSwap(files, { kind: 'wipe-swap', path: '/swap' })).toThrow('has other names');
});
