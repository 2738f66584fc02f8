import { posix } from 'node:path';
import type { Commands } from '../../../machine/commands/commands.ts';
import { attachmentOf } from '../../../machine/devices/attachment.ts';
import type { BlockDevice } from '../../../machine/devices/block-devices.ts';
import { DeviceAnswers, NO_ANSWER, openAnswering } from '../../../machine/devices/device-answers.ts';
import { whyLostAtReboot } from '../../../machine/devices/lasting-storage.ts';
import { udevVerdict } from '../../../machine/devices/udev/udev-verdict.ts';
import { type ObservedStorage, observeStorage } from '../../../machine/facts/observed-facts.ts';
import type { Files } from '../../../machine/files/files.ts';
import { EARLIER_SWAP_FILE, HOST_DIRECTORY } from '../../../machine/files/paths.ts';
import type { Facts } from '../../../machine/system/facts.ts';
import type { Problem } from '../../guest-config.ts';
import type { SwapChoice } from './choose.ts';
import { findSwapDisk } from './find.ts';
import { isFirstBoot, type RememberedDisk, readRememberedDisk } from './host-disk.ts';

/** A line about a disk that is passed over. */
export function silenceOf(device: BlockDevice, remembered: RememberedDisk | undefined): Problem {
  const { node, path, partition } = device;
  const disk = { path: partition === undefined ? path : posix.dirname(path) };
  const expected =
    attachmentOf(disk) === remembered?.place
      ? 'the host’s disk to answer; what an earlier boot stored counts; have the host look after it'
      : 'a disk that answers; it was passed over; have the host look after it, or detach it';
  return { group: 'archive', path: node, found: NO_ANSWER, expected };
}

/** Disks and their partitions that could be the host's, and the disk of active swap, whose table says which it is. */
export function readableDevices({ devices, use }: ObservedStorage): BlockDevice[] {
  const disksOfSwap = devices.flatMap(({ name, partition }) =>
    use.activeSwaps.has(name) ? [partition?.disk ?? name] : [],
  );
  return devices.filter(({ kind, name, partition }) => {
    if (kind !== 'disk' && kind !== 'partition') return false;
    const isOfSwap = use.activeSwaps.has(name) || disksOfSwap.includes(name);
    return isOfSwap || !use.usedDisks.has(partition?.disk ?? name);
  });
}

/**
 * Looks at all disks once for the host's, without waiting for one. What is not known to answer is not read.
 * @param remembered what an earlier boot noted down of it
 * @param answers what is known to answer
 * @param storage the disks, if they have just been observed
 * @throws Error if /sys and /proc cannot be read
 */
export function lookForHostDisk(
  files: Files,
  hypervisor: Facts['hypervisor'],
  answers: DeviceAnswers,
  remembered = readRememberedDisk(files),
  { devices, use } = observeStorage(files),
): SwapChoice {
  const knowledge = {
    ...(remembered === undefined ? {} : { remembered }),
    firstBoot: isFirstBoot(files, remembered),
    earlierSwaps: new Set((files.readText(EARLIER_SWAP_FILE) ?? '').split('\n')),
    isForgetful: () => whyLostAtReboot(HOST_DIRECTORY, files) !== undefined,
  };
  const verdict = (device: BlockDevice) => udevVerdict(files, device);
  const open = openAnswering(devices, answers);
  return findSwapDisk({ devices, use, hypervisor, udevVerdict: verdict, open }, knowledge);
}

/**
 * Asks the disks that could be the host's whether they answer.
 * @returns what is known then
 */
export async function askHostDisks(files: Files, commands: Commands): Promise<DeviceAnswers> {
  const answers = new DeviceAnswers(files, 0);
  await answers.ask(commands, readableDevices(observeStorage(files)));
  return answers;
}
