import { describeFailure } from '../machine/runtime/errors.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { runCommandLine } from '../terminal/program.ts';
import { defineCommandLine, isRun, withoutAlias } from './command-line.ts';
import type { HostSystem } from './context/host-system.ts';
import { PROGRAM } from './context/program-name.ts';
import { RUN_EXIT } from './run/exit-status.ts';

/**
 * gandi-host: guests of a libvirt host.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status; of `run` and `exec` that of the command in the guest, or of RUN_EXIT
 */
export async function main(args: readonly string[], system: HostSystem): Promise<number> {
  let status: number = EXIT.ok;
  const program = defineCommandLine((given) => {
    status = given;
  }, system);
  const words = withoutAlias(args);
  if (!isRun(words)) {
    const usage = await runCommandLine(program, words);
    return usage === EXIT.ok ? status : usage;
  }
  try {
    return (await runCommandLine(program, words)) === EXIT.ok ? status : RUN_EXIT.ourFailure;
  } catch (error) {
    system.output.printError(`${PROGRAM}: ${describeFailure(error, true)}\n`);
    return RUN_EXIT.ourFailure;
  }
}
