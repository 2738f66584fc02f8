import { lineForAdmin } from '../../machine/files/log.ts';
import { cleanJsonLine } from '../../machine/runtime/clean-text.ts';
import type { HostContext } from '../context/context.ts';
import { PROGRAM } from '../context/program-name.ts';
import type { OrderReport } from './order-event.ts';

/** A line for each event: JSON for programs; words for people and the journal. */
function lineReport({ options, system }: HostContext): OrderReport {
  const { output, environment } = system;
  return {
    tell(event) {
      if (options.json) {
        const { text, ...fields } = event;
        output.print(`${cleanJsonLine({ time: system.now().toISOString(), ...fields, text })}\n`);
      } else if (event.failed) output.printError(lineForAdmin(PROGRAM, 'problem', event.text, environment));
      else output.print(`${event.text}\n`);
    },
    end: () => Promise.resolve(),
  };
}

/**
 * @param guests of whom something is to be told at the end of each one's part
 */
export async function openReport(
  context: HostContext,
  guests: readonly { uuid: string; name: string }[],
): Promise<OrderReport> {
  const { options, system } = context;
  const lines = lineReport(context);
  if (options.json || options.dryRun || options.progress === false || !system.output.isTerminal())
    return lines;
  const { progressReport } = await import('./progress.ts');
  return progressReport(guests, lines);
}
