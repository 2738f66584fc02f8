import { randomBytes, randomUUID } from 'node:crypto';
import type { HostContext } from '../context/context.ts';
import type { Backing } from '../libvirt/actions.ts';
import { makeElement, xmlText } from '../libvirt/xml.ts';
import { claimName } from '../record/claim.ts';
import { findGolden, type Owned, parseVersionName } from '../record/find.ts';
import { type GuestRecord, hostRecordText, type OwnVolume } from '../record/host-record.ts';
import { thisMaker } from '../record/maker.ts';
import { withRecord } from '../record/with-record.ts';
import type { CopiedUser } from './copied-users.ts';
import { guestXml } from './definition.ts';
import { checkUnchanged, versionOf } from './golden-version.ts';
import { type Nic, randomMac } from './interfaces.ts';
import { removeGuest } from './lifecycle.ts';
import type { GuestDisk, GuestMount } from './mounts.ts';
import { checkNew } from './new-volumes.ts';
import { guestSeed, hostNameOf } from './seed.ts';

/** What a guest is to be. */
export interface GuestWish {
  name: string;
  /** `NAME` or `NAME@V`. */
  from: string;
  hostName?: string;
  users: readonly CopiedUser[];
  sshKeys: readonly string[];
  nics: readonly Nic[];
  mounts: readonly GuestMount[];
  disks: readonly GuestDisk[];
  script?: string;
  memoryMebibytes?: number;
  cpus?: number;
  /** Made for one run. */
  disposable?: boolean;
  /** A volume that is its root disk already, instead of an overlay of its own; it is not removed with the guest. */
  rootVolume?: string;
  /** A volume for what its console says. */
  consoleLog?: string;
  /** A version that no guest has tried yet is allowed. */
  untested?: boolean;
}

export interface CreatedGuest {
  name: string;
  uuid: string;
  golden: string;
}

const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;

/**
 * Makes a guest: claims its name, then makes its volumes, then defines it as it is to be. It can be cut off anywhere: what
 * is there then is marked as being made, by a process that is gone.
 * @throws Error in one line; nothing stays of what failed
 */
export async function createGuest(context: HostContext, wish: GuestWish): Promise<CreatedGuest> {
  const { virsh, effects, system } = context;
  const { name: goldenName, number } = parseVersionName(wish.from);
  const hostName = hostNameOf(wish.name, wish.hostName);
  const golden = await findGolden(virsh, goldenName);
  const version = versionOf(golden, number, wish.untested);
  const path = await checkUnchanged(context, golden, version);
  const { pool } = golden.record;
  const directory = path.slice(0, path.lastIndexOf('/'));
  const uuid = randomUUID();
  const nics = wish.nics.map((nic) => ({ ...nic, mac: nic.mac ?? randomMac(randomBytes(3)) }));
  const file = (part: string) => `${wish.name}.${part}`;
  const [root, seed] = [wish.rootVolume ?? file('root.qcow2'), file('seed.img')];
  const volumes: OwnVolume[] = [
    ...(wish.rootVolume === undefined ? [{ pool, name: root }] : []),
    { pool, name: seed },
    ...wish.disks.map(({ label, keep }) => ({
      pool,
      name: file(`${label}.qcow2`),
      ...(keep ? { keep } : {}),
    })),
    ...(wish.consoleLog === undefined ? [] : [{ pool, name: wish.consoleLog, log: true }]),
  ];
  const record: GuestRecord = defined<GuestRecord>({
    uuid,
    role: 'guest',
    state: 'creating',
    created: system.now().toISOString(),
    maker: thisMaker(system),
    golden: `${goldenName}@${version.number}`,
    ...(version.stamp === undefined ? {} : { stamp: version.stamp }),
    volumes,
    ...(wish.disposable ? { disposable: true } : {}),
  });
  // What a console said may be there from a trial before.
  const made = volumes.filter(({ log }) => !log).map((volume) => volume.name);
  await checkNew(context, { name: pool, type: 'dir', path: directory }, made, wish.name);
  const { kernel, initrd } = version;
  const xml = guestXml(golden.definition, {
    name: wish.name,
    uuid,
    disks: [
      { path: `${directory}/${root}`, format: 'qcow2' },
      { path: `${directory}/${seed}`, format: 'raw', readOnly: true },
      ...wish.disks.map(({ label }) => ({
        path: `${directory}/${file(`${label}.qcow2`)}`,
        format: 'qcow2' as const,
        serial: label,
      })),
    ],
    ...(kernel === undefined || initrd === undefined
      ? {}
      : { boot: { kernel: `${directory}/${kernel}`, initrd: `${directory}/${initrd}` } }),
    nics,
    mounts: wish.mounts,
    ...(wish.consoleLog === undefined ? {} : { consoleLog: `${directory}/${wish.consoleLog}` }),
    ...(wish.memoryMebibytes === undefined ? {} : { memoryMebibytes: wish.memoryMebibytes }),
    ...(wish.cpus === undefined ? {} : { cpus: wish.cpus }),
  });
  await claimName(context, { name: wish.name, uuid }, withRecord(xml, hostRecordText(record)));
  const content = guestSeed({
    uuid,
    hostName,
    sshKeys: wish.sshKeys,
    users: wish.users,
    nics,
    mounts: wish.mounts,
    ...(wish.script === undefined ? {} : { script: wish.script }),
  });
  const blank = (volume: string, bytes: number, backing?: Backing) =>
    effects.apply({
      kind: 'create-volume',
      pool,
      volume,
      bytes,
      format: 'qcow2',
      ...(backing && { backing }),
    });
  try {
    await allDone([
      ...(wish.rootVolume === undefined
        ? [blank(root, version.capacity, { volume: version.disk, format: 'qcow2' })]
        : []),
      createVolumeOf(context, pool, seed, content),
      ...wish.disks.map(({ label, bytes }) => blank(file(`${label}.qcow2`), bytes)),
    ]);
    await effects.apply({
      kind: 'define',
      xml: withRecord(xml, hostRecordText({ ...record, state: 'ready' })),
    });
  } catch (error) {
    await undo(context, { uuid, name: wish.name, definition: golden.definition, record });
    throw error;
  }
  return { name: wish.name, uuid, golden: record.golden };
}

/** What was begun goes, as far as it can; what cannot is said, and is left for a cleanup. */
async function undo(context: HostContext, guest: Owned<GuestRecord>): Promise<void> {
  try {
    await removeGuest(context, guest);
  } catch (error) {
    context.warn(
      `guest ${guest.name} stays half made (${error instanceof Error ? error.message : error}); "gandi-host cleanup" removes it`,
    );
  }
}

/** Waits for all: where one fails, no other may go on behind the caller's back. @throws the first failure */
async function allDone(parts: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** A volume of bytes that nobody but root and QEMU is to read: a seed may have hashes. */
async function createVolumeOf(
  { effects }: HostContext,
  pool: string,
  volume: string,
  content: Uint8Array,
): Promise<void> {
  const xml = xmlText(
    makeElement({
      name: 'volume',
      children: [
        { name: 'name', text: volume },
        { name: 'capacity', attributes: { unit: 'B' }, text: String(content.length) },
        {
          name: 'target',
          children: [
            { name: 'format', attributes: { type: 'raw' } },
            { name: 'permissions', children: [{ name: 'mode', text: '0600' }] },
          ],
        },
      ],
    }),
  );
  await effects.apply({ kind: 'create-volume-xml', pool, xml });
  await effects.apply({ kind: 'upload-content', pool, volume, content });
}
