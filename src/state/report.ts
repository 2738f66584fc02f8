import type { LookedAt, Problem } from '../metadata/guest-config.ts';
import type { Note } from './note.ts';

export type StepStatus =
  /** Nothing that lasts was to be done; swap may have been turned on, or kernel values set, as at every boot. */
  | 'unchanged'
  /** All of its changes were made, or would be, in a dry run. */
  | 'changed'
  /** Something that was asked for was not done. */
  | 'failed'
  /** Turned off by a setting. */
  | 'off'
  /** Its changes need a running system, and there is none. */
  | 'skipped';

/** What became of one of the things that a step is about, such as a disk. */
export interface PartReport {
  name: string;
  status: StepStatus;
  /** One line. */
  text: string;
}

/** A change that took long enough to be worth a line of `gandi-guest analyze`. */
export interface SlowChange {
  /** One line, without secrets. */
  change: string;
  durationMilliseconds: number;
}

export interface StepReport {
  name: string;
  status: StepStatus;
  /** One line each, without secrets. */
  changes: string[];
  notes: Note[];
  /** Of a step that is about several things; absent where there are none. */
  parts?: PartReport[];
  /** End of what programs of the admin's or the customer's own printed. */
  output?: string;
  /** Absent where none was. */
  slowChanges?: SlowChange[];
  durationMilliseconds: number;
}

export interface Report {
  program: string;
  version: string;
  /** ISO 8601, by the guest's clock. */
  startedAt: string;
  /** /proc/sys/kernel/random/boot_id */
  bootId: string;
  status: 'configured' | 'unchanged' | 'failed' | 'nothing-found';
  /** The program was not started, for nothing that its last run read had changed (packaging/steady.sh). */
  steady?: true;
  /** Where the configuration came from, for people. */
  source: string;
  /** What became of each source of configurations; absent where none was looked for. */
  sources?: readonly LookedAt[];
  /** Fields that were refused, and warnings about others. */
  problems: Problem[];
  steps: StepReport[];
}

/**
 * One word for a whole run.
 * @param found whether there was any configuration
 */
export function overallStatus(
  steps: readonly StepReport[],
  problems: readonly Problem[],
  found: boolean,
): Report['status'] {
  if (!areWarnings(problems) || steps.some((step) => step.status === 'failed')) return 'failed';
  if (steps.some((step) => step.status === 'changed')) return 'configured';
  return found ? 'unchanged' : 'nothing-found';
}

/** Whether there is nothing among them for which a run has failed. */
export const areWarnings = (problems: readonly Problem[]): boolean =>
  problems.every(({ isWarning }) => isWarning === true);

/** The documented exit status of a program for a run. */
export function exitStatus(status: Report['status']): number {
  switch (status) {
    case 'configured':
    case 'unchanged':
      return 0;
    case 'failed':
      return 1;
    case 'nothing-found':
      return 3;
  }
}

/** A refused field in one line for an admin. */
export function describeProblem(problem: Problem): string {
  const where = problem.path === '' ? problem.group : `${problem.group}: ${problem.path}`;
  return `${where}: found ${problem.found}, expected ${problem.expected}`;
}
