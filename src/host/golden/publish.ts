import { isDeepStrictEqual } from 'node:util';
import type { HostContext } from '../context/context.ts';
import { findVolume } from '../libvirt/storage.ts';
import { makeElement, xmlText } from '../libvirt/xml.ts';
import { findGolden, type Owned } from '../record/find.ts';
import { checkWhole, type GoldenRecord, type GoldenVersion, hostRecordText } from '../record/host-record.ts';
import { isOtherAtWork, thisMaker } from '../record/maker.ts';
import { versionFiles } from './recipe.ts';
import { withVersion } from './versions.ts';

export type Golden = Pick<Owned<GoldenRecord>, 'uuid' | 'name' | 'record'>;

const SECONDS = 3600;

/**
 * Writes what is known of a golden image, by what libvirt has of it now: others may have changed it meanwhile.
 * @throws Error in one line if its metadata are damaged, or it is no longer there
 */
export async function changeRecord(
  { effects, virsh }: HostContext,
  golden: Golden,
  change: (record: GoldenRecord) => GoldenRecord,
): Promise<Golden> {
  const { uuid, name } = golden;
  // What a dry run would have done is not there.
  const now = effects.dryRun ? golden : await findGolden(virsh, name);
  if (now.uuid !== uuid) throw new Error(`golden image ${name} was removed and made anew meanwhile`);
  checkWhole({ name, record: now.record });
  const record = change(now.record);
  await effects.apply({
    kind: 'metadata',
    domain: { uuid, name },
    of: 'host',
    xml: hostRecordText(record),
    live: false,
  });
  return { ...golden, record };
}

/** @throws Error in one line if another process of this host is at work on a golden image */
export function checkFree({ system }: Pick<HostContext, 'system'>, { name, record }: Golden): void {
  const { maker } = record;
  if (isOtherAtWork(maker, system))
    throw new Error(
      `another gandi-host (process ${maker.pid}) is at work on golden image ${name}: wait until it has ended`,
    );
}

/** A volume that is never to be written again, from a file of this host. @returns bytes of the file */
async function uploadVolume(
  context: HostContext,
  pool: string,
  volume: string,
  file: string,
  format: string,
): Promise<void> {
  const { effects, virsh } = context;
  const { stdout } = await virsh.commands.run(['stat', '--format', '%s', '--', file], {
    timeoutSeconds: SECONDS,
  });
  const xml = xmlText(
    makeElement({
      name: 'volume',
      children: [
        { name: 'name', text: volume },
        { name: 'capacity', attributes: { unit: 'B' }, text: stdout.trim() || '0' },
        { name: 'allocation', attributes: { unit: 'B' }, text: '0' },
        {
          name: 'target',
          children: [
            { name: 'format', attributes: { type: format } },
            { name: 'permissions', children: [{ name: 'mode', text: '0444' }] },
          ],
        },
      ],
    }),
  );
  await effects.apply({ kind: 'create-volume-xml', pool, xml });
  await effects.apply({ kind: 'upload-volume', pool, volume, file });
}

/**
 * The next number is used up, whatever happens; this process is at work on it.
 * @returns the golden image, with the recipe that it was given
 * @throws Error in one line if another one is
 */
export async function reserveVersion(context: HostContext, golden: Golden): Promise<Golden> {
  const { next, recipe } = golden.record;
  const maker = thisMaker(context.system);
  const reserved = await changeRecord(context, golden, (record) => {
    checkFree(context, { ...golden, record });
    if (record.next !== next)
      throw new Error(
        `another gandi-host has made a version of golden image ${golden.name} meanwhile: try again`,
      );
    return { ...record, recipe, next: next + 1, maker };
  });
  if (context.effects.dryRun) return reserved;
  // Two may have looked at the same moment: the last one that wrote has it.
  const { record } = await findGolden(context.virsh, golden.name);
  if (!isDeepStrictEqual(record.maker, maker)) checkFree(context, { ...golden, record });
  return reserved;
}

/** Files of this host that are to be a version. */
export interface BuiltFiles {
  disk: string;
  kernel?: string;
  initrd?: string;
  /** As a guest sees the disk. */
  capacity: number;
}

/**
 * Makes a version of files, and notes it, untested.
 * @param number that was reserved for it
 * @returns the golden image with it
 */
export async function publishVersion(
  context: HostContext,
  golden: Golden,
  number: number,
  built: BuiltFiles,
): Promise<Golden> {
  const { effects, virsh, system } = context;
  const { pool } = golden.record;
  const names = versionFiles(golden.name, number);
  const digest = await effects.apply({
    kind: 'command',
    argv: ['sha256sum', '--binary', '--', built.disk],
    timeoutSeconds: SECONDS,
  });
  await uploadVolume(context, pool, names.disk, built.disk, 'raw');
  if (built.kernel !== undefined) await uploadVolume(context, pool, names.kernel, built.kernel, 'raw');
  if (built.initrd !== undefined) await uploadVolume(context, pool, names.initrd, built.initrd, 'raw');
  await effects.apply({ kind: 'refresh-pool', pool });
  // A dry run has made nothing that could be looked at.
  const stamp = effects.dryRun ? undefined : (await findVolume(virsh, pool, names.disk))?.stamp;
  const version: GoldenVersion = {
    number,
    state: 'untested',
    created: system.now().toISOString(),
    disk: names.disk,
    ...(built.kernel === undefined ? {} : { kernel: names.kernel }),
    ...(built.initrd === undefined ? {} : { initrd: names.initrd }),
    capacity: built.capacity,
    ...(/^[0-9a-f]{64}/.test(digest) ? { sha256: digest.slice(0, 64) } : {}),
    ...(stamp === undefined ? {} : { stamp }),
  };
  return await changeRecord(context, golden, (record) => withVersion(record, version));
}
