import type { RecordExtras } from '../boot-record/record-boot.ts';
import type { FileView } from '../machine/files/files.ts';
import {
  HOST_CONFIG,
  HOST_INIT,
  LATE_HOMES,
  MACHINE_ID_FILE,
  NO_AUTOFS,
  POST_BOOT_BACKGROUND_ORDER,
  POST_BOOT_ORDER,
  POST_BOOT_STARTED,
  READY_BY_PROGRAM,
  SERVED_DIRECTORY,
  SOURCE_DISKS_DIRECTORY,
} from '../machine/files/paths.ts';
import type { Settings } from '../machine/settings/settings.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import { SOURCES } from '../metadata/sources.ts';
import type { StepContext } from '../plan/step.ts';
import { lateWorkMark } from '../state/late-work.ts';
import { parsePostBootOrder, parseStartedMarks, renderStartedMarks } from '../state/post-boot-order.ts';
import { markedAs, scriptMark } from '../state/source-scripts.ts';
import { METADATA_MARKS } from './metadata-order.ts';
import { isMarkedAgain } from './ready-mark.ts';

type Range = NonNullable<RecordExtras['ranges']>[number];

const SECTOR_BYTES = 512;

/** A swap area's header fills its first page (struct swap_header of linux/swap.h). */
const SMALLEST_PAGE_BYTES = 4096;

/** The marks that gandi-postboot will have made once it has started what it was told to; its file has one line. */
function expectedMarks(files: FileView): Pick<RecordExtras, 'expected'> | undefined {
  const text = files.readText(POST_BOOT_ORDER) ?? files.readText(POST_BOOT_BACKGROUND_ORDER);
  if (text === undefined) return {};
  const order = parsePostBootOrder(text);
  // Autofs is to be stopped at each boot.
  if (order === undefined || order.stopAutofs === true) return undefined;
  const { digest, script, command, scripts = [], late } = order;
  // One that is to succeed leaves its mark when it has: without it the next boot orders it again.
  if (scripts.some(({ eachBoot }) => eachBoot === true)) return undefined;
  const ofLateWork = late === undefined ? [] : [lateWorkMark(late)];
  const ofScripts = [
    ...scripts.map((one) => ({ path: scriptMark(one.name), content: markedAs(one.digest) })),
    ...ofLateWork,
  ].map(({ path, content }) => ({ path, line: content.trimEnd() }));
  // A look leaves no mark: what it finds is in its report, and another boot does not look again.
  if (script === undefined && command === undefined) return { expected: ofScripts };
  const marks = renderStartedMarks(parseStartedMarks(files.readText(POST_BOOT_STARTED)), {
    ...(script === undefined ? {} : { script: digest }),
    ...(command === undefined ? {} : { command: digest }),
  });
  return { expected: [{ path: POST_BOOT_STARTED, line: marks.trimEnd() }, ...ofScripts] };
}

/** The host is at the other end of a line: only who asks it knows that it says the same. */
const isAsked = ({ source }: HostConfiguration) =>
  SOURCES.some(({ name, needs }) => name === source && needs === 'serial line');

/**
 * What of the host's disk, or of another source, must be the same at the next boot: of Gandi's disk its swap header and
 * the places of an archive, else what was read of the source. A source that is gone is none: a disk that comes is seen.
 * @returns undefined where each boot has to look for itself: without a known source, one may come late
 */
function rangesOf(
  { source, state, stamps = [], gandi }: HostConfiguration,
  settings: Settings,
): readonly Range[] | undefined {
  if (source === undefined || (state !== 'new' && state !== 'kept')) return undefined;
  const { swap, archive } = gandi ?? {};
  // What another source keeps of a disk of Gandi's is none of its business.
  if (gandi === undefined) return stamps;
  // One that stays on the disk can be replaced by another that begins in the same way.
  if (archive !== undefined && !settings.switches.CONFIG_SWAP) return undefined;
  if (swap === undefined || swap.state === 'foreign') return undefined;
  const header: Range = { device: swap.node, offset: 0, length: swap.pageSize ?? SMALLEST_PAGE_BYTES };
  return [header, ...(swap.archivePlaces ?? []).map((place) => ({ ...place, length: SECTOR_BYTES }))];
}

/** Whether a script of the source is to run at the next boot, whatever is new there. */
function runsAgain(
  { files, settings }: Pick<StepContext, 'files' | 'settings'>,
  host: HostConfiguration,
): boolean {
  const { scripts = [] } = host.parsed.config;
  return (
    settings.switches.CONFIG_POSTBOOT &&
    scripts.some(({ name, when, repeat }) => {
      if (repeat === 'each-boot') return true;
      return when === 'early' && repeat === 'until-success' && files.status(scriptMark(name)) === undefined;
    })
  );
}

/**
 * What the next boot must compare and repeat beside what was read and set: the source says the same, gandi-postboot has
 * done its work, and the interfaces are marked as served.
 * @returns undefined where each boot has to look for itself
 */
export function recordExtras(
  { files, settings }: Pick<StepContext, 'files' | 'settings'>,
  host: HostConfiguration,
): RecordExtras | undefined {
  // Another start is to look after homes that were not mounted.
  if (files.status(LATE_HOMES) !== undefined || runsAgain({ files, settings }, host)) return undefined;
  const asksHost = isAsked(host);
  // One that is gone, as after a move to another host, may be back. Its operator script is due at each boot.
  if (asksHost && (host.digest === undefined || host.operatorScript !== undefined)) return undefined;
  const ranges = rangesOf(host, settings);
  const expected = expectedMarks(files);
  if (ranges === undefined || expected === undefined) return undefined;
  const served = files.list(SERVED_DIRECTORY).map((name) => `${SERVED_DIRECTORY}/${name}`);
  return {
    source: host.gandi === undefined ? host.origin : HOST_CONFIG,
    ranges,
    looksAtDisks: true,
    ...(asksHost ? { asksHost } : {}),
    diskMarks: files.list(SOURCE_DISKS_DIRECTORY).map((name) => `${SOURCE_DISKS_DIRECTORY}/${name}`),
    marks: [
      ...served,
      ...[NO_AUTOFS, ...METADATA_MARKS].filter((path) => files.status(path) !== undefined),
      ...(isMarkedAgain(files, settings) ? [READY_BY_PROGRAM] : []),
    ],
    passedOver: [
      // Looked for, and taken away by gandi-postboot; it only matters where the host's script is to be run.
      ...(settings.switches.CONFIG_HOST_INIT ? [] : [HOST_INIT]),
      // A clone is told by other things; PID 1 writes the file behind this program where root was read-only at first.
      MACHINE_ID_FILE,
    ],
    ...expected,
  };
}
