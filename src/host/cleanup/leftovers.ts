import type { HostContext } from '../context/context.ts';
import { findPool, isActivePool, type Volume, volumesOf } from '../libvirt/storage.ts';
import { type Owned, ownedDomains } from '../record/find.ts';
import type { GoldenRecord, GuestRecord } from '../record/host-record.ts';
import { isAtWork } from '../record/maker.ts';
import { allReferences, childrenOfFile } from '../record/references.ts';

/** Where images are built unless a command is told otherwise. */
export const WORK_DIRECTORY = '/var/tmp';

/** Something that a command of ours began and left, for it was killed; `image`: UUID of the image that a volume was for. */
export type Leftover =
  | { kind: 'guest'; what: string; guest: Owned<GuestRecord> }
  | { kind: 'golden'; what: string; golden: Owned<GoldenRecord> }
  | { kind: 'volume'; what: string; pool: string; volume: string; image: string }
  | { kind: 'directory'; what: string; path: string };

/** Version of an image that a volume's name stands for; undefined for any other name. */
export function versionOfVolume(image: string, volume: string): number | undefined {
  if (!volume.startsWith(`${image}.v`)) return undefined;
  const number = /^(\d{1,9})\.(?:qcow2|kernel|initrd|console)$/.exec(volume.slice(image.length + 2))?.[1];
  return number === undefined ? undefined : Number(number);
}

/**
 * Volumes of versions that were begun and never noted. Their numbers were noted as used before, so the names are ours.
 * @param volumes of the image's pool
 */
export function unnotedVolumes(name: string, record: GoldenRecord, volumes: readonly Volume[]): Volume[] {
  const noted = new Set(record.versions.map(({ number }) => number));
  return volumes.filter((volume) => {
    const number = versionOfVolume(name, volume.name);
    return number !== undefined && number < record.next && !noted.has(number);
  });
}

/**
 * @param leaving what needs images and is a leftover itself, as references.ts names it: a guest in which a version was made has its
 *   disk
 */
async function ofGolden(
  context: HostContext,
  golden: Owned<GoldenRecord>,
  leaving: ReadonlySet<string>,
): Promise<Leftover[]> {
  const { record, name } = golden;
  // A version that cannot be read would count as one that was never finished.
  if (record.damage !== undefined) return [];
  const pool = await findPool(context.virsh, record.pool);
  // What is in a pool that is away cannot be seen.
  if (pool === undefined || !(await isActivePool(context.virsh, pool.name))) return [];
  const references = await allReferences(context.virsh);
  const unnoted = unnotedVolumes(name, record, await volumesOf(context.virsh, pool)).filter(({ path }) =>
    childrenOfFile(path, references).every(({ uuid, what }) => uuid === golden.uuid || leaving.has(what)),
  );
  return unnoted.map(({ name: volume }) => ({
    kind: 'volume',
    what: `volume ${record.pool}/${volume} of a version of ${name} that was never finished`,
    pool: record.pool,
    volume,
    image: golden.uuid,
  }));
}

/**
 * An image alone tells whose volumes of unfinished versions are.
 * @throws Error if there are some, or its pool cannot be looked into
 */
export async function checkNoVolumes(
  { virsh }: HostContext,
  { name, record }: Owned<GoldenRecord>,
): Promise<void> {
  const pool = await findPool(virsh, record.pool);
  if (pool === undefined || !(await isActivePool(virsh, pool.name)))
    throw new Error(`its pool ${record.pool} is not there, or not active`);
  const [left] = unnotedVolumes(name, record, await volumesOf(virsh, pool));
  if (left !== undefined) throw new Error(`its volume ${record.pool}/${left.name} is still there`);
}

/** Directories of this user's in which an image was built by a process that is gone: its number is in their names. */
function directories({ system }: HostContext, parent: string): Leftover[] {
  return system.files.list(parent).flatMap((name): Leftover[] => {
    const pid = /^gandi-host-(\d+)-[A-Za-z0-9]{8}$/.exec(name)?.[1];
    if (pid === undefined) return [];
    const command = system.files.readText(`/proc/${pid}/cmdline`) ?? '';
    const path = `${parent}/${name}`;
    const status = system.files.status(path);
    // Everybody may make something of that name there.
    if (status?.kind !== 'directory' || status.uid !== system.uid) return [];
    return command.includes('gandi-host')
      ? []
      : [{ kind: 'directory', what: `directory ${path} of a build`, path }];
  });
}

/**
 * What was left by processes of this host that are gone. Nothing else is looked at: only what carries our element with its
 * own UUID, and of it only the volumes that it lists.
 * @param workDirectory where images are built; undefined: it is not looked there
 */
export async function findLeftovers(
  context: HostContext,
  workDirectory: string | undefined,
): Promise<Leftover[]> {
  const owned = (await ownedDomains(context.virsh)).filter(
    ({ record }) => !isAtWork(record.maker, context.system),
  );
  const found: Leftover[] = [];
  const leaving = new Set<string>();
  for (const { record, name, uuid, definition } of owned) {
    if (record.role !== 'guest' || !(record.state === 'creating' || record.disposable)) continue;
    const why = record.state === 'creating' ? 'that was never finished' : 'of a run that was killed';
    found.push({ kind: 'guest', what: `guest ${name} ${why}`, guest: { uuid, name, definition, record } });
    leaving.add(`domain ${name}`);
    for (const volume of record.volumes) leaving.add(`volume ${volume.pool}/${volume.name}`);
  }
  for (const { record, name, uuid, definition } of owned) {
    if (record.role !== 'golden') continue;
    const golden = { uuid, name, definition, record };
    // Without a version that was tried there is nothing of it to keep.
    const isUntried = record.versions.every(({ state }) => state === 'untested');
    if (record.state === 'creating' && isUntried && record.damage === undefined)
      found.push({ kind: 'golden', what: `golden image ${name} that was never finished`, golden });
    found.push(...(await ofGolden(context, golden, leaving)));
  }
  // Guests first: what they need can go when they are gone. An image's volumes go before the image that tells of them.
  const order = ['guest', 'volume', 'golden', 'directory'];
  const built = workDirectory === undefined ? [] : directories(context, workDirectory);
  return [...found, ...built].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
