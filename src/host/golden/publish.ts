import type { HostContext } from '../context/context.ts';
import { findVolume } from '../libvirt/storage.ts';
import { makeElement, xmlText } from '../libvirt/xml.ts';
import type { Owned } from '../record/find.ts';
import { type GoldenRecord, type GoldenVersion, hostRecordText } from '../record/host-record.ts';
import { thisMaker } from '../record/maker.ts';
import { nextFiles, withVersion } from './versions.ts';

export type Golden = Pick<Owned<GoldenRecord>, 'uuid' | 'name' | 'record'>;

const SECONDS = 3600;

/** Writes what is known of a golden image. */
export async function saveRecord({ effects }: HostContext, golden: Golden): Promise<void> {
  const { uuid, name, record } = golden;
  await effects.apply({
    kind: 'metadata',
    domain: { uuid, name },
    of: 'host',
    xml: hostRecordText(record),
    live: false,
  });
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

/** The next number is used up, whatever happens; this process is at work on it. */
export const reserved = ({ system }: HostContext, record: GoldenRecord): GoldenRecord => ({
  ...record,
  next: record.next + 1,
  maker: thisMaker(system),
});

/** Files of this host that are to be a version. */
export interface BuiltFiles {
  disk: string;
  kernel?: string;
  initrd?: string;
  /** As a guest sees the disk. */
  capacity: number;
}

/**
 * Makes the next version of files, and notes it, untested.
 * @returns the golden image with it
 */
export async function publishVersion(
  context: HostContext,
  golden: Golden,
  built: BuiltFiles,
): Promise<Golden> {
  const { effects, virsh, system } = context;
  const { pool } = golden.record;
  const names = nextFiles(golden.record, golden.name);
  const digest = await effects.apply({
    kind: 'command',
    argv: ['sha256sum', '--binary', '--', built.disk],
    timeoutSeconds: SECONDS,
  });
  await saveRecord(context, { ...golden, record: reserved(context, golden.record) });
  await uploadVolume(context, pool, names.disk, built.disk, 'raw');
  if (built.kernel !== undefined) await uploadVolume(context, pool, names.kernel, built.kernel, 'raw');
  if (built.initrd !== undefined) await uploadVolume(context, pool, names.initrd, built.initrd, 'raw');
  await effects.apply({ kind: 'refresh-pool', pool });
  // A dry run has made nothing that could be looked at.
  const stamp = effects.dryRun ? undefined : (await findVolume(virsh, pool, names.disk))?.stamp;
  const version: Omit<GoldenVersion, 'number'> = {
    state: 'untested',
    created: system.now().toISOString(),
    disk: names.disk,
    ...(built.kernel === undefined ? {} : { kernel: names.kernel }),
    ...(built.initrd === undefined ? {} : { initrd: names.initrd }),
    capacity: built.capacity,
    ...(/^[0-9a-f]{64}/.test(digest) ? { sha256: digest.slice(0, 64) } : {}),
    ...(stamp === undefined ? {} : { stamp }),
  };
  const published = { ...golden, record: withVersion(golden.record, version) };
  await saveRecord(context, published);
  return published;
}
