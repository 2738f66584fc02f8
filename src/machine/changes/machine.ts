import type { Commands } from '../commands/commands.ts';
import type { Files } from '../files/files.ts';

/** What changes are applied to. */
export interface Machine {
  files: Files;
  commands: Commands;
  /** False for an unpacked image: what needs a running system is skipped. */
  live: boolean;
}

/** What came of a program of the admin's or the customer's own. */
export interface Said {
  /** End of what it printed. */
  output: string;
  warning?: string;
}
