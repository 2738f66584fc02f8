import { posix } from 'node:path';
import { LibvirtError, PLAIN_WORD, type Virsh } from './virsh.ts';
import { attributeOf, type Element, findElement, parseXml, textOf } from './xml.ts';

/** A pool of volumes. */
export interface Pool {
  name: string;
  type: string;
  /** Directory or device; undefined for kinds that have none. */
  path: string | undefined;
}

export interface Volume {
  pool: string;
  name: string;
  path: string;
  /** Such as qcow2, raw. */
  format: string | undefined;
  /** As the guest sees it, in bytes. */
  capacity: number;
  /** On disk, in bytes. */
  allocation: number;
  /** Path of the image that it is an overlay of, as libvirt resolved it. */
  backing: string | undefined;
  /** What tells whether its file was changed: size and time of the last change, by libvirt's word. */
  stamp: string | undefined;
}

const BLANKS = / {2,}/g;

/**
 * Names of volumes from the lines of `vol-list`, which has no other form: each is a blank, the name, blanks, and the path.
 * @param directory the pool's, below which a volume's path is this and its name; undefined for other kinds of pools
 */
export function parseVolumeNames(text: string, directory: string | undefined): string[] {
  return text.split('\n').flatMap((line) => {
    const row = line.trim();
    const splits = [...row.matchAll(BLANKS)].map(({ index, 0: blanks }) => ({
      name: row.slice(0, index),
      path: row.slice(index + blanks.length),
    }));
    const sure = splits.find(({ name, path }) => path === `${directory}/${name}`);
    const name = (sure ?? splits[0])?.name;
    return name === undefined || name === '' ? [] : [name];
  });
}

/** @param text of `vol-dumpxml` @returns undefined if it is none */
export function parseVolume(pool: string, text: string): Volume | undefined {
  const root = parseXml(text);
  const name = textOf(root, 'name');
  const path = textOf(root, 'target', 'path');
  if (name === undefined || path === undefined) return undefined;
  const size = textOf(root, 'physical');
  const changed = textOf(root, 'target', 'timestamps', 'mtime');
  const bytes = (element: string) => Number(textOf(root, element) ?? 0);
  return {
    pool,
    name,
    path,
    format: attributeOf(findElement(root, 'target', 'format'), 'type'),
    capacity: bytes('capacity'),
    allocation: bytes('allocation'),
    backing: textOf(root, 'backingStore', 'path'),
    stamp: size === undefined || changed === undefined ? undefined : `${size} bytes at ${changed}`,
  };
}

function parsePool(text: string): Pool | undefined {
  const root: Element | undefined = parseXml(text);
  const name = textOf(root, 'name');
  if (name === undefined) return undefined;
  return { name, type: attributeOf(root, 'type') ?? '', path: textOf(root, 'target', 'path') };
}

/**
 * All active pools. Of those whose volumes are files, libvirt looks anew what is in them.
 * @throws LibvirtError
 */
export async function activePools(virsh: Virsh): Promise<Pool[]> {
  const pools: Pool[] = [];
  for (const name of await activeNames(virsh)) {
    const pool = parsePool(await virsh.query('pool-dumpxml', '--pool', name));
    if (pool === undefined) throw new LibvirtError(`virsh said nothing usable of pool ${name}`);
    // What was put there by others since its last look it does not know. One that cannot be looked at is as it was.
    if (isOfFiles(pool)) await virsh.ask('pool-refresh', '--pool', name);
    pools.push(pool);
  }
  return pools;
}

/** Kinds of pools whose volumes are files in a directory (libvirt, docs/storage.rst). */
const OF_FILES = ['dir', 'fs', 'netfs'];

export const isOfFiles = ({ type }: Pick<Pool, 'type'>): boolean => OF_FILES.includes(type);

/**
 * One pool, active or not.
 * @returns undefined if libvirt has none of that name
 */
export async function findPool(virsh: Virsh, name: string): Promise<Pool | undefined> {
  const { failure, stdout } = await virsh.ask('pool-dumpxml', '--pool', name);
  return failure === undefined ? parsePool(stdout) : undefined;
}

async function activeNames(virsh: Virsh): Promise<string[]> {
  const [list = ''] = await virsh.queryWhole([['pool-list', '--name']]);
  const lines = list.split('\n').map((line) => line.trimEnd());
  return lines.filter((line) => line !== '');
}

/** @throws LibvirtError */
export const isActivePool = async (virsh: Virsh, pool: string): Promise<boolean> =>
  (await activeNames(virsh)).includes(pool);

/** @throws Error in one line if a pool is not there, or not active: nobody can tell what is in it */
async function checkActive(virsh: Virsh, pool: string): Promise<void> {
  if (await isActivePool(virsh, pool)) return;
  throw new Error(
    `libvirt has no active pool ${pool}: start it with "virsh pool-start ${pool}", or define it again`,
  );
}

/**
 * One volume. That there is none is believed only where libvirt answers, and the pool is active: who takes a silence for an
 * answer removes what somebody needs.
 * @returns undefined if the pool has none of that name
 * @throws LibvirtError; Error in one line if the pool is not active
 */
export async function findVolume(virsh: Virsh, pool: string, name: string): Promise<Volume | undefined> {
  const words = ['vol-dumpxml', '--pool', pool, '--vol', name] as const;
  const first = await virsh.ask(...words);
  if (first.failure === undefined) return volumeIn(pool, first.stdout);
  await checkActive(virsh, pool);
  const second = await virsh.ask(...words);
  if (second.failure === undefined) return volumeIn(pool, second.stdout);
  if (second.exitCode !== 1) throw new LibvirtError(second.failure);
  return undefined;
}

function volumeIn(pool: string, text: string): Volume {
  const volume = parseVolume(pool, text);
  if (volume === undefined) throw new LibvirtError(`virsh said nothing usable of a volume in pool ${pool}`);
  return volume;
}

/**
 * How many images a volume is made of: itself, the one that it is an overlay of, and so on.
 * @param most it is not looked further
 */
export async function imagesOf(
  virsh: Virsh,
  { name: pool, path }: Pool,
  name: string,
  most: number,
): Promise<number> {
  let count = 1;
  let below = (await findVolume(virsh, pool, name))?.backing;
  for (; below !== undefined && count < most; count += 1) {
    const isHere = below === `${path}/${posix.basename(below)}`;
    below = isHere ? (await findVolume(virsh, pool, posix.basename(below)))?.backing : undefined;
  }
  return count;
}

/**
 * Names of all volumes of a pool, as libvirt knows them since its last look (`pool-refresh`).
 * @throws LibvirtError
 */
export const volumeNames = async (virsh: Virsh, pool: Pool): Promise<string[]> =>
  parseVolumeNames(await virsh.query('vol-list', '--pool', pool.name), pool.path);

/**
 * All volumes of a pool, as libvirt knows them since its last look; by one process where their names allow that.
 * @throws LibvirtError
 */
export async function volumesOf(virsh: Virsh, pool: Pool): Promise<Volume[]> {
  const names = await volumeNames(virsh, pool);
  const isPlain = (name: string) =>
    PLAIN_WORD.test(name) && !name.startsWith('-') && PLAIN_WORD.test(pool.name);
  const plain = names.filter(isPlain);
  const texts = await virsh.queryAll(
    plain.map((name) => ['vol-dumpxml', '--pool', pool.name, '--vol', name]),
  );
  const known = new Map(plain.map((name, index) => [name, parseVolume(pool.name, texts[index] ?? '')]));
  const volumes: Volume[] = [];
  for (const name of names) {
    const volume = known.get(name) ?? (await findVolume(virsh, pool.name, name));
    if (volume !== undefined) volumes.push(volume);
  }
  return volumes;
}

/**
 * Names of a domain's snapshots, the oldest first. One that was made of another one is never older than that, whatever the
 * clock said.
 * @throws LibvirtError
 */
export async function snapshotNames(virsh: Virsh, uuid: string): Promise<string[]> {
  const text = await virsh.query('snapshot-list', '--domain', uuid, '--name', '--topological');
  const names = text.split('\n').filter((line) => line.trim() !== '');
  if (names.length < 2) return names;
  const made = new Map<string, number>();
  for (const name of names) {
    const root = parseXml(await virsh.query('snapshot-dumpxml', '--domain', uuid, '--snapshotname', name));
    const parent = made.get(textOf(root, 'parent', 'name') ?? '') ?? 0;
    made.set(name, Math.max(parent, Number(textOf(root, 'creationTime') ?? 0)));
  }
  return [...names].sort((one, other) => (made.get(one) ?? 0) - (made.get(other) ?? 0));
}
