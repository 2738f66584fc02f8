/**
 * Measures the toolkit in guests of its own and prints one table: `make bench`. Writes bench/results/latest.json and
 * a picture for each chart. Takes about ten minutes on two cores. Exit status 1 if something could not be measured; a target that is
 * not met is shown and is no failure.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPrerequisites } from '../test/guest/prerequisites.ts';
import { benchImages } from './bench-guests.ts';
import { CHARTS, renderChart } from './chart.ts';
import { type Figure, figuresOf } from './figures.ts';
import { formatPercent } from './format.ts';
import { executableSize } from './measures/executable-size.ts';
import { packageSizes } from './measures/package-sizes.ts';
import { measureGuests } from './scenarios.ts';
import { renderFigures } from './table.ts';

/** Each guest is booted so often from fresh disks; the first argument is another number. */
const times = Number(process.argv[2] ?? 2);

/** Where counts of two boots differ by more, something other than the code was measured. */
const usualSpread = 0.02;

const results = fileURLToPath(new URL('results', import.meta.url));

async function measureAll(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-bench-'));
  try {
    await installPrerequisites();
    const samples = await measureGuests(await benchImages(), times, folder);
    return figuresOf([...samples, ...(await executableSize()), ...(await packageSizes())]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const figures = await measureAll();
await mkdir(results, { recursive: true });
await writeFile(join(results, 'latest.json'), `${JSON.stringify({ times, figures }, null, 2)}\n`);
for (const chart of CHARTS) await writeFile(join(results, `${chart.name}.svg`), renderChart(chart, figures));
process.stdout.write(renderFigures(figures));
for (const { title, unit, spread } of figures) {
  if (unit === 'instructions' && spread > usualSpread)
    process.stdout.write(`note: ${title}: boots differ by ${formatPercent(spread)}\n`);
}
