import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Settings, Switch } from '../machine/settings/settings.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { AppliedDigests, AppliedRecord } from '../state/applied.ts';
import type { Note } from '../state/note.ts';

/**
 * A part of a step that can be had without the others: if one of its changes fails, the rest of it is left, and the step
 * goes on with the next part.
 */
export interface PlanPart {
  /** It has this name in `failed` once it has failed, and is not tried again in this run. */
  name: string;
  /** The part that it builds on: if that fails, this one is left. */
  needs?: string;
  changes: Change[];
  notes?: Note[];
  /** Recorded once its changes are made, whatever becomes of other parts. */
  digests?: AppliedDigests;
  /** Made in its place if it fails, which then is a warning. */
  orElse?: PlanPart[];
  /** The same where it fails because a program of it refuses by its exit status. */
  ifRefused?: PlanPart[];
}

/** What a step wants done, in order, and what it has to say. No changes: the step is `unchanged`. */
export interface Plan {
  changes: Change[];
  notes?: Note[];
  /**
   * What depends on what these changes lead to: once they are made the step plans again. In words, for the reader of a
   * dry run.
   */
  next?: string;
  /**
   * Digest of what the host asked of this step. It is recorded once all changes are done; while it stays the same the
   * step leaves alone what the admin changed since.
   */
  digest?: string;
  /**
   * The same of parts that can be had one without the other, by name. They are recorded once all changes are made,
   * whatever problem another part has.
   */
  parts?: AppliedRecord;
  /** Made behind `changes`, each with an outcome of its own. */
  separate?: PlanPart[];
}

/** All that a step may look at. Steps are pure: the same context gives the same plan. */
export interface StepContext {
  settings: Settings;
  /** What the host asked for, whichever source it came from. */
  host: HostConfiguration;
  /** The machine as it is just before this step. */
  facts: Facts;
  /** The guest's files, without the root prefix. */
  files: FileView;
  /** What was applied before, by the name of the step or the part. */
  applied: AppliedRecord;
  /** Names of the steps before this one, and of the parts of this one, that have failed in this run. */
  failed: readonly string[];
}

/** One piece of a program's work. */
export interface Step {
  /** The upstream plug-in's name where there is one, such as `01-config_swap`. */
  name: string;
  /**
   * The setting that turns the step off when it is 0; absent for what the admin added, and where several settings each
   * turn a part of it off.
   */
  setting?: Switch;
  /** Why the step is off, whatever its setting. */
  off?: string;
  /** It may take many minutes: what the steps before it have done is recorded first. */
  slow?: true;
  /** One line for `--help` and the documentation. */
  summary: string;
  plan(context: StepContext): Plan;
  /** Gives what plans in place of `plan`, which few guests need: the others do not load it. Undefined: `plan` does. */
  load?(context: StepContext): Promise<Step['plan']> | undefined;
}
