import type { Change, RunCommand } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { isUnitStarted } from '../../machine/network/network-manager.ts';
import type { WantedFile } from '../../plan/ensure-file.ts';
import type { NamedInterface } from '../addresses.ts';
import type { MatchedInterface, Place } from './admin-file.ts';
import type { FilePlace } from './file-place.ts';

/** What the files of a run make different, by the names of interfaces. */
export interface Difference {
  /** Whose file is new or changes. */
  changed: readonly string[];
  /** Whose file of ours is there and changes, or goes. */
  outdated: readonly string[];
  /** All that are configured behind this run, what others are made of first. */
  configured: readonly string[];
  /** Which of the manager's units are started; none: it reads the files when it starts. */
  started: readonly string[];
}

/** Commands around the change of the files. */
export interface Activation {
  before: readonly RunCommand[];
  after: readonly RunCommand[];
}

/** How an interface is had use its file for this boot. */
export interface ThisBoot {
  /** Commands around writing the file; `started` are the manager's units that are. */
  start(name: string, path: string, started: readonly string[]): Activation;
  /** Commands around removing the file. */
  stop(name: string, path: string): Activation;
  /**
   * Text that the file is given before the commands of `stop` where the interface has gone, so that they only make the
   * manager forget it: no client can give an address back then.
   */
  forgetting?(name: string): string;
  /** What such a file says and a lasting one does not, where both have the same path. */
  mark?: RegExp;
}

/** How one network manager is given its files. */
export interface Writer {
  /** The files for an interface, the one that defines it first. */
  filesOf(header: string, wanted: NamedInterface, place: FilePlace): WantedFile[];
  /** What of an interface it cannot be told, a line each: what, and why. */
  refusals?(wanted: NamedInterface, files: FileView): string[];
  thisBoot: ThisBoot;
  /** Programs for DHCP, one of which must be installed; absent: the manager is a client itself. */
  clients?: readonly string[];
  /** Where an admin's file configures the interface. */
  takenBy(files: FileView, device: MatchedInterface): Place | undefined;
  /** What must be there beside for the file of an interface to be read. */
  support(files: FileView, header: string, path: string): Change[];
  /** Files of ours that belong to no interface of the host's. */
  supportFiles: readonly string[];
  /** Where files of ours can be, and how they are called. */
  directory: string;
  ownName: RegExp;
  /** The interface that a file of ours is for. */
  interfaceIn(path: string, text: string): string;
  /** Whether a file of ours has the manager make its interface, which then is there until it is deleted. */
  leavesDevice?(path: string, text: string): boolean;
  /** The manager runs when one of these is started. */
  units: readonly string[];
  /** Whether the manager has an interface up: to have it brought up again would do nothing. Absent: nobody can tell. */
  isUp?(files: FileView, name: string): boolean;
  /**
   * Commands that give an interface, which is up, what its new file says beyond its old one.
   * @param before text of the old file; undefined where the new one is there already, and may be in effect in part
   * @returns undefined where it is to be taken down and brought up again; absent: the manager finds out by itself
   */
  addTo?(before: string | undefined, header: string, wanted: NamedInterface): RunCommand[] | undefined;
  /** What puts the files into effect. Nothing may be run without need where the manager is not started: that is boot. */
  activate(difference: Difference): Activation;
  /** Takes back what the manager made of files of ours when they are removed for those of another manager. */
  abandon?(files: FileView): Change[];
}

/** Those units of a manager that are started in this boot. */
export const startedUnits = (files: FileView, { units }: Pick<Writer, 'units'>) =>
  units.filter((unit) => isUnitStarted(files, unit));

/** A command that changes what the running system has, not what is on its disk. */
export function liveCommand(argv: [string, ...string[]], timeoutSeconds: number, why: string): RunCommand {
  return { kind: 'run-command', argv, timeoutSeconds, why };
}

/** A client gives up looking for a server within a minute (dhclient.conf(5), `timeout`). */
const START_SECONDS = 90;
const STOP_SECONDS = 30;

/** Has a client ask for an address, or give it back. */
export const askForAddress = (argv: [string, ...string[]]) =>
  liveCommand(argv, START_SECONDS, 'ask for an address');
export const giveBack = (argv: [string, ...string[]]) =>
  liveCommand(argv, STOP_SECONDS, 'give the address back');

const CLIENT_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

export const isInstalled = (files: FileView, program: string) =>
  CLIENT_DIRECTORIES.some((directory) => files.status(`${directory}/${program}`) !== undefined);

/**
 * The DHCP clients that a manager would need and that are not there.
 * @returns undefined where all is well
 */
export function missingClients(files: FileView, { clients }: Pick<Writer, 'clients'>): string | undefined {
  return clients === undefined || clients.some((client) => isInstalled(files, client))
    ? undefined
    : `no DHCP client is installed (${clients.join(', ')})`;
}

/**
 * Takes back the IPv4 routes of interfaces that are to change. With the last address of an interface the kernel drops
 * its routes without a word; systemd-networkd up to 252 then waits for ever for them to be gone (seen in Debian 12).
 */
export const dropRoutes = (names: readonly string[]): RunCommand[] =>
  names.map((name) =>
    liveCommand(
      ['ip', '-4', 'route', 'flush', 'dev', name, 'proto', 'static'],
      10,
      'take back the old routes',
    ),
  );

export const NOTHING: Activation = { before: [], after: [] };
