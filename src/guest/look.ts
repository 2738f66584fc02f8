import type { Commands } from '../machine/commands/commands.ts';
import type { Files } from '../machine/files/files.ts';
import { readSettings, type Settings } from '../machine/settings/settings.ts';
import type { Facts } from '../machine/system/facts.ts';
import { keptConfiguration } from '../metadata/choose.ts';
import { askHostDisks, lookForHostDisk } from '../metadata/gandi/disk/look-for-disk.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import { chosenManager } from '../network/managers/chosen-manager.ts';
import { WRITERS } from '../network/managers/writers.ts';
import type { System } from '../plan/system.ts';
import { askedOf } from '../verify/asked.ts';
import type { Row } from '../verify/row.ts';
import { compareDisks } from '../verify/storage.ts';
import { compare } from '../verify/verify.ts';
import { runningSystem, type View } from '../verify/view.ts';
import { dataDisks } from './data-disks.ts';

/** The guest that is looked at. */
export interface Looked {
  files: Files;
  settings: Settings;
  facts: Facts;
  host: HostConfiguration;
}

/** Where an admin's file configures an interface of the network manager's. */
function adminPlaces({ files, settings, facts }: Looked): View['takenBy'] {
  const manager = chosenManager({ settings, facts });
  if (manager === undefined) return undefined;
  return (name) => {
    const device = facts.interfaces.find((each) => each.name === name) ?? { name };
    const place = WRITERS[manager].takenBy(files, device);
    return place === undefined ? undefined : `${place.file} line ${place.line}`;
  };
}

/** The configuration that an earlier boot stored, and the disk that it came from. */
async function keptWithDisk(files: Files, facts: Facts, commands: Commands): Promise<HostConfiguration> {
  const kept = keptConfiguration(files);
  if (kept.state === 'none' || kept.gandi === undefined) return kept;
  const answers = await askHostDisks(files, commands);
  const [first] = lookForHostDisk(files, facts.hypervisor, answers).candidates;
  return first === undefined ? kept : { ...kept, gandi: { ...kept.gandi, swap: first.swap } };
}

/**
 * Compares what the host asked for with what the running system shows.
 * @returns undefined if nothing is known of what the host asked for
 * @throws Error if the configuration or the system's files cannot be read; both need root
 */
export async function lookAtGuest(files: Files, system: System): Promise<Row[] | undefined> {
  const { observeFacts } = await system.loadFacts();
  const facts = observeFacts(files, true, system.environment);
  const host = await keptWithDisk(files, facts, system.commands);
  if (host.state === 'none') return undefined;
  const looked: Looked = { files, settings: readSettings(files), facts, host };
  const takenBy = adminPlaces(looked);
  const { presentAddresses } = await system.loadAddresses();
  const view = { ...runningSystem(files, presentAddresses), ...(takenBy === undefined ? {} : { takenBy }) };
  return [...compare(askedOf(looked), view), ...compareDisks(dataDisks(files), files)];
}
