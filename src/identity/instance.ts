import type { Change } from '../machine/changes/change.ts';
import { parseJsonObject } from '../machine/changes/json-file.ts';
import type { FileView } from '../machine/files/files.ts';
import { STATE_DIRECTORY } from '../machine/files/paths.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import { renewHostKeys } from './parts/host-keys.ts';
import { guestIdentity } from './stagger.ts';

const RECORD = '/var/lib/gandi/instance.json';

/** Identifier that the hypervisor gives (SMBIOS type 1; Xen). */
const PRODUCT_UUID = ['/sys/class/dmi/id/product_uuid', '/sys/hypervisor/uuid'];
const RANDOM_SEED = '/var/lib/systemd/random-seed';
const COMMAND_SECONDS = 30;

/** Enough of a digest to tell guests apart. */
const DIGEST_CHARACTERS = 8;

/** What tells one virtual machine from another; each of it can change during the life of one. */
export interface Instance {
  productUuid?: string;
  /** Of the first interface. */
  mac?: string;
  hostName?: string;
}

const FACETS = ['productUuid', 'mac', 'hostName'] as const;

/** So few facets known to differ prove nothing. */
const FEWEST_FACETS = 2;

/**
 * Whether a disk has come to another machine. Renaming a guest, replacing its interface or moving it to another host
 * changes one facet or two; all of those known must differ, and at least two be known.
 */
export function isAnotherInstance(recorded: Instance, now: Instance): boolean {
  const known = FACETS.filter((facet) => recorded[facet] !== undefined && now[facet] !== undefined);
  return known.length >= FEWEST_FACETS && known.every((facet) => recorded[facet] !== now[facet]);
}

function observeInstance({ files, facts }: StepContext): Instance {
  const uuid = PRODUCT_UUID.map((path) => files.readText(path)?.trim().toLowerCase()).find(
    (text) => text !== undefined && /[1-9a-f]/.test(text),
  );
  const mac = facts.interfaces[0]?.mac;
  const hostName = files.readText('/etc/hostname')?.trim();
  return {
    ...(uuid === undefined ? {} : { productUuid: uuid }),
    ...(mac === undefined ? {} : { mac }),
    ...(hostName ? { hostName } : {}),
  };
}

/** A damaged record is none: the guest is taken for the one that it is. */
function readRecord(files: FileView): Instance | undefined {
  return parseJsonObject(files.readText(RECORD));
}

function recordChanges(files: FileView, now: Instance): Change[] {
  const content = `${JSON.stringify(now)}\n`;
  if (files.readText(RECORD) === content) return [];
  const directory: Change[] =
    files.status(STATE_DIRECTORY) === undefined
      ? [{ kind: 'make-directory', path: STATE_DIRECTORY, mode: 0o755 }]
      : [];
  return [...directory, { kind: 'write-file', path: RECORD, content, mode: 0o600 }];
}

/** Only a missing one: another machine ID would be another guest for DHCP servers, and for the journal. */
function machineIdChanges(files: FileView): Change[] {
  if (guestIdentity(files) !== undefined || files.status('/run/systemd/system') === undefined) return [];
  return [
    {
      kind: 'run-command',
      argv: ['systemd-machine-id-setup'],
      timeoutSeconds: COMMAND_SECONDS,
      why: 'the machine ID is missing',
    },
  ];
}

function cloneNote({ hostName }: Instance, kept: readonly string[]): Note {
  const from = hostName === undefined ? '' : ` (${hostName})`;
  const shared =
    kept.length === 0
      ? ''
      : `; ${kept.join(', ')} stayed as it is there: make it anew unless both are to have it`;
  const text = `this disk comes from another guest${from}: SSH host keys and random seed are made anew${shared}`;
  return { level: 'warning', text };
}

function plan(context: StepContext): Plan {
  const { files, facts } = context;
  if (!facts.live) return { changes: [] };
  const changes = machineIdChanges(files);
  const recorded = readRecord(files);
  const now = observeInstance(context);
  if (recorded === undefined || !isAnotherInstance(recorded, now)) {
    return { changes: [...changes, ...recordChanges(files, now)], notes: [] };
  }
  const keys = renewHostKeys(files, digestOf(now).slice(0, DIGEST_CHARACTERS));
  const notes = [cloneNote(recorded, keys.kept)];
  changes.push(...keys.changes);
  if (keys.next !== undefined) return { changes, notes, next: keys.next };
  if (files.status(RANDOM_SEED) !== undefined) changes.push({ kind: 'remove-file', path: RANDOM_SEED });
  // Last: a run that was cut off is done again.
  return { changes: [...changes, ...recordChanges(files, now)], notes };
}

/** What a clone must not share with the guest that it was made from. */
export const instance: Step = {
  name: 'instance',
  setting: 'CONFIG_IDENTITY',
  summary: 'machine ID, and for a clone SSH host keys and random seed of its own',
  plan,
};
