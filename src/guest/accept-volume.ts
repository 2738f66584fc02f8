import type { Machine } from '../machine/changes/machine.ts';
import { placeOf } from '../machine/devices/attachment.ts';
import type { BlockDevice } from '../machine/devices/block-devices.ts';
import { keptConfiguration } from '../metadata/choose.ts';
import { SOURCES } from '../metadata/sources.ts';
import { readStored, storeConfiguration } from '../metadata/store.ts';

/** Keeps what is known, and whose word counts from the next boot on. */
async function storeSource(machine: Machine, source: string, attachment: string): Promise<void> {
  const { config, refused, problems, origins } = keptConfiguration(machine.files).parsed;
  const { instanceId } = readStored(machine.files) ?? {};
  await storeConfiguration(machine, {
    source,
    attachment,
    origin: 'the source of an earlier boot',
    ...(instanceId === undefined ? {} : { instanceId }),
    config,
    refused,
    problems,
    origins,
  });
}

/**
 * Takes a volume of a source that is not Gandi's for the one that configures this guest, from the next boot on. What the
 * guest has stays until then.
 * @param device known to answer
 * @returns name of the source; undefined if the device has no volume of any
 * @throws the system's error if the device cannot be read
 */
export async function acceptVolume(device: BlockDevice, machine: Machine): Promise<string | undefined> {
  for (const source of SOURCES.filter(({ kept }) => kept === undefined)) {
    const finding = await source.open(device.node, machine.files);
    if (finding.state !== 'present') continue;
    await storeSource(machine, source.name, placeOf(device));
    return source.name;
  }
  return undefined;
}

/** Gandi's disk was accepted: the word of another source counts no more. */
export async function forgetOtherSource(machine: Machine): Promise<void> {
  const stored = readStored(machine.files);
  const own = SOURCES.find(({ kept }) => kept !== undefined);
  if (stored === undefined || own === undefined || stored.source === own.name) return;
  await storeSource(machine, own.name, '');
}
