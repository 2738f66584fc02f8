import {
  closeSync,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Files } from '../../files/files.ts';
import { writeFully } from '../../files/write.ts';
import type { TarHeader } from '../../formats/tar/header.ts';
import { readTar, type StreamedMember } from '../../formats/tar/members.ts';
import type { UnpackModules } from '../change.ts';
import { gunzip } from './gunzip.ts';

/** A full set of a distribution's modules is about 400 MB and 8,000 files uncompressed. */
const MOST_BYTES = 2 * 1024 * 1024 * 1024;
const MOST_MEMBERS = 50_000;

/** How much of the free room an archive may take, so that the guest keeps some to boot with. */
const MOST_OF_FREE = 0.8;

/** Links into the kernel's source tree, which only the machine that built it has. */
const SOURCE_LINKS = new Set(['build', 'source']);

/** Type flags of members (POSIX.1-2017, pax, ustar format); `7` is a file that was to lie in one piece. */
const FILES = new Set(['0', '7']);
const DIRECTORY = '5';
const SYMBOLIC_LINK = '2';

/** What an admin would call the others. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  [SYMBOLIC_LINK]: 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a FIFO',
};

/** A member's place in the guest; undefined if it is one to pass over. */
function destination(header: TarHeader, release: string): string | undefined {
  // Names are decoded byte by byte; on disk they are UTF-8.
  const written = Buffer.from(header.name, 'latin1').toString();
  const name = written.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const parts = name.split('/');
  const refuse = (why: string): never => {
    throw new Error(`member ${JSON.stringify(name.slice(0, 100))} ${why}`);
  };
  if (parts.includes('..') || name.startsWith('/') || parts.includes('')) {
    if (name === '' || name === '.') return undefined;
    refuse('has an unsafe path');
  }
  // Before there was a type for directories, a slash at the end said it.
  if (header.type === DIRECTORY || (FILES.has(header.type) && written.endsWith('/'))) return undefined;
  const inTree = parts[0] === 'lib' && parts[1] === 'modules' && parts[2] === release && parts.length > 3;
  const inBoot = parts[0] === 'boot' && parts.length === 2;
  if (header.type === SYMBOLIC_LINK && inTree && parts.length === 4 && SOURCE_LINKS.has(parts[3] ?? ''))
    return undefined;
  if (!FILES.has(header.type))
    refuse(`is ${TYPE_NAMES[header.type] ?? `of type ${header.type}`}, expected a file`);
  if ((header.mode & 0o6000) !== 0) refuse('has a setuid or setgid bit');
  if (!inTree && !inBoot) refuse(`is outside lib/modules/${release} and boot`);
  return `/${name}`;
}

async function decompressed(path: string): Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array>> {
  // Its decoder is loaded only for what is packed so.
  return path.endsWith('.bz2') ? (await import('./bunzip2-apart.ts')).bunzip2Apart(path) : gunzip(path);
}

/** What is asked of the system: rename(2), which no file gets over to another file system by, and fsync(2). */
interface Calls {
  rename: (from: string, to: string) => void;
  sync: (descriptor: number) => void;
}

/**
 * Copies a file to another file system, such as /boot. It is synced at once: what the step syncs when all is in its place
 * is the file system of the modules.
 */
function copyAcross(from: string, target: string, { rename, sync }: Calls): void {
  const directory = dirname(target);
  const beside = `${directory}/.${basename(target)}.gandi-new`;
  copyFileSync(from, beside);
  syncPath(beside, sync);
  rename(beside, target);
  syncPath(directory, sync);
}

function syncPath(path: string, sync: Calls['sync']): void {
  const descriptor = openSync(path, 'r');
  try {
    sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function moveAll(files: Files, staging: string, below: string, calls: Calls): void {
  for (const name of readdirSync(`${staging}${below}`)) {
    const path = `${below}/${name}`;
    if (lstatSync(`${staging}${path}`).isDirectory()) {
      moveAll(files, staging, path, calls);
      continue;
    }
    const target = files.locate(path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    try {
      calls.rename(`${staging}${path}`, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      copyAcross(`${staging}${path}`, target, calls);
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

async function unpackInto(
  staging: string,
  release: string,
  members: AsyncIterable<StreamedMember>,
): Promise<void> {
  const { bavail, bsize } = statfsSync(staging);
  const mostBytes = Math.min(MOST_BYTES, Math.floor(bavail * bsize * MOST_OF_FREE));
  let bytes = 0;
  let count = 0;
  for await (const { header, content } of members) {
    bytes += header.size;
    if (++count > MOST_MEMBERS || bytes > mostBytes) {
      throw new Error(
        `unpacks to more than the ${mostBytes} bytes that there is room for, or ${MOST_MEMBERS} members`,
      );
    }
    const path = destination(header, release);
    if (path !== undefined) await writeMember(`${staging}${path}`, header.mode & 0o755, content);
  }
}

/**
 * Unpacks a kernel modules archive: first whole beside the tree, then moved into it file by file, so that a bad
 * archive changes nothing and files that the admin added stay.
 * @param change `archive` ends in `.gz` or `.bz2`; members lie below `lib/modules/<release>/`, or are `boot/<file>`
 * @param calls the system's own
 * @throws Error naming the member or limit that was broken
 */
export async function unpackModules(
  files: Files,
  change: UnpackModules,
  calls: Calls = { rename: renameSync, sync: fsyncSync },
): Promise<void> {
  const staging = files.locate('/lib/modules/.gandi-new');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o755 });
  try {
    const archive = await decompressed(files.locate(change.archive));
    await unpackInto(staging, change.release, readTar(archive));
    moveAll(files, staging, '', calls);
  } catch (error) {
    throw new Error(`${change.archive} was not installed: ${(error as Error).message}`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
