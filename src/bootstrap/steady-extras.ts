import type { SteadyExtras } from '../boot-record/steady.ts';
import type { FileView } from '../machine/files/files.ts';
import {
  HOST_CONFIG,
  HOST_INIT,
  LATE_HOMES,
  NO_AUTOFS,
  POST_BOOT_BACKGROUND_ORDER,
  POST_BOOT_ORDER,
  POST_BOOT_STARTED,
  SERVED_DIRECTORY,
} from '../machine/files/paths.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { StepContext } from '../plan/step.ts';
import { parsePostBootOrder, parseStartedMarks, renderStartedMarks } from '../state/post-boot-order.ts';

type Range = NonNullable<SteadyExtras['ranges']>[number];

const SECTOR_BYTES = 512;

/** A swap area's header fills its first page (struct swap_header of linux/swap.h). */
const SMALLEST_PAGE_BYTES = 4096;

/** The marks that gandi-postboot will have made once it has started what it was told to; its file has one line. */
function expectedMarks(files: FileView): Pick<SteadyExtras, 'expected'> | undefined {
  const text = files.readText(POST_BOOT_ORDER) ?? files.readText(POST_BOOT_BACKGROUND_ORDER);
  if (text === undefined) return {};
  const order = parsePostBootOrder(text);
  // Autofs is to be stopped at each boot.
  if (order === undefined || order.stopAutofs === true) return undefined;
  const { digest, script, command } = order;
  // A look leaves no mark: what it finds is in its report, and another boot does not look again.
  if (script === undefined && command === undefined) return {};
  const marks = renderStartedMarks(parseStartedMarks(files.readText(POST_BOOT_STARTED)), {
    ...(script === undefined ? {} : { script: digest }),
    ...(command === undefined ? {} : { command: digest }),
  });
  return { expected: { path: POST_BOOT_STARTED, line: marks.trimEnd() } };
}

/**
 * What the next boot must compare and repeat beside what was read and set: the host's disk has no new archive and is
 * the swap area that it was, gandi-postboot has done its work, and the interfaces are marked as served.
 * @returns undefined where each boot has to look for itself: without the host's disk, one may come late
 */
export function steadyExtras(
  { files, settings }: Pick<StepContext, 'files' | 'settings'>,
  { state, gandi }: HostConfiguration,
): SteadyExtras | undefined {
  const { swap, archive } = gandi ?? {};
  // Another start is to look after homes that were not mounted.
  if (files.status(LATE_HOMES) !== undefined) return undefined;
  // One that stays on the disk can be replaced by another that begins in the same way.
  if (archive !== undefined && !settings.switches.CONFIG_SWAP) return undefined;
  const known = (state === 'new' || state === 'kept') && swap !== undefined && swap.state !== 'foreign';
  const expected = expectedMarks(files);
  if (!known || expected === undefined) return undefined;
  const served = files.list(SERVED_DIRECTORY).map((name) => `${SERVED_DIRECTORY}/${name}`);
  const header: Range = { device: swap.node, offset: 0, length: swap.pageSize ?? SMALLEST_PAGE_BYTES };
  return {
    source: HOST_CONFIG,
    ranges: [header, ...(swap.archivePlaces ?? []).map((place) => ({ ...place, length: SECTOR_BYTES }))],
    marks: [...served, ...(files.status(NO_AUTOFS) === undefined ? [] : [NO_AUTOFS])],
    // Looked for, and taken away by gandi-postboot; it only matters where the host's script is to be run.
    passedOver: settings.switches.CONFIG_HOST_INIT ? [] : [HOST_INIT],
    ...expected,
  };
}
