import { join } from 'node:path';
import type { Guest } from '../test/guest/guest.ts';
import { withProgress } from '../test/guest/progress.ts';
import { type BenchGuest, type BenchImages, bootBenchGuest, endsItself } from './bench-guests.ts';
import { bootEnd } from './boot-end.ts';
import type { GuestMeasure, Sample } from './measure.ts';
import { firstBootstrap, secondBootstrap } from './measures/bootstrap.ts';
import { firstCloudInit, secondCloudInit } from './measures/cloud-init.ts';
import { coldStart } from './measures/cold-start.ts';
import { firstConfig, secondConfig } from './measures/config.ts';
import { diskMeasures } from './measures/disks.ts';
import { exposure } from './measures/exposure.ts';
import { firstServices, secondServices } from './measures/four-services.ts';
import { mountPeakMemory, peakMemory } from './measures/memory.ts';
import { firstMetadata, secondMetadata } from './measures/metadata-service.ts';
import { nothingFound } from './measures/nothing-found.ts';
import { operatorStage } from './measures/operator-stage.ts';
import { peers } from './measures/peers.ts';
import { programStart, pythonStart } from './measures/program-start.ts';
import { wholeBoots } from './measures/whole-boot.ts';

/** In the order in which they are taken: those that add to the counters of the whole boot come after it. */
const measures: readonly GuestMeasure[] = [
  ...wholeBoots,
  firstBootstrap,
  firstConfig,
  ...firstServices,
  firstMetadata,
  exposure,
  ...firstCloudInit,
  ...peers,
  peakMemory,
  mountPeakMemory,
  // Before disks are attached.
  nothingFound,
  ...diskMeasures,
  programStart,
  pythonStart,
  coldStart,
  secondBootstrap,
  secondConfig,
  secondMetadata,
  ...secondServices,
  ...secondCloudInit,
  ...operatorStage,
];

/** @throws an Error that says what failed, where the boot does not end well */
async function waitUntilUp(guest: Guest, name: BenchGuest): Promise<void> {
  const state = await withProgress(`boot ${name}`, () => bootEnd(guest, bootSeconds));
  if (state === 'running') return;
  const { stdout } = await guest.run('systemctl --failed --plain; gandi-guest status');
  throw new Error(`${name}: the boot ended in the state "${state}": ${stdout}`);
}

/**
 * Boots one guest from fresh disks as often as its measures need, and takes them.
 *
 * @param folder - for its disks; must not exist yet.
 */
export async function measureGuest(name: BenchGuest, images: BenchImages, folder: string): Promise<Sample[]> {
  const own = measures.filter(({ guest }) => guest === name);
  const boots = Math.max(...own.map(({ boot }) => boot));
  return withProgress(`measure the guest "${name}"`, async () => {
    const { guest, end } = await bootBenchGuest(name, images, folder);
    try {
      const samples: Sample[] = [];
      for (let boot = 1; boot <= boots; boot++) {
        if (boot > 1) await guest.reboot(bootSeconds);
        if (endsItself(name)) await guest.waitFor(async () => !guest.running, bootSeconds);
        else await waitUntilUp(guest, name);
        for (const measure of own.filter((one) => one.boot === boot))
          samples.push(...(await measure.take(guest)));
      }
      return samples;
    } finally {
      await end();
    }
  });
}

/** Guests in which instructions are counted run at a fraction of the usual speed. */
const bootSeconds = 600;

/** The figures of all guests that there are images of, each booted `times` from fresh disks, two at a time. */
export async function measureGuests(images: BenchImages, times: number, folder: string): Promise<Sample[]> {
  const names = [...new Set(measures.map(({ guest }) => guest))].filter((name) => images.images.has(name));
  const runs = Array.from({ length: times }, (_, time) => names.map((name) => ({ name, time }))).flat();
  const samples: Sample[] = [];
  const work = async () => {
    for (let run = runs.shift(); run !== undefined; run = runs.shift())
      samples.push(...(await measureGuest(run.name, images, join(folder, `${run.name}-${run.time}`))));
  };
  await Promise.all([work(), work()]);
  return samples;
}
