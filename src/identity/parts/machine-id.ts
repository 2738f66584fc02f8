import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { MACHINE_ID_FILE } from '../../machine/files/paths.ts';
import { parseMountInfo } from '../../machine/formats/text/mounts.ts';
import { digestOf } from '../../state/applied.ts';
import type { CloneView, IdentityPart, IdentityView, Trait } from '../part.ts';
import { guestIdentity } from '../stagger.ts';

export const DBUS_MACHINE_ID = '/var/lib/dbus/machine-id';

/** Where PID 1 puts one that it made while the root file system was read-only (machine-id(5)). */
const EARLY_MACHINE_ID = '/run/machine-id';
const CREDENTIAL = '/run/credentials/@system/system.machine_id';
const COMMAND_SECONDS = 30;

const isRegular = (files: FileView, path: string) => files.status(path)?.kind === 'file';

/** Somebody else says what it is (systemd, src/shared/machine-id-setup.c): making it anew would give the same. */
const isPinned = (files: FileView, { kernelCommandLine }: CloneView) =>
  /(^|\s)systemd\.machine_id=/.test(kernelCommandLine) || files.status(CREDENTIAL) !== undefined;

/** In a virtual machine systemd takes the UUID of the hypervisor: then it is this machine's. */
const isOfThisMachine = (id: string, { now }: CloneView) => now.productUuid?.replaceAll('-', '') === id;

function isOthers(files: FileView, clone: CloneView): boolean {
  const id = guestIdentity(files);
  if (id === undefined) return true;
  return digestOf(id) === clone.before.machineId && !isOfThisMachine(id, clone);
}

/** What is mounted over the file, if anything is. */
function mountOver(files: FileView) {
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  return mounts.findLast(({ mountPoint }) => mountPoint === MACHINE_ID_FILE);
}

/** Whether something is mounted over the file: that itself is blank then, or somebody else's. */
export const isMountedOver = (files: FileView): boolean => mountOver(files) !== undefined;

/** Only PID 1's own mount may be taken away. */
const isEarly = ({ root, type }: { root: string; type: string }) =>
  type === 'tmpfs' && root === '/machine-id';

function find({ files }: IdentityView): Trait[] {
  const traits: Trait[] = [];
  if (guestIdentity(files) !== undefined)
    traits.push({ path: MACHINE_ID_FILE, severity: 'error', what: 'the machine ID' });
  if (isRegular(files, DBUS_MACHINE_ID))
    traits.push({ path: DBUS_MACHINE_ID, severity: 'error', what: 'a machine ID that systemd takes again' });
  return traits;
}

/** A regular file of D-Bus's would give systemd the old ID again: it comes first. */
export const linkDbus = (files: FileView): Change[] =>
  isRegular(files, DBUS_MACHINE_ID)
    ? [{ kind: 'make-link', path: DBUS_MACHINE_ID, target: MACHINE_ID_FILE }]
    : [];

function newId(files: FileView): Change[] {
  const mount = mountOver(files);
  if (mount !== undefined && !isEarly(mount)) return [];
  const why = 'this disk has the machine ID of another guest';
  const free: Change[] =
    mount === undefined
      ? [{ kind: 'write-file', path: MACHINE_ID_FILE, content: '', mode: 0o444 }]
      : // What is below it is empty, and can be written by now.
        [{ kind: 'run-command', argv: ['umount', MACHINE_ID_FILE], timeoutSeconds: COMMAND_SECONDS, why }];
  return [
    ...free,
    { kind: 'remove-file', path: EARLY_MACHINE_ID },
    { kind: 'run-command', argv: ['systemd-machine-id-setup'], timeoutSeconds: COMMAND_SECONDS, why },
  ];
}

/**
 * The machine ID, and D-Bus's. A power cut between the changes leaves an empty file, of which PID 1 makes a new ID; journald
 * goes on with the old one until the next boot.
 */
export const machineId: IdentityPart = {
  name: 'machine-id',
  what: 'machine ID',
  find,
  renew: ({ files, clone }) => {
    const others = isOthers(files, clone) && !isPinned(files, clone);
    const changes = [...linkDbus(files), ...(others ? newId(files) : [])];
    return changes.length === 0 ? [] : [{ name: 'machine-id', changes }];
  },
  kept: ({ files, clone }) => {
    if (!isOthers(files, clone)) return [];
    const mount = mountOver(files);
    return isPinned(files, clone) || (mount !== undefined && !isEarly(mount)) ? [MACHINE_ID_FILE] : [];
  },
};
