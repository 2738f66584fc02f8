import { posix } from 'node:path';
import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import { repeatsAtBoot } from '../machine/changes/change-kinds.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { isVirtual } from '../machine/devices/block-devices.ts';
import { BOOT_VARIABLE } from '../machine/facts/observed-facts.ts';
import { withDevice } from '../machine/files/device-reader.ts';
import type { Files, FileView } from '../machine/files/files.ts';
import { BOOT_RECORD_DIRECTORY } from '../machine/files/paths.ts';
import { programFile } from '../machine/files/program-file.ts';
import { haveChangeTimes } from '../machine/files/trace/change-times.ts';
import { LinkResolver, type PathState, pathState, seenAt } from '../machine/files/trace/path-state.ts';
import type { ReadTrace } from '../machine/files/trace/read-trace.ts';
import { parseMountInfo } from '../machine/formats/text/mounts.ts';
import { mark } from '../machine/runtime/marks.ts';
import type { Settings } from '../machine/settings/settings.ts';
import type { System } from '../plan/system.ts';
import { areWarnings, type Report } from '../state/report.ts';
import { blankRanges } from './blank-disks.ts';
import { contentLinks } from './content-links.ts';
import { BLOCK_CLASS, diskTexts, tellsDisksApart } from './disk-texts.ts';
import { type BootRecord, renderBootRecord } from './record-text.ts';

/** Files of the kernel's that say what the guest is; the rest of what is read of it changes from boot to boot. */
const LASTING_KERNEL_FILES = [
  /^\/proc\/(cmdline|sys\/(?!kernel\/random\/).*)$/,
  /^\/sys\/class\/dmi\/id\/[a-z_]+$/,
  /^\/sys\/class\/net\/[^/]+\/(address|device\/features)$/,
  /^\/sys\/class\/tty\/console\/active$/,
  /^\/sys\/devices\/system\/cpu\/online$/,
  /^\/sys\/firmware\/(dmi\/entries\/11-\d+|qemu_fw_cfg\/by_name\/.*)\/raw$/,
  /^\/sys\/hypervisor\/uuid$/,
];

/** What lies there is made anew at each boot. Only what generators make of files is the same as long as those are. */
const OF_THIS_BOOT = /^\/(dev|proc|sys|tmp|run(?!\/systemd\/generator))(\/|$)/;
const GENERATED = /^\/run\//;
/** Whether the host says something there is part of what it says. */
const OF_THE_FIRMWARE = /^\/sys\/firmware\//;
/** Nor do links lead from there to anything that lasts. */
const OF_THE_KERNEL = /^\/(dev|proc|sys)\//;

const INTERFACE = /^\/sys\/class\/net\/([^/]+)\/address$/;

/** What a program adds to what can be known of any. */
export type RecordExtras = Partial<
  Pick<BootRecord, 'marks' | 'diskMarks' | 'ranges' | 'expected' | 'asksHost'>
> & {
  /** Files that were read, but whose change would be no news. */
  passedOver?: readonly string[];
  /** What the next boot works from, if it is not what this one did. */
  source?: string;
  /** A disk that was not there may have something to say. */
  looksAtDisks?: true;
};

/**
 * How the files are that a run has read, and what links on the way lead to. What generators make is new at each boot,
 * and a directory whose names nobody asked for may get others: of these it only counts that they are there.
 */
function fileStates(
  trace: ReadTrace,
  passedOver: readonly string[],
): Pick<BootRecord, 'present' | 'existing' | 'absent'> {
  const links = new LinkResolver();
  const present = new Set<string>();
  const existing = new Set<string>();
  const absent = new Set<string>();
  const note = (path: string, content: boolean): PathState | undefined => {
    const state = pathState(path);
    if (OF_THIS_BOOT.test(path) || passedOver.includes(path)) return state;
    if (state === undefined) absent.add(path);
    else if (GENERATED.test(path) || (state.kind === 'directory' && !content)) existing.add(path);
    else present.add(state.line);
    return state;
  };
  for (const path of [...trace.paths, programFile()]) {
    if (OF_THE_FIRMWARE.test(path) && trace.kernelTexts.get(path) === undefined) absent.add(path);
    if (OF_THE_KERNEL.test(path)) continue;
    const content = trace.contents.has(path);
    const state = note(path, content);
    const place = links.resolve(path, state?.kind);
    const behind = place === undefined || place === path ? state : note(place, content);
    if (GENERATED.test(path) || passedOver.includes(path)) continue;
    trace.sawAtEnd(path, 'at', seenAt(state));
    if (place !== undefined && OF_THIS_BOOT.test(place)) continue;
    trace.sawAtEnd(path, 'behind', place === undefined ? undefined : behind?.seen);
  }
  return { present: [...present], existing: [...existing], absent: [...absent] };
}

function kernelTexts(
  trace: ReadTrace,
  set: readonly string[],
  disks: Iterable<[path: string, text: string]>,
  blockDevices: readonly string[],
  files: FileView,
): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [path, text] of trace.kernelTexts) {
    if (text === undefined || set.includes(path)) continue;
    if (LASTING_KERNEL_FILES.some((pattern) => pattern.test(path))) texts.set(path, text);
  }
  for (const [path, text] of disks) texts.set(path, text);
  for (const name of blockDevices) {
    const path = `${BLOCK_CLASS}/${name}/size`;
    texts.set(path, files.readText(path) ?? '');
  }
  return texts;
}

/** Where each disk is attached; devices that are made of nothing, such as loop devices, keep their names. */
function attachedDisks(files: FileView): Map<string, string> {
  const disks = new Map<string, string>();
  for (const name of files.list(BLOCK_CLASS)) {
    const path = posix.resolve(BLOCK_CLASS, files.linkTarget(`${BLOCK_CLASS}/${name}`) ?? '');
    const place = posix.dirname(path);
    if (posix.basename(place) === 'block' && !place.includes('/virtual/')) disks.set(place, name);
  }
  return disks;
}

/**
 * Names of disks that are not the only entry of a directory: NVMe's, beside which their controller or subsystem has others. As
 * they are known by the kernel's names alone, other names at the next boot have it look at all.
 */
function numberedDisks(files: FileView): string[] {
  return files.list(BLOCK_CLASS).filter((name) => {
    const path = posix.resolve(BLOCK_CLASS, files.linkTarget(`${BLOCK_CLASS}/${name}`) ?? '');
    const isDisk = posix.basename(posix.dirname(path)) !== 'block' && !isVirtual(path);
    return isDisk && /^nvme\d+n\d+$/.test(name);
  });
}

/** The paths in the record that outlast a boot. */
function lastingPaths({
  present,
  existing,
  absent,
}: Pick<BootRecord, 'present' | 'existing' | 'absent'>): string[] {
  const paths = [...present.map((line) => line.slice(0, line.indexOf(' '))), ...existing, ...absent];
  return paths.filter((path) => !GENERATED.test(path));
}

/** What the ranges hold, one after the other; undefined if one of them cannot be read whole. */
function readRanges(ranges: BootRecord['ranges']): Uint8Array | undefined {
  const parts = ranges.map(({ device, offset, length }) =>
    withDevice(device, (source) => source.read(offset, length)),
  );
  const whole = parts.every((part, index) => part.length === ranges[index]?.length);
  return whole ? Buffer.concat(parts) : undefined;
}

const isQuiet = ({ status, problems, steps }: Report) =>
  (status === 'configured' || status === 'unchanged') &&
  areWarnings(problems) &&
  steps.every(({ notes }) => notes.every(({ level }) => level === 'info'));

export interface FinishedRun {
  system: Pick<System, 'environment' | 'say'>;
  report: Report;
  settings: Settings;
  trace: ReadTrace;
  /** What was done, in order. */
  applied: readonly Change[];
}

/**
 * Notes down, after a run at boot that had nothing to complain of, by what the next boot can tell that all is as it
 * was, and what is to be repeated then: packaging/steady.sh does so without starting the program. Otherwise takes an
 * earlier record away. Another run leaves none: while an admin works in the guest a file could be changed between its being
 * read and its state being noted down.
 */
export async function recordBoot(
  run: FinishedRun,
  machine: Machine,
  extras: RecordExtras | undefined,
): Promise<void> {
  if (run.system.environment[BOOT_VARIABLE] === undefined) return;
  const { files } = machine;
  const path = `${BOOT_RECORD_DIRECTORY}/${run.report.program}`;
  const quiet = extras !== undefined && run.settings.warnings.length === 0 && isQuiet(run.report);
  const record = quiet ? bootRecord(run, files, extras) : undefined;
  if (record === undefined) {
    if (files.status(path) !== undefined) await applyChange({ kind: 'remove-file', path }, machine);
    return;
  }
  const bytes: Change = { kind: 'write-file', path: `${path}.bytes`, content: record.bytes, mode: 0o600 };
  if (record.bytes.length > 0) await applyChange(bytes, machine);
  await applyChange({ kind: 'write-file', path, content: record.text, mode: 0o600 }, machine);
}

function bootRecord(
  { system, report, trace, applied }: FinishedRun,
  files: Files,
  {
    marks = [],
    diskMarks = [],
    ranges = [],
    passedOver = [],
    source = report.source,
    looksAtDisks,
    asksHost = false,
    expected,
  }: RecordExtras,
): { text: string; bytes: Uint8Array } | undefined {
  const repeated = applied.filter(repeatsAtBoot);
  const set = repeated.flatMap((change) => (change.kind === 'set-kernel-value' ? change.path : []));
  const states = fileStates(trace, [...passedOver, ...(expected ?? []).map(({ path }) => path)]);
  mark('boot record: states of paths', report.program);
  if (trace.changedMeanwhile !== undefined) {
    system.say(
      report.program,
      'info',
      `${trace.changedMeanwhile} changed while this ran; the next boot looks at all again`,
    );
    return undefined;
  }
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  if (!haveChangeTimes(lastingPaths(states), mounts)) return undefined;
  const disks = attachedDisks(files);
  const compared = ranges.map(({ device }) => device);
  // A program that compares no disk looks for none: another is no news to it, and may come late.
  const blockDevices = looksAtDisks === true || compared.length > 0 ? files.list(BLOCK_CLASS) : undefined;
  const texts =
    looksAtDisks !== true
      ? new Map<string, Map<string, string>>()
      : new Map([...disks].map(([place, name]) => [place, diskTexts(name, files)]));
  const numbered = compared.length === 0 ? [] : numberedDisks(files).map((name) => diskTexts(name, files));
  // Each has a number of its own; where one does not say it nobody can tell.
  if (!numbered.every((said) => [...said].some(tellsDisksApart))) return undefined;
  const mute = [...texts].filter(([, said]) => ![...said].some(tellsDisksApart)).map(([place]) => place);
  const { known: knownBy, unknown } = contentLinks(files, mute, { compared, mounts });
  const unlinked = unknown.map((place) => ({ place, name: disks.get(place) ?? '' }));
  const blank = blankRanges(files, unlinked, mounts);
  if (blank === undefined) return undefined;
  const allRanges = [...ranges, ...blank];
  const bytes = readRanges(allRanges);
  if (bytes === undefined) return undefined;
  mark('boot record: disks', report.program);
  const text = renderBootRecord({
    report: { ...report, source },
    repeated,
    ...states,
    ...(blockDevices === undefined ? {} : { blockDevices }),
    disks,
    knownBy,
    kernelTexts: kernelTexts(
      trace,
      set,
      [...texts.values(), ...numbered].flatMap((said) => [...said]),
      blockDevices ?? [],
      files,
    ),
    interfaces: [...trace.kernelTexts.keys()].flatMap((path) => INTERFACE.exec(path)?.[1] ?? []),
    marks,
    diskMarks,
    ranges: allRanges,
    rangesOfOthers: blank.length > 0,
    asksHost,
    ...(expected === undefined ? {} : { expected }),
  });
  return text === undefined ? undefined : { text, bytes };
}
