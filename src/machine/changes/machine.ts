import type { Commands } from '../commands/commands.ts';
import type { Files } from '../files/files.ts';
import type { Change } from './change.ts';

/**
 * Stands between a change and its effect.
 * @param make makes the change, within the machine
 */
export type Intercept = (change: Change, make: () => Promise<void>) => Promise<void>;

/** What changes are applied to. */
export interface Machine {
  files: Files;
  commands: Commands;
  /** False for an unpacked image: what needs a running system is skipped. */
  live: boolean;
  /** Gets each change before it is made, and makes it; what it throws is what the change fails by. Absent: all are made. */
  intercept?: Intercept;
}

/** What came of a program of the admin's or the customer's own. */
export interface Said {
  /** End of what it printed. */
  output: string;
  warning?: string;
}
