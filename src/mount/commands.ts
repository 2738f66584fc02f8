import { readDiskRecords } from '../state/disk-records.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { applyMode } from './autofs/apply-mode.ts';
import { isSameContent } from './disks/disk-state.ts';
import { awaitCheckOf, endChecks } from './eject/await-check.ts';
import { type EjectOptions, ejectDisk } from './eject/eject.ts';
import { placeFor } from './mounts/place-for.ts';
import { statusOf } from './rescan.ts';
import type { MountRun } from './run/run.ts';
import { ejectStep } from './run/steps.ts';
import { serveDisks } from './serve/serve.ts';

const deviceName = (device: string) => device.replace(/^\/dev\//, '');

/**
 * Mounts one disk.
 * @param device node, kernel name, or its path in the disk root
 * @param isUnit whether a unit waits for it: then what was ejected stays so
 */
export async function attach(run: MountRun, device: string, isUnit = false): Promise<number> {
  const place = await placeFor(run, device);
  if (isUnit && place?.record?.state === 'ejected' && isSameContent(place.record, place.verdict)) {
    const { node } = place.device;
    run.tell('problem', `${node} is not mounted: it was ejected; gandi-mount attach ${node} mounts it again`);
    return EXIT.failed;
  }
  const name = place?.device.name ?? deviceName(device);
  const scope = { device: name };
  const first = await serveDisks(run, scope);
  const isWaitedFor = first.length === 0 && (await awaitCheckOf(run, name));
  const touched = isWaitedFor ? await serveDisks(run, scope) : first;
  const record = touched.findLast((one) => one.name === name);
  if (record === undefined) {
    const known = readDiskRecords(run.machine.files).find(
      (one) => one.name === name && one.state === 'mounted',
    );
    if (known !== undefined) {
      run.print(`/dev/${name} is mounted at ${known.mountPoint}\n`);
      return EXIT.ok;
    }
    run.tell('problem', `there is no disk ${device} that could be mounted`);
    return EXIT.nothingFound;
  }
  return record.state === 'mounted' || record.state === 'on-demand' ? statusOf(run) : EXIT.failed;
}

/** Unmounts because somebody asked, and says whether the disk can be detached. */
export async function eject(run: MountRun, name: string, options: EjectOptions): Promise<number> {
  const { outcome, text } = await run.step(ejectStep, async () => {
    await endChecks(run, name);
    return await ejectDisk(run, name, options);
  });
  if (outcome === 'safe') {
    run.print(`${text}\n`);
    return EXIT.ok;
  }
  run.tell('problem', text);
  return outcome === 'unknown' ? EXIT.nothingFound : EXIT.failed;
}

/** Like eject, and cleans up if the disk is gone already. */
export async function detach(run: MountRun, name: string): Promise<number> {
  const isMeant = (record: { node: string; name: string; label?: string; mountPoint?: string }) =>
    [record.node, record.name, record.label, record.mountPoint].includes(name);
  // Those that are gone are told apart by this: their records change to `gone`.
  const touched = await serveDisks(run, { device: '' });
  if (touched.some((record) => record.state === 'gone' && isMeant(record))) {
    run.print(`${name} was gone already: cleaned up\n`);
    return EXIT.ok;
  }
  return await eject(run, name, { force: false, waitSeconds: 0 });
}

/** Makes the system follow the settings, and mounts what then is to be mounted. */
export async function changeMode(run: MountRun): Promise<number> {
  if (!(await applyMode(run))) return EXIT.failed;
  await serveDisks(run, 'all');
  return statusOf(run);
}
