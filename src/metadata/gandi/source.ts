import { isUdevBusy, lookUntilSettled } from '../../machine/devices/late-devices.ts';
import { type ObservedStorage, observeStorage } from '../../machine/facts/observed-facts.ts';
import { withDevice } from '../../machine/files/device-reader.ts';
import type { Files } from '../../machine/files/files.ts';
import { HOST_CONFIG, HOST_INIT } from '../../machine/files/paths.ts';
import { crc32 } from '../../machine/formats/crc32.ts';
import { excludesRange } from '../../machine/formats/swap-header.ts';
import { sha256 } from '../../machine/runtime/digest.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { HostConfiguration, ParsedConfig, Problem } from '../guest-config.ts';
import { defineSource, type Finding, type World } from '../source.ts';
import type { SourcePlace } from '../source-place.ts';
import { readStored } from '../stored/store.ts';
import { type ArchiveResult, readArchive } from './archive.ts';
import type { SwapCandidate, SwapChoice } from './disk/choose.ts';
import { LEFT_OVER_BYTES, readRememberedDisk } from './disk/host-disk.ts';
import { lookForHostDisk, readableDevices, silenceOf } from './disk/look-for-disk.ts';
import type { ArchivePlace } from './disk/swap-places.ts';
import { keptModules, lookAtKeptModules, modulesOf } from './modules.ts';
import { parseConfig } from './parse.ts';
import { readSeed } from './seed-file.ts';
import { isStored } from './stored-archive.ts';

const NAME = 'gandi';

const NOTHING: ParsedConfig = { config: {}, problems: [], refused: [], origins: [] };

/** The text of `gandi/config`, and an operator script beside it. */
interface GandiBytes {
  config: Uint8Array;
  operator?: Uint8Array;
}

/** The same text says the same: it need not be parsed again, but for people. */
function parsedOf(files: Files, text: string, digest: string): ParsedConfig {
  const stored = readStored(files);
  if (stored?.source !== NAME || stored.digest !== digest) return parseConfig(Buffer.from(text));
  const { config, problems, refused } = stored;
  return {
    config,
    problems,
    refused,
    get origins() {
      return parseConfig(Buffer.from(text)).origins;
    },
  };
}

/** What an earlier boot stored in /gandi. */
export function keptConfiguration(files: Files): HostConfiguration {
  const text = files.readText(HOST_CONFIG);
  const hasInit = files.status(HOST_INIT) !== undefined;
  if (text === undefined)
    return { state: 'none', origin: 'no configuration found', parsed: NOTHING, gandi: { hasInit } };
  const gandi = { modules: keptModules(files), hasInit };
  const digest = sha256(text);
  return {
    state: 'kept',
    source: NAME,
    origin: HOST_CONFIG,
    digest,
    parsed: parsedOf(files, text, digest),
    gandi,
  };
}

/**
 * Looks at what an archive that was new in this boot has left in /gandi, for the trace of what was read: the next boot
 * works from that.
 */
function lookAtKept(files: Files): void {
  files.readText(HOST_CONFIG);
  files.status(HOST_INIT);
  lookAtKeptModules(files);
}

function fromResult(
  result: ArchiveResult,
  origin: string,
  place: Pick<SourcePlace, 'name' | 'attachment'>,
): Finding<GandiBytes> {
  switch (result.state) {
    case 'present': {
      const { archive, config, operator } = result;
      return {
        state: 'present',
        raw: { config, ...(operator === undefined ? {} : { operator }) },
        // Who may speak for the host is judged before (trust.ts, choose.ts).
        place: { ...place, isHosts: true },
        origin,
        digest: sha256(Buffer.from(config).toString()),
        stamps: [],
        gandi: {
          archive,
          modules: modulesOf(archive),
          hasInit: archive.members.some(({ name }) => name === 'init'),
        },
      };
    }
    case 'broken':
      return { state: 'broken', origin, problems: result.problems };
    case 'absent':
      return { state: 'absent' };
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

/** An archive that stayed in its swap area while that may have been in use: behind its first page it is nobody's word. */
function isLeftOver(
  { device, offset }: ArchivePlace,
  { swap }: SwapCandidate,
  left: number | undefined,
): boolean {
  if (left === undefined || swap.state !== 'swap' || swap.node !== device.node) return false;
  return withDevice(device.node, (source) => crc32(source.read(offset, LEFT_OVER_BYTES))) === left;
}

function fromDisk(candidate: SwapCandidate | undefined, files: Files, left?: number): Finding<GandiBytes> {
  if (candidate === undefined) return { state: 'absent' };
  const { swap, archive, identity, hosts } = candidate;
  const found =
    archive === undefined ? { state: 'absent' as const } : fromPlace(archive, candidate, files, left);
  const hasInit = files.status(HOST_INIT) !== undefined;
  const disk = { hasInit, swap, ...found.gandi, ...(hosts ? { disk: identity } : {}) };
  return { ...found, gandi: disk };
}

function fromPlace(
  place: ArchivePlace,
  candidate: SwapCandidate,
  files: Files,
  left: number | undefined,
): Finding<GandiBytes> {
  const { swap, identity } = candidate;
  // One that stays where it is (CONFIG_SWAP=0) is found at each boot.
  const result = withStored(readPlace(place), files);
  const { node } = place.device;
  const found = () =>
    fromResult(result, `${node} at byte ${place.offset}`, { name: node, attachment: identity.place });
  if (result.state !== 'present' || !isLeftOver(place, candidate, left)) return found();
  const { pageSize = 0, badPages = [] } = swap;
  if (excludesRange({ pageBytes: pageSize, badPages }, place.offset, result.archive.length)) return found();
  const hasInit = files.status(HOST_INIT) !== undefined;
  // That boot stored it, and only its erasure failed: there is nothing new in it, and the erasure is made up for. The
  // host's first-boot script is not kept.
  const members = result.archive.members.filter(({ name }) => name !== 'init');
  if (isStored(files, { ...result.archive, members })) {
    const { length } = result.archive;
    const pendingErase = { device: swap.node, offset: place.offset, length };
    return { state: 'absent', gandi: { hasInit, swap: { ...swap, pendingErase } } };
  }
  const doubt: Problem = {
    group: 'archive',
    path: node,
    found:
      'an archive that an earlier boot left in the swap area, where any process may have altered it since',
    expected: 'one that the host wrote since; nothing of it was used; have the host write it again',
  };
  return { state: 'absent', doubts: [doubt] };
}

/** An archive that is in /gandi as it stands brings nothing new, and is not stored again. */
function withStored(result: ArchiveResult, files: Files): ArchiveResult {
  const stored = result.state === 'present' && isStored(files, result.archive);
  return stored ? { ...result, archive: { ...result.archive, stored } } : result;
}

async function openSeed(path: string, files: Files): Promise<Finding<GandiBytes>> {
  const { result, tried } = readSeed(path);
  if (result.state === 'absent') return { state: 'absent', sought: `no archive of a host (tried ${tried})` };
  return fromResult(withStored(result, files), path, { name: path, attachment: path });
}

async function find(world: World): Promise<Finding<GandiBytes>> {
  const { files, commands, answers, hypervisor, waitSeconds, isElsewhere = () => false } = world;
  const remembered = readRememberedDisk(files);
  // Each observation reads a dozen files a disk: the first look works with what the asking saw.
  let observed: ObservedStorage | undefined;
  const observeAgain = () => {
    files.lookAgain();
    return observeStorage(files);
  };
  const settle = async () => {
    const silent = await answers.settle(commands, () => readableDevices(observeAgain()));
    observed = observeAgain();
    return [...silent, ...(await answers.ask(commands, readableDevices(observed)))];
  };
  const silent = await settle();
  let seen: SwapChoice = { candidates: [], problems: [] };
  const look = (): SwapCandidate | undefined => {
    if (observed === undefined) files.lookAgain();
    seen = lookForHostDisk(files, hypervisor, answers, remembered, observed);
    observed = undefined;
    // What says nothing of itself, such as a blank data disk, waits for one that does and may come later.
    const [first] = seen.candidates;
    return first?.certain === true ? first : undefined;
  };
  const coming = {
    // One that has come is looked at when it is known to answer. What udev finds in a drive may end the wait: it is another source's.
    listed: () => answers.listed(),
    isBusy: () => !answers.someAreSilent && isUdevBusy(files),
  };
  let candidate = await lookUntilSettled(look, coming, () => (isElsewhere() ? 0 : waitSeconds));
  if (candidate === undefined && answers.unknown().length > 0) {
    silent.push(...(await settle()));
    candidate = look();
  }
  const found = fromDisk(candidate ?? seen.candidates[0], files, remembered?.left);
  const doubts = [
    ...silent.map((device) => silenceOf(device, remembered)),
    ...seen.problems,
    ...(found.doubts ?? []),
  ];
  return { ...found, doubts };
}

/** Gandi's disk: an archive at a fixed place of a disk that then becomes swap (docs/host-disk.md). */
export const gandi = defineSource<GandiBytes>({
  name: NAME,
  summary: 'an archive on the disk that becomes swap, as Gandi’s hosts write it',
  needs: 'disk',
  find,
  open: openSeed,
  parse: ({ config, operator }) => ({
    parsed: parseConfig(config),
    ...(operator === undefined ? {} : { operatorScript: { content: operator, field: 'gandi/operator' } }),
  }),
  kept: keptConfiguration,
  lookAtKept,
});
