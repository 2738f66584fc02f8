/**
 * Says how the cost of gandi-bootstrap's first run grows with what it is asked for: `make bench SCALE=1`. Boots a guest for each
 * size, prints what each took, and leaves a picture for each subject in dist. Exit status 1 if a piece costs more where there
 * are many than where there are few, by more than a quarter: growth is to be no worse than linear. Disks are rows of `make bench`.
 *
 * `node packaging/run-ts.mjs bench/scale.ts SUBJECT...` takes these alone.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { overlayDisk } from '../test/guest/disk.ts';
import { Guest } from '../test/guest/guest.ts';
import type { Image } from '../test/guest/image.ts';
import { isoSeed } from '../test/guest/nocloud-seed.ts';
import { installPrerequisites } from '../test/guest/prerequisites.ts';
import { makeKeyPair } from '../test/guest/ssh.ts';
import { hostNetworks } from '../test/guest/toolkit.ts';
import { instructionsOf } from './accounting.ts';
import { benchImages } from './bench-guests.ts';
import { renderChart } from './chart.ts';
import { figuresOf } from './figures.ts';
import type { Sample } from './measure.ts';
import { isNoWorseThanLinear, SCALE_SUBJECTS, type ScaleSubject } from './scale-subjects.ts';
import { renderFigures } from './table.ts';

const BOOT_SECONDS = 900;
const ROOT_MEBIBYTES = 4096;
const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** Boots a guest with so many of a subject; what the service took. */
async function measure(
  { name, files, interfaces }: ScaleSubject,
  size: number,
  image: Image,
  folder: string,
) {
  await mkdir(folder);
  const { publicKey } = await makeKeyPair(join(folder, 'key'));
  const root = await overlayDisk(image, join(folder, 'root.qcow2'), ROOT_MEBIBYTES);
  const seed = await isoSeed(folder, 'seed.iso', files(size, publicKey));
  const guest = await Guest.boot({
    name: `${name}-${size}`,
    image,
    disks: [{ disk: root }, { disk: seed, bus: 'optical', readOnly: true }],
    interfaces: interfaces?.(size) ?? hostNetworks,
    countInstructions: true,
    asDistributed: true,
  });
  try {
    const state = await guest.waitForBoot(BOOT_SECONDS);
    const status = await guest.output('gandi-guest status --wait');
    if (state !== 'running' || !status.startsWith('configured'))
      throw new Error(`${name} ${size}: the boot ended in the state "${state}": ${status}`);
    return await instructionsOf(guest, 'gandi-bootstrap.service');
  } finally {
    await guest.powerCut();
  }
}

await installPrerequisites();
const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-scale-'));
try {
  const image = (await benchImages(['nocloud'])).images.get('nocloud');
  if (image === undefined) throw new Error('there is no image');
  const wanted = process.argv.slice(2);
  for (const subject of SCALE_SUBJECTS.filter((one) => wanted.length === 0 || wanted.includes(one.name))) {
    const { name, title, unit, sizes } = subject;
    // Two at a time keep both cores of a small machine busy.
    const points: { size: number; value: number }[] = [];
    const left = [...sizes];
    const work = async () => {
      for (let size = left.pop(); size !== undefined; size = left.pop())
        points.push({ size, value: await measure(subject, size, image, join(folder, `${name}-${size}`)) });
    };
    await Promise.all([work(), work()]);
    points.sort((one, other) => one.size - other.size);
    const samples = points.map(
      ({ size, value }): Sample => ({
        id: `${name}-${size}`,
        title: `${size} ${unit}`,
        value,
        unit: 'instructions',
      }),
    );
    const figures = figuresOf(samples);
    process.stdout.write(`${title}\n${renderFigures(figures)}`);
    const chart = { name, title, figures: samples.map(({ id }) => id) };
    await writeFile(join(dist, `scale-${name}.svg`), renderChart(chart, figures));
    if (isNoWorseThanLinear(points)) continue;
    process.stdout.write(`${title}: this grows faster than what is asked for\n`);
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true });
}
