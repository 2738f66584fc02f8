import { storeJson } from '../machine/changes/json-file.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { type DeviceAnswers, NO_ANSWER, openAnswering } from '../machine/devices/device-answers.ts';
import { byNode } from '../machine/devices/device-use.ts';
import { udevVerdict } from '../machine/devices/udev/udev-verdict.ts';
import { observeStorage } from '../machine/facts/observed-facts.ts';
import { HOST_DISK_FILE, STATE_DIRECTORY } from '../machine/files/paths.ts';
import { describe } from '../machine/formats/signatures.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { allowedSources } from '../metadata/allowed-sources.ts';
import { observeDevice, type SwapSearch } from '../metadata/gandi/disk/find.ts';
import { readRememberedDisk } from '../metadata/gandi/disk/host-disk.ts';
import { askHostDisks } from '../metadata/gandi/disk/look-for-disk.ts';
import { describeAround, holdsSomethingElse } from '../metadata/gandi/disk/trust.ts';
import type { System } from '../plan/system.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { acceptVolume, forgetOtherSource, whyNotAllowed } from './accept-volume.ts';

/** As long as gandi-bootstrap waits for itself. */
const LOCK_WAIT_SECONDS = 60;

/**
 * Notes down that a device is the host's disk; its archive counts from the next boot on, where that is the host's word.
 * @param path of the device, also by a link of udev's
 * @param answers which devices were asked and did not answer
 * @returns the device's node, or why it cannot be the host's disk
 */
export async function acceptDevice(
  path: string,
  search: SwapSearch,
  machine: Machine,
  answers: Pick<DeviceAnswers, 'isSilent'>,
): Promise<{ node: string } | { refused: string }> {
  const device = byNode(path, search.devices, machine.files);
  const disk = search.devices.find(({ name }) => name === device?.partition?.disk);
  const read = [device, disk].filter((one) => one !== undefined);
  if (read.some((one) => answers.isSilent(one))) return { refused: NO_ANSWER };
  const observed = device && observeDevice(device.node, search);
  if (device === undefined || observed === undefined)
    return {
      refused:
        'it is no disk or partition, has partitions itself, or is in use for something other than swap',
    };
  const { signatures, archives, identity, around } = observed;
  if (around !== undefined) return { refused: `there is a ${describeAround(around)}` };
  if (holdsSomethingElse(observed))
    return { refused: `it holds ${describe(signatures) || 'unrecognised data'}` };
  if (signatures.length === 0 && archives.length === 0)
    return { refused: 'neither an archive of the host nor a swap area is on it' };
  // What is known of an archive that stayed in its swap area holds wherever that area is now.
  const left = readRememberedDisk(machine.files)?.left;
  const accepted = { ...identity, ...(left === undefined ? {} : { left }) };
  await storeJson(machine, STATE_DIRECTORY, { path: HOST_DISK_FILE, mode: 0o600 }, accepted);
  return { node: device.node };
}

/**
 * Takes a device for the host's disk from the next boot on, in place of the remembered one.
 * @returns exit status: 1 if it cannot be the host's disk; nothing is changed then
 */
export async function accept(path: string, system: System): Promise<number> {
  const { commands, environment, locks, output } = system;
  const { files, live } = system.open();
  const release = await locks.take('gandi-bootstrap', LOCK_WAIT_SECONDS);
  try {
    const { devices, use } = observeStorage(files);
    const { hypervisor } = (await system.loadFacts()).observeFacts(files, live, environment);
    const answers = await askHostDisks(files, commands);
    const search: SwapSearch = {
      devices,
      use,
      hypervisor,
      udevVerdict: (device) => udevVerdict(files, device),
      open: openAnswering(devices, answers),
    };
    const machine = { files, commands, live };
    const device = byNode(path, devices, files);
    if (device !== undefined) await answers.ask(commands, [device]);
    const sources = allowedSources(readSettings(files).sources, live ? files : undefined);
    const volume =
      device && answers.answers(device) ? await acceptVolume(device, machine, sources) : undefined;
    if (volume !== undefined) {
      if ('refused' in volume) {
        output.printError(`gandi-guest: ${path} is not taken: ${volume.refused}; nothing was changed\n`);
        return EXIT.failed;
      }
      output.print(`${path} (${volume.source}) configures this guest from the next boot on\n`);
      return EXIT.ok;
    }
    const forbidden = whyNotAllowed('gandi', sources);
    const outcome =
      forbidden === undefined ? await acceptDevice(path, search, machine, answers) : { refused: forbidden };
    if ('refused' in outcome) {
      output.printError(
        `gandi-guest: ${path} cannot be the host’s disk: ${outcome.refused}; nothing was changed\n`,
      );
      return EXIT.failed;
    }
    await forgetOtherSource(machine);
    output.print(`${outcome.node} is the host’s disk from the next boot on\n`);
    return EXIT.ok;
  } finally {
    release();
  }
}
