import { EXIT } from '../terminal/exit-status.ts';
import { runCommandLine } from '../terminal/program.ts';
import { defineCommandLine, withoutAlias } from './command-line.ts';
import type { HostSystem } from './context/host-system.ts';

/**
 * gandi-host: guests of a libvirt host.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function main(args: readonly string[], system: HostSystem): Promise<number> {
  let status: number = EXIT.ok;
  const program = defineCommandLine((given) => {
    status = given;
  }, system);
  const usage = await runCommandLine(program, withoutAlias(args));
  return usage === EXIT.ok ? status : usage;
}
