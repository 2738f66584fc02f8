import type { Owner } from '../files/owner.ts';
import type { NewAccount, NewPassword } from '../formats/account-files.ts';
import type { Readiness } from '../system/run-when-ready.ts';

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
  /** It lies below /run, and so is gone after a reboot. */
  thisBootOnly?: boolean;
  /** No symbolic link is followed below this directory, which a user who is not root can write to. */
  linksRefusedBelow?: string;
  /**
   * The old file is kept first, for it holds an admin's changes: in /var/lib/gandi/backup, with a number behind its
   * name where another text is kept there already, or beside it with the date at its end.
   */
  backup?: boolean | 'dated';
  /**
   * The content, which is text, comes behind what the file has, which may be large and is not held in memory; lines that
   * are there already are left out. The file must exist.
   */
  appended?: boolean;
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
  /** A power cut may take it: whoever needs it makes it where it is missing. */
  unsynced?: true;
}

/** Makes a symbolic link, or turns one elsewhere, so that at any moment the path is the old or the new one. */
export interface MakeLink {
  kind: 'make-link';
  path: string;
  /** As it is to be written in the link; nothing need be there. */
  target: string;
}

export interface RemoveFile {
  kind: 'remove-file';
  path: string;
  /** No symbolic link is followed below this directory, which a user who is not root can write to. */
  linksRefusedBelow?: string;
}

/** Takes all out of a file, which keeps its owner, mode and label; one that has another name, too, is replaced. */
export interface EmptyFile {
  kind: 'empty-file';
  path: string;
}

/** Removes all that is in a directory. No link in it is followed, and no other file system that is mounted in it is entered. */
export interface RemoveTree {
  kind: 'remove-tree';
  path: string;
  /** The directory itself stays. */
  keepDirectory?: boolean;
  linksRefusedBelow?: string;
}

/** Overwrites what no file has on a file system with zeros, by a file that fills it and is removed. */
export interface ZeroFreeSpace {
  kind: 'zero-free-space';
  /** Directory on it. */
  path: string;
}

/** Overwrites a swap area that is not in use with zeros behind its header, so that it keeps its UUID and label. */
export interface WipeSwap {
  kind: 'wipe-swap';
  /** A file of the guest, or a block device, which needs the live system. */
  path: string;
  isDevice?: true;
}

/** Removes a directory if it is empty; one that is not empty, not there, or a mount point stays as it is. */
export interface RemoveEmptyDirectory {
  kind: 'remove-empty-directory';
  path: string;
}

/** Has a directory with all that is in it reach the disk, where a program of the system made it. It needs the live system. */
export interface SyncDirectory {
  kind: 'sync-directory';
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
  /** Exit statuses beside 0 that mean success, such as 1 of fsck(8): errors were corrected. */
  successStatuses?: readonly number[];
  environment?: Readonly<Record<string, string>>;
  /** It sets something up that is gone after a reboot, such as swap in use, and so is done at every boot. */
  thisBootOnly?: boolean;
  /** It only looks, and changes nothing; its failure keeps what follows from being done. */
  checkOnly?: boolean;
  /** Nothing that was asked for depends on it: its failure is a warning. */
  optional?: boolean;
  /**
   * A directory below /run whose files it writes anew. Those that get the same content stay the files that they were, so
   * that the program which reads them sees no change.
   */
  unchangedFilesStayIn?: string;
  /** It speaks to a service that may still be starting: then it is run again until that answers. */
  whenReady?: Readiness;
  /** The partition or disk that it is about, which may be gone for a moment, and is kept from that meanwhile. */
  partition?: string;
  /** Kernel name of the disk or partition that it works on: it is given up when that stops answering. */
  worksOn?: string;
  /** The end of what it prints goes into the report: it is a program of the admin's own. */
  reportOutput?: boolean;
  /** Why it runs, for the plan's reader, such as "grow the root file system". */
  why: string;
}

/**
 * Runs a program of the customer's in a control group of its own, which is emptied when the deadline passes or the
 * guest shuts down. It needs the live system.
 */
export interface RunSupervised {
  kind: 'run-supervised';
  /** Every user can read it, in `ps` and in the state of the scope unit. */
  argv: [string, ...string[]];
  /** Given on standard input, which is empty without it: for what is not to be read by every user. */
  input?: string;
  /** Name of the scope unit that is its control group, without `.scope`. */
  scope: string;
  /** It comes so early that there may be no control group to be had: then it runs in its process group alone. */
  early?: true;
  timeoutSeconds: number;
  environment?: Readonly<Record<string, string>>;
  /** Gets what it prints, its middle left out where that is too much; 0600. */
  logFile: string;
  /** Written and synced before it starts, so that it is not started a second time, whatever it does to the guest. */
  mark: {
    path: string;
    content: string;
    /** Written behind it instead, where it exits with 0: until then it is started at each boot. */
    onSuccess?: true;
    /** Written behind it instead, however it ends, but where a shutdown ended it. */
    onEnd?: true;
  };
  /** What ran before it may have begun to shut the guest down: then it is left for the next boot. */
  notInShutdown?: boolean;
  /** For people, without arguments, which may be secret: such as `/gandi/script`. */
  what: string;
}

/** Sets a password that nobody has chosen, and shows it on the console alone. It needs the live system. */
export interface SetRandomPassword {
  kind: 'set-random-password';
  account: string;
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

/** Makes a block device a swap area, as mkswap(8) does. It needs the live system. */
export interface MakeSwap {
  kind: 'make-swap';
  device: string;
  label: string;
  /** Bytes of the running kernel's pages. */
  pageBytes: number;
  /** Numbers of pages that the kernel must not use. */
  badPages: readonly number[];
  /** That of the area before it, by which /etc/fstab may name it; absent: a new one. */
  uuid?: string;
}

/** Makes a file that the kernel swaps to, and has it do so. It needs the live system. */
export interface MakeSwapFile {
  kind: 'make-swap-file';
  path: string;
  label: string;
  /** In bytes; `auto`: by memory and room. */
  size: number | 'auto';
  /** The most that `auto` may take, in bytes. */
  maxSize?: number;
  memoryBytes: number;
  /** Bytes of the running kernel's pages. */
  pageBytes: number;
  /** The file system would copy what is written anew, as btrfs does, which the file is kept from. */
  withoutCopies?: true;
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
  /** The mark stays, for the disk would not be known again without it: erasing its own sector takes it away. */
  keepMark?: boolean;
  why: string;
}

/**
 * Adds an account, which has no password and no home, and sets passwords, in the files of accounts, which are plain ones:
 * src/machine/formats/account-files.ts. The passwords are never shown or logged.
 */
export interface EditAccounts {
  kind: 'edit-accounts';
  add?: NewAccount;
  passwords?: readonly NewPassword[];
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
  | EmptyFile
  | RemoveTree
  | ZeroFreeSpace
  | WipeSwap
  | RemoveEmptyDirectory
  | SyncDirectory
  | RunCommand
  | RunSupervised
  | SetRandomPassword
  | MakeLink
  | SetKernelValue
  | WaitForAddress
  | MakeSwap
  | MakeSwapFile
  | EraseRange
  | EditAccounts
  | UnpackModules;
