import type { Machine } from '../machine/changes/machine.ts';
import { placeOf } from '../machine/devices/attachment.ts';
import type { BlockDevice } from '../machine/devices/block-devices.ts';
import type { AllowedSources } from '../metadata/allowed-sources.ts';
import { keptConfiguration } from '../metadata/choose.ts';
import { SOURCES } from '../metadata/sources.ts';
import { readStored, storeConfiguration } from '../metadata/stored/store.ts';

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

/** Why the word of a source does not count in this guest, whatever is accepted; undefined if it does. */
export function whyNotAllowed(
  name: string,
  { allowed, namedBy }: Pick<AllowedSources, 'allowed' | 'namedBy'>,
): string | undefined {
  if (allowed.some((source) => source.name === name)) return undefined;
  return `the source ${name} is not among those that count here; add it to ${namedBy}`;
}

/**
 * Takes a volume of a source that is not Gandi's for the one that configures this guest, from the next boot on. What the
 * guest has stays until then.
 * @param device known to answer
 * @param sources those whose word counts; a volume of another one is refused
 * @returns name of the source, or why it does not count; undefined if the device has no volume of any
 * @throws the system's error if the device cannot be read
 */
export async function acceptVolume(
  device: BlockDevice,
  machine: Machine,
  sources: Pick<AllowedSources, 'allowed' | 'namedBy'>,
): Promise<{ source: string } | { refused: string } | undefined> {
  for (const source of SOURCES.filter(({ kept }) => kept === undefined)) {
    const finding = await source.open(device.node, machine.files);
    if (finding.state !== 'present') continue;
    const refused = whyNotAllowed(source.name, sources);
    if (refused !== undefined) return { refused };
    await storeSource(machine, source.name, placeOf(device));
    return { source: source.name };
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
