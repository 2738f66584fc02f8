import { EXIT } from '../../terminal/exit-status.ts';
import { renderTable } from '../../terminal/table.ts';
import type { HostContext } from '../context/context.ts';

/** @returns exit status */
export function showConfig({ settings, options, system, printJson }: HostContext): number {
  const rows = Object.entries(settings.values).map(([name, { value, from }]) => ({ name, value, from }));
  if (options.json) printJson({ settings: rows, warnings: settings.warnings });
  else
    system.output.print(
      renderTable(
        ['SETTING', 'VALUE', 'FROM'],
        rows.map(({ name, value, from }) => [name, value, from]),
        system.output.isTerminal(),
      ),
    );
  return EXIT.ok;
}
