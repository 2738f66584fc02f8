import type { Change, RunCommand } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { isUnitStarted } from '../../machine/network/network-manager.ts';
import type { WantedFile } from '../../plan/ensure-file.ts';
import type { NamedInterface } from '../addresses.ts';
import type { MatchedInterface, Place } from './admin-file.ts';

/** What the files of a run make different, by the names of interfaces. */
export interface Difference {
  /** Whose file is new or changes. */
  changed: readonly string[];
  /** Whose file of ours is there and changes, or goes. */
  outdated: readonly string[];
  /** All that are configured behind this run. */
  configured: readonly string[];
  /** Which of the manager's units are started; none: it reads the files when it starts. */
  started: readonly string[];
}

/** Commands around the change of the files. */
export interface Activation {
  before: readonly RunCommand[];
  after: readonly RunCommand[];
}

/** How one network manager is given its files. */
export interface Writer {
  /** The files for an interface, the one that defines it first. */
  filesOf(header: string, wanted: NamedInterface): WantedFile[];
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
  /** The manager runs when one of these is started. */
  units: readonly string[];
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
