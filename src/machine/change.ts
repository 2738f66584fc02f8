/** Who a file belongs to, as numbers: names are resolved while planning, from the guest's own /etc/passwd. */
export interface Owner {
  uid: number;
  gid: number;
}

export const ROOT_OWNER: Owner = { uid: 0, gid: 0 };

/**
 * Writes a whole file: beside the old one, with its mode, synced, then renamed over it. Missing directories above it are
 * made with mode 0755, but not below `linksRefusedBelow`.
 */
export interface WriteFile {
  kind: 'write-file';
  path: string;
  content: string | Uint8Array;
  /** Permission bits, such as 0o644. */
  mode: number;
  owner?: Owner;
  /** The content is never shown or logged. */
  secret?: boolean;
  /** No symbolic link is followed below this directory, which a user who is not root can write to. */
  linksRefusedBelow?: string;
  /** The old file is kept in /var/lib/gandi/backup first: it holds an admin's changes. */
  backup?: boolean;
}

/** Copies a byte range of a device (or of a seed file) into a file, as atomically as `write-file`. */
export interface CopyRange {
  kind: 'copy-range';
  device: string;
  /** In bytes. */
  offset: number;
  length: number;
  path: string;
  mode: number;
  owner?: Owner;
}

export interface MakeDirectory {
  kind: 'make-directory';
  path: string;
  mode: number;
  owner?: Owner;
  linksRefusedBelow?: string;
}

export interface RemoveFile {
  kind: 'remove-file';
  path: string;
}

/** Runs a program. It needs the live system: with a root prefix it is listed as skipped. */
export interface RunCommand {
  kind: 'run-command';
  /** Program and arguments; never a shell string. */
  argv: [string, ...string[]];
  input?: string;
  /** The input is never shown or logged. */
  secretInput?: boolean;
  timeoutSeconds: number;
  environment?: Readonly<Record<string, string>>;
  /** It sets something up that is gone after a reboot, such as swap in use, and so is done at every boot. */
  thisBootOnly?: boolean;
  /** Why it runs, for the plan's reader, such as "grow the root file system". */
  why: string;
}

/** Sets a kernel value through its file, such as /proc/sys/vm/swappiness. It needs the live system. */
export interface SetKernelValue {
  kind: 'set-kernel-value';
  path: string;
  value: string;
}

/** Waits until an interface has its addresses, which a network manager may set later. It needs the live system. */
export interface WaitForAddress {
  kind: 'wait-for-address';
  interface: string;
  /** In canonical form, without prefix lengths. */
  addresses: readonly string[] | 'any IPv4';
  timeoutSeconds: number;
}

/** Overwrites a few bytes of a block device in place, and syncs it. It needs the live system. */
export interface WriteBytes {
  kind: 'write-bytes';
  device: string;
  offset: number;
  bytes: Uint8Array;
  why: string;
}

/**
 * Overwrites a range of a block device with zeros. It can be cut off at any point: the range's first sector
 * says until the very end that an erasure of this length is under way (see erase-mark.ts).
 */
export interface EraseRange {
  kind: 'erase-range';
  device: string;
  offset: number;
  length: number;
  why: string;
}

/** Unpacks a kernel modules archive into the tree, member by member, each written like `write-file`. */
export interface UnpackModules {
  kind: 'unpack-modules';
  archive: string;
  release: string;
}

/** One thing to do to the machine, as plain data. Only apply.ts carries it out. */
export type Change =
  | WriteFile
  | CopyRange
  | MakeDirectory
  | RemoveFile
  | RunCommand
  | SetKernelValue
  | WaitForAddress
  | WriteBytes
  | EraseRange
  | UnpackModules;

/** True if a change needs the running system, and is skipped when an unpacked image is configured. */
export function needsLiveSystem(change: Change): boolean {
  switch (change.kind) {
    case 'run-command':
    case 'set-kernel-value':
    case 'wait-for-address':
    case 'write-bytes':
    case 'erase-range':
      return true;
    case 'write-file':
    case 'copy-range':
    case 'make-directory':
    case 'remove-file':
    case 'unpack-modules':
      return false;
  }
}

/** True if what a change does is still there after a reboot. A boot that makes no lasting change changed nothing. */
export function isLasting(change: Change): boolean {
  if (change.kind === 'set-kernel-value' || change.kind === 'wait-for-address') return false;
  return change.kind !== 'run-command' || change.thisBootOnly !== true;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** A change in one line for people: what is done to which path or device; never a secret. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'write-file':
      return `write ${change.path} (${octal(change.mode)})`;
    case 'copy-range':
      return `write ${change.path} (${octal(change.mode)}) from ${change.device}, ${change.length} bytes at ${change.offset}`;
    case 'make-directory':
      return `make directory ${change.path} (${octal(change.mode)})`;
    case 'remove-file':
      return `remove ${change.path}`;
    case 'run-command':
      return `run ${change.argv.map(shellWord).join(' ')} (${change.why})`;
    case 'set-kernel-value':
      return `set ${change.path} to ${JSON.stringify(change.value)}`;
    case 'wait-for-address': {
      const { addresses } = change;
      const which = addresses === 'any IPv4' ? 'an IPv4 address' : addresses.join(' and ');
      return `wait until ${change.interface} has ${which}`;
    }
    case 'write-bytes':
      return `write ${change.bytes.length} bytes at ${change.offset} of ${change.device} (${change.why})`;
    case 'erase-range':
      return `erase ${change.length} bytes at ${change.offset} of ${change.device} (${change.why})`;
    case 'unpack-modules':
      return `unpack ${change.archive} into /lib/modules/${change.release}`;
  }
}
