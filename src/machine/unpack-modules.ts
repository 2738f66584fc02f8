import {
  closeSync,
  copyFileSync,
  createReadStream,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Extract, Header } from 'tar-stream';
import type { UnpackModules } from './change.ts';
import type { Files } from './files.ts';
import { writeFully } from './write.ts';

/** A full set of a distribution's modules is about 400 MB and 8,000 files uncompressed. */
const MOST_BYTES = 2 * 1024 * 1024 * 1024;
const MOST_MEMBERS = 50_000;

/** How much of the free room an archive may take, so that the guest keeps some to boot with. */
const MOST_OF_FREE = 0.8;

/** Links into the kernel's source tree, which only the machine that built it has. */
const SOURCE_LINKS = new Set(['build', 'source']);

/** A member's place in the guest; undefined if it is one to pass over. */
function destination(header: Header, release: string): string | undefined {
  const name = header.name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const parts = name.split('/');
  const refuse = (why: string): never => {
    throw new Error(`member ${JSON.stringify(name.slice(0, 100))} ${why}`);
  };
  if (parts.includes('..') || name.startsWith('/') || parts.includes('')) {
    if (name === '' || name === '.') return undefined;
    refuse('has an unsafe path');
  }
  if (header.type === 'directory') return undefined;
  const inTree = parts[0] === 'lib' && parts[1] === 'modules' && parts[2] === release && parts.length > 3;
  const inBoot = parts[0] === 'boot' && parts.length === 2;
  if (header.type === 'symlink' && inTree && parts.length === 4 && SOURCE_LINKS.has(parts[3] ?? ''))
    return undefined;
  if (header.type !== 'file') refuse(`is a ${header.type}, expected a file`);
  if ((header.mode & 0o6000) !== 0) refuse('has a setuid or setgid bit');
  if (!inTree && !inBoot) refuse(`is outside lib/modules/${release} and boot`);
  return `/${name}`;
}

async function decompressed(path: string): Promise<Readable[]> {
  if (path.endsWith('.bz2')) {
    const [{ bunzip2 }, { Readable }] = await Promise.all([import('./bunzip2.ts'), import('node:stream')]);
    return [Readable.from(bunzip2(path), { objectMode: false })];
  }
  const { createGunzip } = await import('node:zlib');
  return [createReadStream(path), createGunzip()];
}

function moveAll(files: Files, staging: string, below: string): void {
  for (const name of readdirSync(`${staging}${below}`)) {
    const path = `${below}/${name}`;
    if (lstatSync(`${staging}${path}`).isDirectory()) {
      moveAll(files, staging, path);
      continue;
    }
    const target = files.locate(path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    try {
      renameSync(`${staging}${path}`, target);
    } catch (error) {
      // /boot can be a file system of its own.
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      const beside = `${dirname(target)}/.${basename(target)}.gandi-new`;
      copyFileSync(`${staging}${path}`, beside);
      renameSync(beside, target);
    }
  }
}

async function writeMember(path: string, mode: number, content: AsyncIterable<Uint8Array>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  // 'wx': a second member of the same name is an error.
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of content) writeFully(descriptor, chunk);
    fchmodSync(descriptor, mode);
  } finally {
    closeSync(descriptor);
  }
}

async function unpackInto(staging: string, release: string, tar: Extract): Promise<void> {
  const { bavail, bsize } = statfsSync(staging);
  const mostBytes = Math.min(MOST_BYTES, Math.floor(bavail * bsize * MOST_OF_FREE));
  let bytes = 0;
  let members = 0;
  for await (const entry of tar) {
    bytes += entry.header.size;
    if (++members > MOST_MEMBERS || bytes > mostBytes) {
      throw new Error(
        `unpacks to more than the ${mostBytes} bytes that there is room for, or ${MOST_MEMBERS} members`,
      );
    }
    const path = destination(entry.header, release);
    if (path === undefined) entry.resume();
    else
      await writeMember(`${staging}${path}`, entry.header.mode & 0o755, entry as AsyncIterable<Uint8Array>);
  }
}

/**
 * Unpacks a kernel modules archive: first whole beside the tree, then moved into it file by file, so that a bad
 * archive changes nothing and files that the admin added stay.
 * @param change `archive` ends in `.gz` or `.bz2`; members lie below `lib/modules/<release>/`, or are `boot/<file>`
 * @throws Error naming the member or limit that was broken
 */
export async function unpackModules(files: Files, change: UnpackModules): Promise<void> {
  const { extract } = await import('tar-stream');
  const staging = files.locate('/lib/modules/.gandi-new');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o755 });
  try {
    const tar = extract();
    const [unpacked, read] = await Promise.allSettled([
      unpackInto(staging, change.release, tar),
      pipeline([...(await decompressed(files.locate(change.archive))), tar]),
    ]);
    // When unpacking stops, reading is cut off too: the first of both is the reason.
    if (unpacked.status === 'rejected') throw unpacked.reason;
    if (read.status === 'rejected') throw read.reason;
    moveAll(files, staging, '');
  } catch (error) {
    throw new Error(`${change.archive} was not installed: ${(error as Error).message}`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
