import type { Argv } from '../commands/commands.ts';
import { METADATA, type MetadataKind } from './metadata.ts';
import type { Virsh } from './virsh.ts';
import { makeElement, xmlText } from './xml.ts';

/** A domain that something is done to: its name is for people. */
export interface Domain {
  uuid: string;
  name: string;
}

/**
 * One effect as plain data. src/host/libvirt/apply.ts carries it out, a dry run shows it. Each may be done twice, and be cut
 * off at any point.
 */
export type Action =
  /** A new domain, or a new definition for the one of that UUID; fails if another one has the name. */
  | { kind: 'define'; xml: string }
  | { kind: 'undefine'; domain: Domain; managedSave?: boolean; snapshotsMetadata?: boolean; nvram?: boolean }
  | { kind: 'start'; domain: Domain }
  | { kind: 'resume'; domain: Domain }
  /** Asks the guest to shut down, by the agent or ACPI; without `by` as libvirt chooses. */
  | { kind: 'shutdown'; domain: Domain; by?: 'agent' | 'acpi' }
  | { kind: 'reboot'; domain: Domain }
  /** Pulls the plug. */
  | { kind: 'destroy'; domain: Domain }
  /** Keeps its memory in a file of libvirt's; the next start goes on with it. */
  | { kind: 'managed-save'; domain: Domain }
  | { kind: 'autostart'; domain: Domain; on: boolean }
  /** `xml` by metadataText; undefined removes the element. `live`: the running domain's, too. */
  | { kind: 'metadata'; domain: Domain; of: MetadataKind; xml: string | undefined; live: boolean }
  /** A directory as a pool, which libvirt makes if it is not there. */
  | { kind: 'define-pool'; pool: string; directory: string }
  | { kind: 'build-pool'; pool: string }
  | { kind: 'start-pool'; pool: string }
  | { kind: 'autostart-pool'; pool: string }
  | { kind: 'refresh-pool'; pool: string }
  | { kind: 'create-volume'; pool: string; volume: string; bytes: number; format: string; backing?: Backing }
  /** A volume as its XML says, which may name a mode. */
  | { kind: 'create-volume-xml'; pool: string; xml: string }
  /** A qcow2 volume that has all of another one of the same pool, whatever that is an overlay of, and is an overlay of nothing. */
  | { kind: 'copy-volume'; pool: string; volume: string; bytes: number; from: string }
  | { kind: 'upload-volume'; pool: string; volume: string; file: string }
  /** Bytes that this program has in its memory. */
  | { kind: 'upload-content'; pool: string; volume: string; content: Uint8Array }
  | { kind: 'download-volume'; pool: string; volume: string; file: string }
  | { kind: 'delete-volume'; pool: string; volume: string }
  | { kind: 'create-snapshot'; domain: Domain; snapshot: string; description?: string }
  | { kind: 'revert-snapshot'; domain: Domain; snapshot: string; run?: boolean }
  | { kind: 'delete-snapshot'; domain: Domain; snapshot: string }
  /** Another program than virsh, such as qemu-img. */
  | { kind: 'command'; argv: Argv; input?: string; timeoutSeconds: number };

export type ActionKind = Action['kind'];

/** The image that a new one is an overlay of: a volume's name in the same pool, or a path. */
export interface Backing {
  volume: string;
  format: string;
}

/** A command line that carries an action out. */
export interface ActionCommand {
  argv: Argv;
  input?: string | Uint8Array;
  timeoutSeconds: number;
}

/** What libvirt does by itself. */
const SHORT = 60;
/** What QEMU must do, on a busy host. */
const LONG = 300;
/** Copies of memory or images, or internal snapshots of large ones. */
const COPY = 24 * 3600;

const STANDARD_INPUT = '/dev/stdin';

type Words = readonly string[];

const flags = (given: Readonly<Record<string, boolean | undefined>>): Words =>
  Object.entries(given).flatMap(([name, on]) => (on === true ? [`--${name}`] : []));

const option = (name: string, value: string | undefined): Words =>
  value === undefined ? [] : [`--${name}`, value];

const volume = ({ pool, volume }: { pool: string; volume: string }): Words => [
  '--pool',
  pool,
  '--vol',
  volume,
];

type Makers = { [Kind in Exclude<ActionKind, 'command'>]: (action: Extract<Action, { kind: Kind }>) => Made };

interface Made {
  words: Words;
  input?: string | Uint8Array;
  seconds?: number;
}

const MAKERS: Makers = {
  define: ({ xml }) => ({ words: ['define', STANDARD_INPUT], input: xml }),
  undefine: ({ domain, managedSave, snapshotsMetadata, nvram }) => ({
    words: [
      'undefine',
      domain.uuid,
      ...flags({ 'managed-save': managedSave, 'snapshots-metadata': snapshotsMetadata, nvram }),
    ],
  }),
  start: ({ domain }) => ({ words: ['start', domain.uuid], seconds: LONG }),
  resume: ({ domain }) => ({ words: ['resume', domain.uuid] }),
  shutdown: ({ domain, by }) => ({ words: ['shutdown', domain.uuid, ...option('mode', by)] }),
  reboot: ({ domain }) => ({ words: ['reboot', domain.uuid] }),
  destroy: ({ domain }) => ({ words: ['destroy', domain.uuid], seconds: LONG }),
  'managed-save': ({ domain }) => ({ words: ['managedsave', domain.uuid], seconds: COPY }),
  autostart: ({ domain, on }) => ({ words: ['autostart', domain.uuid, ...flags({ disable: !on })] }),
  metadata: ({ domain, of, xml, live }) => ({
    words: [
      'metadata',
      domain.uuid,
      METADATA[of].uri,
      '--config',
      ...flags({ live }),
      ...(xml === undefined ? ['--remove'] : ['--key', METADATA[of].key, '--set', xml]),
    ],
  }),
  'define-pool': ({ pool, directory }) => ({
    words: ['pool-define-as', '--name', pool, '--type', 'dir', '--target', directory],
  }),
  'build-pool': ({ pool }) => ({ words: ['pool-build', '--pool', pool] }),
  'start-pool': ({ pool }) => ({ words: ['pool-start', '--pool', pool] }),
  'autostart-pool': ({ pool }) => ({ words: ['pool-autostart', '--pool', pool] }),
  'refresh-pool': ({ pool }) => ({ words: ['pool-refresh', '--pool', pool] }),
  'create-volume': ({ pool, volume, bytes, format, backing }) => ({
    words: [
      'vol-create-as',
      '--pool',
      pool,
      '--name',
      volume,
      '--capacity',
      String(bytes),
      '--format',
      format,
      ...option('backing-vol', backing?.volume),
      ...option('backing-vol-format', backing?.format),
    ],
    seconds: LONG,
  }),
  'create-volume-xml': ({ pool, xml }) => ({
    words: ['vol-create', '--pool', pool, '--file', STANDARD_INPUT],
    input: xml,
    seconds: LONG,
  }),
  'copy-volume': ({ pool, volume, bytes, from }) => ({
    words: ['vol-create-from', '--pool', pool, '--inputpool', pool, '--vol', from, '--file', STANDARD_INPUT],
    input: xmlText(
      makeElement({
        name: 'volume',
        children: [
          { name: 'name', text: volume },
          { name: 'capacity', attributes: { unit: 'B' }, text: String(bytes) },
          { name: 'target', children: [{ name: 'format', attributes: { type: 'qcow2' } }] },
        ],
      }),
    ),
    seconds: COPY,
  }),
  'upload-content': (action) => ({
    words: ['vol-upload', ...volume(action), '--file', STANDARD_INPUT],
    input: action.content,
    seconds: LONG,
  }),
  'upload-volume': (action) => ({
    words: ['vol-upload', ...volume(action), '--file', action.file, '--sparse'],
    seconds: COPY,
  }),
  'download-volume': (action) => ({
    words: ['vol-download', ...volume(action), '--file', action.file, '--sparse'],
    seconds: COPY,
  }),
  'delete-volume': (action) => ({ words: ['vol-delete', ...volume(action)] }),
  'create-snapshot': ({ domain, snapshot, description }) => ({
    words: [
      'snapshot-create-as',
      '--domain',
      domain.uuid,
      '--name',
      snapshot,
      ...option('description', description),
    ],
    seconds: COPY,
  }),
  'revert-snapshot': ({ domain, snapshot, run }) => ({
    words: [
      'snapshot-revert',
      '--domain',
      domain.uuid,
      '--snapshotname',
      snapshot,
      ...flags({ running: run }),
    ],
    seconds: COPY,
  }),
  'delete-snapshot': ({ domain, snapshot }) => ({
    words: ['snapshot-delete', '--domain', domain.uuid, '--snapshotname', snapshot],
    seconds: COPY,
  }),
};

/** The command line of an action, which is all that it does. */
export function commandOf(action: Action, virsh: Pick<Virsh, 'argv'>): ActionCommand {
  if (action.kind === 'command') {
    const { argv, input, timeoutSeconds } = action;
    return { argv, timeoutSeconds, ...(input === undefined ? {} : { input }) };
  }
  const make = MAKERS[action.kind] as (action: Action) => Made;
  const { words, input, seconds = SHORT } = make(action);
  return {
    argv: virsh.argv(...words),
    timeoutSeconds: seconds,
    ...(input === undefined ? {} : { input }),
  };
}
