import type { System } from '../plan/system.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { runCommandLine } from '../terminal/program.ts';
import { defineCommandLine } from './command-line.ts';

/**
 * gandi-guest: looks at a guest's configuration, and makes seed disks.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function main(args: readonly string[], system: System): Promise<number> {
  let status: number = EXIT.ok;
  const program = defineCommandLine((given) => {
    status = given;
  }, system);
  const usage = await runCommandLine(program, args);
  return usage === EXIT.ok ? status : usage;
}
