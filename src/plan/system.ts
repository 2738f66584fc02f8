import type { Intercept } from '../machine/changes/machine.ts';
import type { Commands } from '../machine/commands/commands.ts';
import type { isClaimed } from '../machine/devices/device-claim.ts';
import type { findDeviceWriters } from '../machine/devices/device-writers.ts';
import type { findHolders } from '../machine/devices/holders.ts';
import type { observeFacts } from '../machine/facts/observed-facts.ts';
import type { Files } from '../machine/files/files.ts';
import type { Level } from '../machine/files/log.ts';
import type { ReadTrace } from '../machine/files/trace/read-trace.ts';
import type { presentAddresses } from '../machine/network/interface-addresses.ts';
import type { Environment } from '../machine/runtime/environment.ts';
import type { Output } from '../machine/runtime/output.ts';

/** What a program is to work on. */
export interface OpenedGuest {
  files: Files;
  /** False for an unpacked image. */
  live: boolean;
}

/** Keeps runs apart that would mix their changes. */
export interface Locks {
  /**
   * Waits until nobody else has the lock of that name, and takes it.
   * @param onWait called once, with the process that has it, before waiting for that
   * @returns the function that gives the lock back
   * @throws Error naming the process that has it, after the wait
   */
  take(name: string, waitSeconds: number, onWait?: (pid: number) => void): Promise<() => void>;
  /** Whether a process that is alive has the lock of that name. */
  isTaken(name: string): boolean;
}

/**
 * What a program runs on. It is made once, in src/main.ts; tests give a simulated one. Modules that few programs need
 * are loaded by the program that asks for them.
 */
export interface System {
  /**
   * Opens the running guest, or an unpacked image.
   * @param root directory of the image; `/` or absent: the running guest
   * @param trace is told what is read
   * @throws the system's error if the directory is not there
   */
  open(root?: string, trace?: ReadTrace): OpenedGuest;
  commands: Commands;
  environment: Environment;
  /** The guest's clock. */
  now(): Date;
  output: Output;
  /** One line for an admin on standard error, which the service manager keeps. */
  say(program: string, level: Level, text: string): void;
  locks: Locks;
  /** What gives the facts of a guest. */
  loadFacts(): Promise<{ observeFacts: typeof observeFacts }>;
  /** What tells the addresses of interfaces, for which the kernel has no file. */
  loadAddresses(): Promise<{ presentAddresses: typeof presentAddresses }>;
  /** Whether somebody has a block device for himself, by the kernel's word. */
  isClaimed: typeof isClaimed;
  /** Who uses a disk, by the kernel's word. */
  loadDeviceUsers(): Promise<DeviceUsers>;
  /** Gets each change before it is made; absent: all are made. */
  intercept?: Intercept;
}

/** Who uses a disk, by the kernel's word. */
export interface DeviceUsers {
  findHolders: typeof findHolders;
  findDeviceWriters: typeof findDeviceWriters;
}
