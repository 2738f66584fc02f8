import { placeOf } from '../machine/devices/attachment.ts';
import type { BlockDevice } from '../machine/devices/block-devices.ts';
import { NO_ANSWER } from '../machine/devices/device-answers.ts';
import { comingTo, lookUntilSettled } from '../machine/devices/late-devices.ts';
import { udevRecord } from '../machine/devices/udev/udev-record.ts';
import { withDevice } from '../machine/files/device-reader.ts';
import type { ByteSource } from '../machine/formats/byte-source.ts';
import { recorded } from '../machine/formats/recorded-source.ts';
import { sha256 } from '../machine/runtime/digest.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { Problem } from './guest-config.ts';
import type { Finding, World } from './source.ts';
import type { ByteRange, SourcePlace } from './source-place.ts';

/** How long a drive may take to come that is promised, in seconds; CD drives can come seconds late (cloud-init #3897). */
const LATE_SECONDS = 5;

/** What a source found on a device. */
export type VolumeContent<Files> =
  /** `lacks`: the file for want of which a volume of that name is none. */
  | { state: 'absent'; lacks?: string }
  | { state: 'broken'; problems: Problem[] }
  | { state: 'present'; files: Files };

/** A volume of a source, by where it is. */
export interface Volume<Files> {
  place: SourcePlace;
  stamps: readonly ByteRange[];
  /** `unreachable`: the guest was configured from there, and the device does not answer. */
  content: Exclude<VolumeContent<Files>, { state: 'absent' }> | { state: 'unreachable'; problems: Problem[] };
}

/** What was found on the devices that can have a volume. */
export interface Volumes<Files> {
  found: Volume<Files>[];
  /** Lines about other devices that do not answer, or that lack a file. */
  silent: Problem[];
}

/** Whether a place may speak for the host, beside one that is remembered. */
export function isBelieved(place: SourcePlace, { firstBoot, isAsked, remembered }: World): boolean {
  return place.isHosts || firstBoot || isAsked || place.attachment === remembered;
}

/** A guest sees by what it is attached that a medium in a drive is the host's: nobody in the guest can change one. */
const placeOfDevice = (device: BlockDevice): SourcePlace => ({
  name: device.node,
  attachment: placeOf(device),
  isHosts: device.kind === 'optical',
});

/**
 * Reads a volume and notes what was read of it.
 * @param path of a device or an image
 * @throws the system's error if it cannot be read
 */
export function readVolume<Files>(
  path: string,
  read: (source: ByteSource) => VolumeContent<Files>,
): { content: VolumeContent<Files>; stamps: ByteRange[] } {
  return withDevice(path, (device) => {
    const source = recorded(device);
    const content = read(source);
    return { content, stamps: source.ranges().map((range) => ({ device: path, ...range })) };
  });
}

/** What is wrong with a volume is told with the device that it is on: an admin looks there. */
const named = <Content extends { state: string; problems?: Problem[] }>(
  content: Content,
  { node }: BlockDevice,
): Content =>
  content.problems === undefined
    ? content
    : {
        ...content,
        problems: content.problems.map((problem) => ({ ...problem, path: `${node}: ${problem.path}` })),
      };

const silenceOf = ({ node }: BlockDevice, expected: string): Problem => ({
  group: 'source',
  path: node,
  found: NO_ANSWER,
  expected,
});

const lackOf = ({ node }: BlockDevice, file: string): Problem => ({
  group: 'source',
  path: node,
  found: `a volume without ${file}`,
  expected: `${file} on it, empty if need be; nothing of it was used`,
});

/**
 * Reads all devices that can have a volume of a source. One that does not answer is not read.
 * @param list those devices
 * @param load gives what reads one, where there is one
 * @param isPromised one is to come: it is waited for
 * @throws Error if /sys or /proc cannot be read
 */
async function findVolumes<Files>(
  world: World,
  list: () => readonly BlockDevice[],
  load: () => Promise<ReadVolume<Files>>,
  isPromised: boolean,
): Promise<Volumes<Files>> {
  const { files, commands, answers, waitSeconds } = world;
  // A disk that udev has not read yet can be any: it does not end the wait for the one that is promised.
  const look = () => {
    files.lookAgain();
    return list().find((device) => udevRecord(files, device) !== undefined);
  };
  const coming = comingTo(files, ['/sys/class/block', '/run/udev/data']);
  const wait = isPromised ? Math.min(waitSeconds, LATE_SECONDS) : 0;
  if (wait > 0) await lookUntilSettled(look, coming, wait);
  const devices = list();
  const unanswered = await answers.ask(commands, devices);
  const volumes: Volumes<Files> = { found: [], silent: [] };
  for (const device of unanswered) {
    const place = placeOfDevice(device);
    // One that does not answer is not gone: nothing else takes its place.
    if (place.attachment === world.remembered)
      volumes.found.push({
        place,
        stamps: [],
        content: {
          state: 'unreachable',
          problems: [
            silenceOf(
              device,
              'the volume that configures this guest; what it said before counts; have the host look after it',
            ),
          ],
        },
      });
    else
      volumes.silent.push(
        silenceOf(
          device,
          'a disk that answers; it was passed over; have the host look after it, or detach it',
        ),
      );
  }
  const answering = devices.filter((each) => answers.answers(each));
  if (answering.length === 0) return volumes;
  const read = await load();
  for (const device of answering) {
    const place = placeOfDevice(device);
    try {
      const { content, stamps } = readVolume(device.node, read);
      if (content.state !== 'absent') volumes.found.push({ place, stamps, content: named(content, device) });
      else if (content.lacks !== undefined) volumes.silent.push(lackOf(device, content.lacks));
    } catch (error) {
      const problem: Problem = {
        group: 'source',
        path: device.node,
        found: `an error: ${reasonOf(error)}`,
        expected: 'a volume that can be read',
      };
      volumes.found.push({ place, stamps: [], content: { state: 'broken', problems: [problem] } });
    }
  }
  return volumes;
}

/** Which volume counts, and which are not believed. */
export interface ChosenVolume<Files> {
  chosen?: Volume<Files>;
  /** Several of which nobody can say which one counts. */
  problems: Problem[];
  doubts: Problem[];
}

/** Volumes that say the same are one: a disk and its partition, two paths to one disk, a copy. */
function distinct<Files>(volumes: readonly Volume<Files>[]): Volume<Files>[] {
  if (volumes.length < 2) return [...volumes];
  const seen = new Map<string, Volume<Files>>();
  for (const volume of volumes) {
    const said = saidBy(volume);
    if (!seen.has(said)) seen.set(said, volume);
  }
  return [...seen.values()];
}

/** What a volume holds, files by their digests. */
function saidBy<Files>({ content }: Volume<Files>): string {
  return JSON.stringify(content, function (this: Record<string, unknown>, key, value: unknown) {
    const held = this[key];
    return held instanceof Uint8Array ? sha256(held) : value;
  });
}

/**
 * Chooses among volumes of one source: the one at the remembered place; else the only one that is believed. One that cannot
 * be used counts where there is no other.
 * @param what for people, such as `NoCloud volume`
 */
export function chooseVolume<Files>(
  volumes: readonly Volume<Files>[],
  world: World,
  what: string,
): ChosenVolume<Files> {
  const remembered = volumes.find(({ place }) => place.attachment === world.remembered);
  const believed = volumes.filter(({ place }) => isBelieved(place, world));
  const usable = distinct(believed.filter(({ content }) => content.state === 'present'));
  const chosen = remembered ?? usable[0] ?? believed[0];
  const others = distinct(volumes).filter(
    (one) => one !== chosen && (chosen === undefined || saidBy(one) !== saidBy(chosen)),
  );
  if (remembered === undefined && usable.length > 1) {
    const names = usable.map(({ place }) => place.name).join(' and ');
    const found = `${usable.length} volumes that differ: ${names}`;
    const expected = `one ${what}; have the host detach the others, or run gandi-guest accept with the one that counts`;
    return { problems: [{ group: 'source', path: names, found, expected }], doubts: [] };
  }
  const doubts = others.map(({ place: { name } }): Problem => {
    const beside = chosen === undefined ? 'came after the first boot' : `is beside ${chosen.place.name}`;
    return {
      group: 'source',
      path: name,
      found: `a ${what} that ${beside}`,
      expected: `none: nothing of it was used; run gandi-guest accept ${name} to take it from the next boot on, or have the host detach it`,
    };
  });
  return { problems: [], doubts, ...(chosen === undefined ? {} : { chosen }) };
}

/** A kind of volume that a source is read from. */
export interface VolumeKind<Files> {
  /** For people: `NoCloud`, `CPIO`. */
  name: string;
  /** What one is called: `NoCloud volume`. */
  what: string;
  /** What reads one: most guests have none, and do not load it. */
  load: () => Promise<ReadVolume<Files>>;
}

type ReadVolume<Files> = (source: ByteSource) => VolumeContent<Files>;

/**
 * Looks for the volume of a source that counts.
 * @param list the devices that can have it
 * @param isPromised one is to come: it is waited for
 * @returns absent where there is none that counts
 * @throws Error if /sys or /proc cannot be read
 */
export async function findVolume<Files>(
  world: World,
  list: () => readonly BlockDevice[],
  { name, what, load }: VolumeKind<Files>,
  isPromised: boolean,
): Promise<Finding<Files>> {
  const { found, silent } = await findVolumes(world, list, load, isPromised);
  const { chosen, problems, doubts: strangers } = chooseVolume(found, world, what);
  const doubts = [...silent, ...strangers];
  const [problem] = problems;
  if (problem !== undefined) return { state: 'broken', origin: problem.path, problems, doubts };
  if (chosen === undefined) return { state: 'absent', doubts };
  const { place, stamps, content } = chosen;
  const origin = `${place.name} (${name})`;
  if (content.state !== 'present')
    return { state: content.state, origin, problems: content.problems, place, doubts };
  return { state: 'present', raw: content.files, place, origin, stamps, doubts };
}

/**
 * Reads a volume that somebody named.
 * @param path of a device or an image
 * @throws the system's error if it cannot be read
 */
export async function openVolume<Files>(
  path: string,
  { what, load }: VolumeKind<Files>,
): Promise<Finding<Files>> {
  const { content, stamps } = readVolume(path, await load());
  const place = { name: path, attachment: path, isHosts: true };
  switch (content.state) {
    case 'absent':
      return {
        state: 'absent',
        sought:
          content.lacks === undefined ? `no ${what}` : `a ${what} without ${content.lacks}, which is none`,
      };
    case 'broken':
      return { state: 'broken', origin: path, problems: content.problems };
    case 'present':
      return { state: 'present', raw: content.files, place, origin: path, stamps };
  }
}

/** The same finding, with what it holds in another form. */
export const mapFound = <From, To>(finding: Finding<From>, change: (raw: From) => To): Finding<To> =>
  finding.state === 'present' ? { ...finding, raw: change(finding.raw) } : finding;
