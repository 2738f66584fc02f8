import type { CommandResult } from './control-shell.ts';
import type { ImageOptions } from './image.ts';
import type { GuestInterface } from './machine-interfaces.ts';
import type { SeedFiles } from './nocloud-seed.ts';

/**
 * A guest as tests see it that ask for nothing of its machine: commands run in it, as root and by bash, and it restarts.
 * `Guest` is one in a QEMU of ours, `DisposableGuest` one that gandi-host made.
 */
export interface CommandGuest {
  /** Waits until systemd has started all that belongs to the boot. @returns `running`, or `degraded` when a unit failed */
  waitForBoot(): Promise<string>;
  /** @param options standard input, empty by default, and how long the command may take */
  run(command: string, options?: CommandOptions): Promise<CommandResult>;
  /** Runs a command that must succeed. @returns its output without the newline at the end */
  output(command: string, options?: CommandOptions): Promise<string>;
  /** Waits until a command succeeds. */
  waitFor(command: string, seconds?: number): Promise<void>;
  /** Restarts it in an orderly way, and waits until it runs commands again. */
  reboot(): Promise<void>;
}

/** Of its root disk. A guest leaves a GiB of it free, whatever it is asked for. */
export const ROOT_MEBIBYTES = 4096;

export interface CommandOptions {
  input?: string;
  seconds?: number;
}

/** What a guest is to be, wherever it runs. */
export interface CommandGuestOptions {
  /** What its image has beside the toolkit; by default a Debian 12 and nothing else. */
  readonly image?: (folder: string) => Promise<GuestContent>;
  /** What its host says by a NoCloud volume. */
  readonly seed: (folder: string) => Promise<SeedFiles>;
  /** In networks with user networking, in which the host has the second address, a name server the third. */
  readonly interfaces?: readonly CommandGuestInterface[];
  /** Added to the kernel command line. */
  readonly kernelArguments?: readonly string[];
  /** How its first boot is to end; `running` by default. */
  readonly state?: 'running' | 'degraded';
  /** For how long making and booting it may take; 15 by default. */
  readonly minutes?: number;
}

export type GuestContent = Partial<Pick<ImageOptions, 'rootfs' | 'overlays' | 'files'>>;
export type CommandGuestInterface = Pick<GuestInterface, 'network' | 'hostAddress' | 'mac' | 'routed'>;

/** A script of bash that tries a command until it succeeds; its status is 1 if that took more than these seconds. */
export const untilSucceeds = (command: string, seconds: number): string =>
  // A pipe that nobody writes to: reading takes the time, and no process as sleep(1) would.
  `exec {pause}<> <(:)
   until (\n${command}\n) > /dev/null 2>&1; do [ $SECONDS -lt ${seconds} ] || exit 1; read -r -t 0.2 -u $pause; done; exit 0`;
