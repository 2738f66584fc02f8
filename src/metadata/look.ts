import type { Commands } from '../machine/commands/commands.ts';
import { DeviceAnswers } from '../machine/devices/device-answers.ts';
import type { Files } from '../machine/files/files.ts';
import type { Facts } from '../machine/system/facts.ts';
import { isFirstBoot, readRememberedDisk } from './gandi/disk/host-disk.ts';
import type { HostConfiguration, LookedAt } from './guest-config.ts';
import type { Finding, Heard, Source, World } from './source.ts';
import { SOURCES } from './sources.ts';
import type { Kept } from './what-counts.ts';

export interface LoadOptions {
  files: Files;
  /** They ask a disk whether it answers. */
  commands: Commands;
  /** False for an unpacked image: no device is looked for. */
  live: boolean;
  hypervisor: Facts['hypervisor'];
  /** CONFIG_SOURCES. */
  sources: readonly string[];
  /** How long to wait for a late device at most. */
  waitSeconds: number;
  /** A file or device to take the configuration from; it is only read. */
  seed?: string;
  /** What the source that this guest has was asked already. */
  heard?: Heard;
}

/** A look at the sources: what became of each, by its name. */
export interface Look extends Kept {
  world: World;
  looked: Map<string, string>;
  heard?: Heard;
}

/** What a boot does not change while sources are looked at: words of the firmware and the boot loader, and our own records. */
const CONSTANT = /^\/(?:sys\/class\/dmi\/id\/|proc\/cmdline$|var\/lib\/gandi\/[\w-]+\.json$|gandi\/config$)/;

/**
 * What disks say of themselves and udev of them, and what is in use. Who waits for one calls `lookAgain`. Whether a disk has
 * requests under way (`inflight`) is another thing at each moment.
 */
const OF_DISKS =
  /^\/(?:sys\/devices\/.*\/(?:size|uevent|ro|start|partition|dev|diskseq|vendor|logical_block_size)|run\/udev\/data\/b[\d:]+|proc\/(?:self\/mountinfo|swaps))$/;

/** The files as sources look at them: each looks at the same disks. */
export const lookedAt = (files: Files): Files =>
  files.readingOnce(
    (path) => CONSTANT.test(path),
    (path) => OF_DISKS.test(path),
  );

/** Of a source that was asked, for people. */
export const OUTCOMES = {
  absent: 'nothing found',
  present: 'taken',
  broken: 'found, and cannot be used',
  unreachable: 'does not answer',
} as const satisfies Record<Finding<unknown>['state'], string>;

/** What became of each source, those that were not asked included. */
export function outcomes(
  { allowed, looked }: Look,
  network: readonly Source[],
  { awaited }: HostConfiguration,
): LookedAt[] {
  return SOURCES.map((source) => {
    const { name, needs } = source;
    if (!allowed.some((each) => each.name === name))
      return { source: name, outcome: 'left out by CONFIG_SOURCES or gandi.source=' };
    if (awaited?.sources.includes(name)) return { source: name, outcome: 'is asked when the network is up' };
    const later = 'not asked: another one came first';
    const unmatched = 'not asked: this is no guest of such a host, by its firmware';
    const unasked = needs === 'network' && network.every((each) => each.name !== name) ? unmatched : later;
    return { source: name, outcome: looked.get(name) ?? unasked };
  });
}

/** The running guest, as sources look at it. */
export function worldOf(
  { files, commands, hypervisor, waitSeconds }: LoadOptions,
  isAsked: boolean,
  attachment: string | undefined,
): World {
  return {
    files,
    commands,
    answers: new DeviceAnswers(files),
    hypervisor,
    waitSeconds,
    firstBoot: attachment === undefined && isFirstBoot(files, readRememberedDisk(files)),
    isAsked,
    ...(attachment === undefined ? {} : { remembered: attachment }),
  };
}
