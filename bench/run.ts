/**
 * Measures the toolkit in guests of its own and prints one table: `make bench`. Writes bench/results/latest.json and
 * a picture for each chart. Takes about ten minutes on two cores. Exit status 1 if something could not be measured; a target that is
 * not met is shown and is no failure.
 *
 * `node packaging/run-ts.mjs bench/run.ts TIMES GUEST...` boots these guests alone, after `make build`, and writes no
 * results: `1 disks-crowd` is the row of 128 disks.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPrerequisites } from '../test/guest/prerequisites.ts';
import { BENCH_GUESTS, benchImages } from './bench-guests.ts';
import { CHARTS, renderChart } from './chart.ts';
import { type Figure, figuresOf } from './figures.ts';
import { formatPercent } from './format.ts';
import { executableSize } from './measures/executable-size.ts';
import { packageSizes } from './measures/package-sizes.ts';
import { measureGuests } from './scenarios.ts';
import { renderFigures } from './table.ts';

const [timesText = '2', ...guestNames] = process.argv.slice(2);

/** Each guest is booted so often from fresh disks. */
const times = Number(timesText);
if (!Number.isSafeInteger(times) || times < 1) throw new Error(`"${timesText}" is no number of boots`);

/** Those that are measured; all without further arguments. */
const guests = guestNames.map((name) => {
  const known = BENCH_GUESTS.find((one) => one === name);
  if (known === undefined) throw new Error(`"${name}" is none of the guests ${BENCH_GUESTS.join(', ')}`);
  return known;
});
const isWhole = guests.length === 0;

/** Where counts of two boots differ by more, something other than the code was measured. */
const usualSpread = 0.02;

const results = fileURLToPath(new URL('results', import.meta.url));

async function measureAll(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-bench-'));
  try {
    await installPrerequisites();
    const samples = await measureGuests(await benchImages(isWhole ? BENCH_GUESTS : guests), times, folder);
    if (!isWhole) return figuresOf(samples);
    return figuresOf([...samples, ...(await executableSize()), ...(await packageSizes())]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const figures = await measureAll();
if (isWhole) {
  await mkdir(results, { recursive: true });
  await writeFile(join(results, 'latest.json'), `${JSON.stringify({ times, figures }, null, 2)}\n`);
  for (const chart of CHARTS)
    await writeFile(join(results, `${chart.name}.svg`), renderChart(chart, figures));
}
process.stdout.write(renderFigures(figures));
for (const { title, unit, spread } of figures) {
  if (unit === 'instructions' && spread > usualSpread)
    process.stdout.write(`note: ${title}: boots differ by ${formatPercent(spread)}\n`);
}
