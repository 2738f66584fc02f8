import type { Change } from '../machine/changes/change.ts';
import { parseJsonObject } from '../machine/changes/json-file.ts';
import type { FileView } from '../machine/files/files.ts';
import { STATE_DIRECTORY } from '../machine/files/paths.ts';
import { textsOf } from '../machine/formats/shape.ts';
import type { NetworkInterface } from '../machine/system/facts.ts';
import { dmiText } from '../metadata/dmi.ts';
import { DEFAULT_INSTANCE_ID } from '../metadata/fields/instance-id.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import { readStored } from '../metadata/stored/store.ts';
import { digestOf } from '../state/applied.ts';
import { compareUuids, type Hearing, type Instance, knownUuid } from './evidence.ts';
import { guestIdentity } from './stagger.ts';

export const INSTANCE_RECORD = '/var/lib/gandi/instance.json';

/** Of Xen's guests without SMBIOS (Documentation/ABI/stable/sysfs-hypervisor-xen). */
const XEN_UUID = '/sys/hypervisor/uuid';

const LAYOUT = 2;

/** What is kept of the guest that this disk belongs to. */
export interface InstanceRecord {
  instance: Instance;
  /** A version before wrote it: of the machine ID nothing is known. */
  isOld: boolean;
  /** What of a clone could not be renewed yet, by name, and the digits of the guest that it is made for. */
  pending?: { guest: string; parts: readonly string[] };
  /** Why it was taken for the guest that it was, though it was close to being a clone. */
  nearMiss?: string;
  /** What a clone had in common with the other guest when it became one: digests by path. */
  shared?: Readonly<Record<string, string>>;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function given<T extends object>(entries: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Partial<{
    [K in keyof T]: NonNullable<T[K]>;
  }>;
}

/** An id that any guest may have tells none from another. */
const ownId = (id: string | undefined) => (id === DEFAULT_INSTANCE_ID ? undefined : id);

function pendingOf(value: unknown): InstanceRecord['pending'] {
  if (typeof value !== 'object' || value === null) return undefined;
  const { guest, parts } = value as Record<string, unknown>;
  if (typeof guest !== 'string' || !/^[0-9a-f]+$/.test(guest) || textsOf(parts).length === 0)
    return undefined;
  return { guest, parts: textsOf(parts) };
}

function sharedOf(value: unknown): InstanceRecord['shared'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, digest]) => typeof digest === 'string'));
}

/**
 * Reads what was recorded. A version before kept the first MAC address alone, the host name, and no instance id: that stands
 * in what it learned of the source.
 * @returns undefined where nothing was, or the file is damaged: the guest is taken for the one that it is
 */
export function readRecord(files: Pick<FileView, 'readText'>): InstanceRecord | undefined {
  const record = parseJsonObject(files.readText(INSTANCE_RECORD));
  if (record === undefined) return undefined;
  const { layout, mac, macs, source, instanceId, productUuid, machineId } = record;
  const isOld = layout !== LAYOUT;
  const stored = isOld ? readStored(files) : undefined;
  const first = text(mac)?.toLowerCase();
  return {
    isOld,
    instance: {
      ...given({
        source: text(source) ?? stored?.source,
        instanceId: ownId(text(instanceId) ?? stored?.instanceId),
        productUuid: knownUuid(text(productUuid)),
        machineId: text(machineId),
      }),
      macs: first === undefined ? textsOf(macs) : [first],
    },
    ...given({
      pending: pendingOf(record.pending),
      nearMiss: text(record.nearMiss),
      shared: sharedOf(record.shared),
    }),
  };
}

/** The change that has the record say this; none where it does. */
export function recordChanges(
  files: Pick<FileView, 'readText' | 'status'>,
  { instance, pending, nearMiss, shared }: Omit<InstanceRecord, 'isOld'>,
): Change[] {
  const { source, instanceId, productUuid, macs, machineId } = instance;
  const known = given({ source, instanceId, productUuid, macs, machineId, pending, nearMiss, shared });
  const content = `${JSON.stringify({ layout: LAYOUT, ...known })}\n`;
  if (files.readText(INSTANCE_RECORD) === content) return [];
  const directory: Change[] =
    files.status(STATE_DIRECTORY) === undefined
      ? [{ kind: 'make-directory', path: STATE_DIRECTORY, mode: 0o755 }]
      : [];
  return [...directory, { kind: 'write-file', path: INSTANCE_RECORD, content, mode: 0o600 }];
}

/** What the hypervisor calls this machine. */
export const machineUuid = (files: Pick<FileView, 'readText'>) =>
  knownUuid(dmiText(files, 'product_uuid')) ?? knownUuid(files.readText(XEN_UUID));

/** A bond gives its parts an address that is another at each boot: the device's own counts. */
function macsOf(interfaces: readonly NetworkInterface[]): string[] {
  const macs = interfaces.map(({ mac, permanentMac }) => permanentMac ?? mac);
  return [...new Set(macs)].filter((mac) => /[1-9a-f]/.test(mac)).sort();
}

/** Whether the source itself spoke in this boot. */
export function hearingOf({ state, stamps }: HostConfiguration): Hearing {
  if (state === 'broken' || state === 'unreachable') return 'failed';
  // What is kept has stamps where the source is there, and says the same.
  return state === 'new' || (state === 'kept' && stamps !== undefined) ? 'heard' : 'silent';
}

/** What the machine and its source say of themselves now. */
export function observeInstance(
  files: Pick<FileView, 'readText'>,
  interfaces: readonly NetworkInterface[],
  host: HostConfiguration | undefined,
): Instance {
  const { source, instanceId } = host ?? {};
  const isHeard = host !== undefined && hearingOf(host) === 'heard';
  const machineId = guestIdentity(files);
  return {
    ...given({
      source,
      instanceId: isHeard ? ownId(instanceId) : undefined,
      productUuid: machineUuid(files),
      machineId: machineId === undefined ? undefined : digestOf(machineId),
    }),
    macs: macsOf(interfaces),
  };
}

/** What is recorded of the same guest: what cannot be seen now stays as it was. */
export function updated(recorded: Instance | undefined, now: Instance): Instance {
  const { macs: known = [], source, instanceId, ...rest } = recorded ?? {};
  // What another source called the guest says nothing to this one.
  const isSame = now.source === undefined || now.source === source;
  const told = isSame ? given({ source, instanceId }) : {};
  return { ...rest, ...told, ...now, macs: now.macs.length === 0 ? known : now.macs };
}

/** Whether the hypervisor gives another UUID than was recorded: then the interfaces must say what that means. */
export const isMachineAnother = (files: Pick<FileView, 'readText'>): boolean =>
  compareUuids(readRecord(files)?.instance.productUuid, machineUuid(files)) === 'other';
