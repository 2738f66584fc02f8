import { posix } from 'node:path';
import type { Commands } from '../../machine/commands/commands.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { DeviceAnswers, NO_ANSWER, openAnswering } from '../../machine/devices/device-answers.ts';
import { whyLostAtReboot } from '../../machine/devices/lasting-storage.ts';
import { comingTo, lookUntilSettled } from '../../machine/devices/late-devices.ts';
import { udevVerdict } from '../../machine/devices/udev-verdict.ts';
import { type ObservedStorage, observeStorage } from '../../machine/facts/observed-facts.ts';
import { withDevice } from '../../machine/files/device-reader.ts';
import type { Files } from '../../machine/files/files.ts';
import { EARLIER_SWAP_FILE, HOST_CONFIG, HOST_DIRECTORY, HOST_INIT } from '../../machine/files/paths.ts';
import { crc32 } from '../../machine/formats/crc32.ts';
import { excludesRange } from '../../machine/formats/swap-header.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { Facts } from '../../machine/system/facts.ts';
import type { GandiDisk, SeedArchive } from '../gandi-disk.ts';
import type { HostConfiguration, ParsedConfig, Problem } from '../guest-config.ts';
import { type ArchiveResult, readArchive } from './archive.ts';
import type { SwapCandidate, SwapChoice } from './choose.ts';
import { findSwapDisk } from './find.ts';
import {
  attachmentOf,
  isFirstBoot,
  LEFT_OVER_BYTES,
  type RememberedDisk,
  readRememberedDisk,
} from './host-disk.ts';
import { keptModules, lookAtKeptModules, modulesOf } from './modules.ts';
import { parseConfig } from './parse.ts';
import { readSeed } from './seed-file.ts';
import { isStored } from './stored-archive.ts';
import type { ArchivePlace } from './swap-places.ts';

export interface SourceOptions {
  files: Files;
  /** They ask a disk whether it answers. */
  commands: Commands;
  /** False for an unpacked image: no disk is looked for. */
  live: boolean;
  hypervisor: Facts['hypervisor'];
  /** How long to wait for a late disk at most. */
  waitSeconds: number;
  /** A file or device to take the configuration from; it is only read. */
  seed?: string;
}

const NAME = 'gandi';

const NOTHING: ParsedConfig = { config: {}, problems: [], refused: [], origins: [] };

/** What an earlier boot stored. */
export function keptConfiguration(files: Files): HostConfiguration {
  const text = files.readText(HOST_CONFIG);
  const hasInit = files.status(HOST_INIT) !== undefined;
  if (text === undefined)
    return { state: 'none', origin: 'no configuration found', parsed: NOTHING, gandi: { hasInit } };
  const parsed = parseConfig(Buffer.from(text));
  const gandi = { modules: keptModules(files), hasInit };
  return { state: 'kept', source: NAME, origin: HOST_CONFIG, parsed, gandi };
}

/**
 * Looks at what an archive that was new in this boot has left in /gandi, for the trace of what was read: the next boot
 * works from that.
 */
export function lookAtKept(files: Files): void {
  files.readText(HOST_CONFIG);
  files.status(HOST_INIT);
  lookAtKeptModules(files);
}

function fromArchive(origin: string, archive: SeedArchive, parsed: ParsedConfig): HostConfiguration {
  return {
    state: 'new',
    source: NAME,
    origin,
    parsed,
    gandi: {
      archive,
      modules: modulesOf(archive),
      hasInit: archive.members.some(({ name }) => name === 'init'),
    },
  };
}

/** A broken archive costs what it would have brought: what was kept goes on to count. */
function withProblems(kept: HostConfiguration, origin: string, problems: Problem[]): HostConfiguration {
  const parsed = { ...kept.parsed, problems: [...problems, ...kept.parsed.problems] };
  return { ...kept, state: 'broken', origin: `${origin}, which cannot be used`, parsed };
}

function fromResult(result: ArchiveResult, origin: string, kept: () => HostConfiguration): HostConfiguration {
  switch (result.state) {
    case 'present': {
      const parsed = parseConfig(result.config);
      // Nothing of it can be used, so it takes the place of nothing. It stays on its disk for whoever looks into it.
      if (parsed.refused.includes('archive')) return withProblems(kept(), origin, parsed.problems);
      return fromArchive(origin, result.archive, parsed);
    }
    case 'broken':
      return withProblems(kept(), origin, result.problems);
    case 'absent':
      return kept();
  }
}

function readPlace({ device, offset, end }: ArchivePlace): ArchiveResult {
  try {
    const result = withDevice(device.node, (source) => readArchive(source, offset));
    if (result.state !== 'present' || offset + result.archive.length <= end) return result;
    // What is behind its room is somebody's, and would be erased with the archive.
    const found = `an archive of ${result.archive.length} bytes`;
    const expected = `at most ${end - offset} bytes, the room before the next partition`;
    return { state: 'broken', problems: [{ group: 'archive', path: device.node, found, expected }] };
  } catch (error) {
    const found = `an error: ${reasonOf(error)}`;
    const problem: Problem = {
      group: 'archive',
      path: device.node,
      found,
      expected: 'a disk that can be read',
    };
    return { state: 'broken', problems: [problem] };
  }
}

/** What is not believed costs nothing that is known: it is told, and the last configuration stays. */
function withDoubts(host: HostConfiguration, doubts: readonly Problem[]): HostConfiguration {
  if (doubts.length === 0) return host;
  return { ...host, parsed: { ...host.parsed, problems: [...doubts, ...host.parsed.problems] } };
}

/** An archive that stayed in its swap area while that may have been in use: behind its first page it is nobody's word. */
function isLeftOver(
  { device, offset }: ArchivePlace,
  { swap }: SwapCandidate,
  left: number | undefined,
): boolean {
  if (left === undefined || swap.state !== 'swap' || swap.node !== device.node) return false;
  return withDevice(device.node, (source) => crc32(source.read(offset, LEFT_OVER_BYTES))) === left;
}

function fromDisk(candidate: SwapCandidate | undefined, files: Files, left?: number): HostConfiguration {
  if (candidate === undefined) return keptConfiguration(files);
  const { swap, archive, identity, hosts } = candidate;
  const kept = () => keptConfiguration(files);
  const read = (place: ArchivePlace): HostConfiguration => {
    // One that stays where it is (CONFIG_SWAP=0) is found at each boot.
    const result = withStored(readPlace(place), files);
    const origin = `${place.device.node} at byte ${place.offset}`;
    if (result.state !== 'present' || !isLeftOver(place, candidate, left))
      return fromResult(result, origin, kept);
    const { pageSize = 0, badPages = [] } = swap;
    if (excludesRange({ pageBytes: pageSize, badPages }, place.offset, result.archive.length))
      return fromResult(result, origin, kept);
    // That boot stored it, and only its erasure failed: there is nothing new in it, and the erasure is made up for. The
    // host's first-boot script is not kept.
    const members = result.archive.members.filter(({ name }) => name !== 'init');
    if (isStored(files, { ...result.archive, members })) {
      const { length } = result.archive;
      const pendingErase = { device: swap.node, offset: place.offset, length };
      return withDisk(kept(), { swap: { ...swap, pendingErase } });
    }
    const found =
      'an archive that an earlier boot left in the swap area, where any process may have altered it since';
    const expected = 'one that the host wrote since; nothing of it was used; have the host write it again';
    return withDoubts(kept(), [{ group: 'archive', path: place.device.node, found, expected }]);
  };
  const host = archive === undefined ? kept() : read(archive);
  return withDisk(host, { swap: host.gandi?.swap ?? swap, ...(hosts ? { disk: identity } : {}) });
}

function withDisk(host: HostConfiguration, more: Partial<GandiDisk>): HostConfiguration {
  return { ...host, gandi: { hasInit: false, ...host.gandi, ...more } };
}

/** An archive that is in /gandi as it stands brings nothing new, and is not stored again. */
function withStored(result: ArchiveResult, files: Files): ArchiveResult {
  const stored = result.state === 'present' && isStored(files, result.archive);
  return stored ? { ...result, archive: { ...result.archive, stored } } : result;
}

function fromSeed(path: string, files: Files): HostConfiguration {
  const seed = readSeed(path);
  if (seed.result.state === 'absent')
    throw new Error(`${path} holds no archive of a host (tried ${seed.tried})`);
  return fromResult(withStored(seed.result, files), path, () => keptConfiguration(files));
}

/** A line about a disk that is passed over. */
function silenceOf(device: BlockDevice, remembered: RememberedDisk | undefined): Problem {
  const { node, path, partition } = device;
  const disk = { path: partition === undefined ? path : posix.dirname(path) };
  const expected =
    attachmentOf(disk) === remembered?.place
      ? 'the host’s disk to answer; what an earlier boot stored counts; have the host look after it'
      : 'a disk that answers; it was passed over; have the host look after it, or detach it';
  return { group: 'archive', path: node, found: NO_ANSWER, expected };
}

/** Disks and their partitions that could be the host's, and the disk of active swap, whose table says which it is. */
function readableDevices({ devices, use }: ObservedStorage): BlockDevice[] {
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

/**
 * Learns what the host wants: from the swap disk, else from what an earlier boot stored.
 * @returns the configuration with every problem that was found in it
 * @throws Error if a seed that was named cannot be read or holds nothing, or /sys and /proc cannot be read
 */
export async function loadHostConfiguration(options: SourceOptions): Promise<HostConfiguration> {
  const { files, commands, live, hypervisor, waitSeconds, seed } = options;
  if (seed !== undefined) return fromSeed(seed, files);
  if (!live) return keptConfiguration(files);
  const remembered = readRememberedDisk(files);
  const answers = new DeviceAnswers(files);
  // Each observation reads a dozen files a disk: the first look works with what the asking saw.
  let observed: ObservedStorage | undefined;
  const settle = async () => {
    const silent = await answers.settle(commands, () => readableDevices(observeStorage(files)));
    observed = observeStorage(files);
    return [...silent, ...(await answers.ask(commands, readableDevices(observed)))];
  };
  const silent = await settle();
  let seen: SwapChoice = { candidates: [], problems: [] };
  const look = (): SwapCandidate | undefined => {
    seen = lookForHostDisk(files, hypervisor, answers, remembered, observed);
    observed = undefined;
    // What says nothing of itself, such as a blank data disk, waits for one that does and may come later.
    const [first] = seen.candidates;
    return first?.certain === true ? first : undefined;
  };
  const disks = comingTo(files, ['/sys/class/block']);
  const coming = {
    // One that has come is looked at when it is known to answer.
    listed: () => `${disks.listed()}\n${answers.unknown().join(' ')}`,
    isBusy: () => !answers.someAreSilent && disks.isBusy(),
  };
  let candidate = await lookUntilSettled(look, coming, waitSeconds);
  if (candidate === undefined && answers.unknown().length > 0) {
    silent.push(...(await settle()));
    candidate = look();
  }
  const doubts = [...silent.map((device) => silenceOf(device, remembered)), ...seen.problems];
  return withDoubts(fromDisk(candidate ?? seen.candidates[0], files, remembered?.left), doubts);
}
