import type { System } from '../plan/system.ts';
import { colours } from '../terminal/colours.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { renderTable } from '../terminal/table.ts';
import type { Row, Verdict } from '../verify/row.ts';
import { lookAtGuest } from './look.ts';

const COLOUR: Record<Verdict, (text: string) => string> = {
  'as asked': colours.green,
  differs: colours.red,
  pending: colours.yellow,
};

function render(rows: readonly Row[]): string {
  const cells = rows.map(({ what, asked, shown, verdict }) => [what, asked, shown, COLOUR[verdict](verdict)]);
  const lines = rows.flatMap(({ verdict, line }) =>
    line === undefined ? [] : [`${COLOUR[verdict](verdict)}: ${line}\n`],
  );
  return `${renderTable(['', 'asked', 'the guest shows', ''], cells)}${lines.join('')}`;
}

/**
 * Shows what the host asked for beside what the guest shows. No name server is asked; the network manager is, of what
 * differs, and each disk that may be the host's, to see whether it answers.
 * @returns exit status: 0 if nothing differs, 1 if something does, 3 if nothing is known of what the host asked for
 */
export async function verify(options: { json?: boolean }, system: System): Promise<number> {
  const { output } = system;
  const rows = await lookAtGuest(system.open().files, system);
  if (options.json === true) output.print(`${JSON.stringify({ rows: rows ?? [] }, null, 1)}\n`);
  else output.print(rows === undefined ? 'no configuration of a host is known\n' : render(rows));
  if (rows === undefined) return EXIT.nothingFound;
  return rows.some(({ verdict }) => verdict === 'differs') ? EXIT.failed : EXIT.ok;
}
