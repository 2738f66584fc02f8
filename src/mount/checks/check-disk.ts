import type { Change } from '../../machine/changes/change.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { freeBytes, isWholeUndoFile } from '../../machine/devices/undo-file.ts';
import { withDevice } from '../../machine/files/device-reader.ts';
import { RUNTIME_DIRECTORY, STATE_DIRECTORY } from '../../machine/files/paths.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { identify } from '../../machine/formats/signatures.ts';
import { CommandError, reasonOf } from '../../machine/runtime/errors.ts';
import type { MountRun } from '../run/run.ts';

/** Replaying a journal takes seconds; a whole check after errors takes as long as the disk is large. */
const CHECK_SECONDS = 900;

/** Parts of the exit status of e2fsck(8). */
const ERRORS_LEFT = 4;
const OPERATIONAL_ERROR = 8;

/** Where the blocks that e2fsck(8) overwrites may be kept: in memory, or on the root file system, which has more room. */
const UNDO_DIRECTORIES = [RUNTIME_DIRECTORY, STATE_DIRECTORY];

/** What a check may overwrite beside the journal, at least. */
const LEAST_MARGIN_BYTES = 32 * 1024 * 1024;

/** The same as a part of the file system: four times its bitmaps, which have two bits for each 4 KiB or so. */
const MARGIN_PART = 1 / 4096;

/** A directory for undo files. */
export interface UndoPlace {
  directory: string;
  freeBytes: number;
}

/** A check in the order in which it is done. */
export interface CheckPlan {
  before: Change[];
  /** Of a check that came to its end, and of one whose changes are taken back. */
  after: Change[];
  /** Of a check that failed. */
  undo: Change[];
  undoFile: string;
  /** The journal is replayed before, and that is not taken back. */
  isReplayed: boolean;
}

/** Whether a file system is checked before it is mounted: ext2/3/4 that was not unmounted in order. */
export function needsCheck(device: BlockDevice, content: Signature): boolean {
  return content.type.startsWith('ext') && content.clean === false && !device.readOnly;
}

/** Where e2fsck(8) keeps the blocks that it overwrites. */
export function undoFile(directory: string, device: BlockDevice): string {
  return `${directory}/${device.name.replaceAll('/', '!')}.e2undo`;
}

/**
 * Whether there is room for what a replay of the journal overwrites. Twice as much as it can be, for others write there
 * meanwhile: where an undo file gets no more room, e2fsck passes over the blocks that it could not keep, and empties the
 * journal that had them; and udev and systemd stop where /run is full.
 */
function hasRoom(place: UndoPlace, replayBytes: number, fileSystemBytes: number): boolean {
  const margin = Math.max(LEAST_MARGIN_BYTES, fileSystemBytes * MARGIN_PART);
  return place.freeBytes >= 2 * replayBytes + margin;
}

/**
 * Checks a file system as the system does at boot, in preen mode. What is overwritten is kept until the end: a file
 * system that this mode cannot repair is to be given back as it was. Where the journal is too large for that, it is
 * replayed before, as mounting would do it.
 * @param replayBytes most bytes that replaying the journal overwrites; 0 where it need not be
 * @param places in the order of preference
 */
export function planCheck(device: BlockDevice, replayBytes: number, places: readonly UndoPlace[]): CheckPlan {
  const roomy = places.find((place) => hasRoom(place, replayBytes, device.size));
  const largest = places.toSorted((one, other) => other.freeBytes - one.freeBytes)[0];
  const file = undoFile((roomy ?? largest)?.directory ?? RUNTIME_DIRECTORY, device);
  const e2fsck = (why: string, ...options: string[]): Change => ({
    kind: 'run-command',
    argv: ['e2fsck', '-p', ...options, device.node],
    timeoutSeconds: CHECK_SECONDS,
    worksOn: device.name,
    // Errors were corrected; of 2, "reboot", this holds for mounted file systems (e2fsck(8)).
    successStatuses: [1, 2],
    why,
  });
  const replay =
    roomy === undefined && replayBytes > 0
      ? [e2fsck('replay its journal, which is too large to be undone', '-E', 'journal_only')]
      : [];
  const remove: Change = { kind: 'remove-file', path: file };
  return {
    before: [...replay, e2fsck('check the file system, which was not unmounted in order', '-z', file)],
    after: [remove],
    undo: [planUndo(device, file)],
    undoFile: file,
    isReplayed: replay.length > 0,
  };
}

function planUndo(device: BlockDevice, file: string): Change {
  return {
    kind: 'run-command',
    argv: ['e2undo', file, device.node],
    timeoutSeconds: CHECK_SECONDS,
    worksOn: device.name,
    why: 'take back what the check that failed has changed',
  };
}

/** What is on the device now; if that cannot be told, a journal of unknown size counts as there. */
function contentNow({ node }: BlockDevice, { type }: Signature): Pick<Signature, 'replayBytes'> {
  const found = withDevice(node, identify).find((one) => one.type === type);
  return found ?? { replayBytes: Number.POSITIVE_INFINITY };
}

/**
 * Takes care of what a run that was cut off in its check has left.
 * @param isPlayedBack whether what the check had changed is taken back, as far as that is known
 * @returns whether it was
 */
async function clearLeftOver(run: MountRun, device: BlockDevice, isPlayedBack: boolean): Promise<boolean> {
  const { files } = run.machine;
  let played = false;
  for (const directory of UNDO_DIRECTORIES) {
    const file = undoFile(directory, device);
    if (files.status(file) === undefined) continue;
    if (isPlayedBack && isWholeUndoFile(files.locate(file))) {
      // It refuses by itself if the file system is another one, or was written to since.
      await run.attempt([planUndo(device, file)]);
      played = true;
    }
    await run.attempt([{ kind: 'remove-file', path: file }]);
  }
  return played;
}

/**
 * Takes back what a check that failed has changed.
 * @returns for people, what became of that; the blocks that could not be put back are kept
 */
async function takeBack(run: MountRun, { undo, after, undoFile: file, isReplayed }: CheckPlan) {
  if (!isWholeUndoFile(run.machine.files.locate(file))) {
    await run.attempt(after);
    return '';
  }
  const { failures } = await run.attempt(undo);
  if (failures.length > 0) return `; what the check had changed is in ${file}: e2undo ${file} puts it back`;
  await run.attempt(after);
  return isReplayed ? ', and was left as it was with its journal replayed' : ', and was left as it was';
}

/** Exit status 4 of e2fsck(8), alone or with others but that of an operational error: errors were left to somebody. */
function isBeyondRepair(reason: string): boolean {
  const status = Number(/^e2fsck: exit status (\d+)/.exec(reason)?.[1] ?? 0);
  return (status & ERRORS_LEFT) !== 0 && (status & OPERATIONAL_ERROR) === 0;
}

/** What e2fsck(8) says of the undo file comes last, and is not what went wrong. */
function saidBy(error: unknown, reason: string): string {
  if (!(error instanceof CommandError) || !/undo file$/.test(reason)) return reason;
  const lines = error.output.split('\n').filter((line) => /^\S/.test(line) && !/undo|undone/.test(line));
  const first = lines.find((line) => !/WARNING: Filesystem still has errors/.test(line));
  return first === undefined ? reason : `e2fsck: ${first.replace(/^e2fsck: /, '').slice(0, 200)}`;
}

/**
 * Why this e2fsck(8) can check nothing of the kind, and so has changed nothing. The kernel may know more than it, and
 * replays a journal by itself.
 */
function whyUnable(error: unknown): string | undefined {
  if (!(error instanceof CommandError)) return undefined;
  const { output } = error;
  const features = /has unsupported feature\(s\):([^\n]*)/.exec(output)?.[1]?.trim();
  if (features !== undefined) return `this e2fsck does not know its features (${features})`;
  // e2fsck(8) before 1.43.
  return /invalid option -- 'z'/.test(output) ? 'this e2fsck cannot take back what it changes' : undefined;
}

/**
 * Checks a file system that was not unmounted in order. One that this e2fsck(8) does not know is not checked, with a
 * warning.
 * @throws Error for people if it cannot be repaired without loss; then it is as it was, but for a journal that was too
 *   large to be undone
 */
export async function checkIfNeeded(run: MountRun, device: BlockDevice, content: Signature): Promise<void> {
  // Mounted by somebody else, such as a container: it is the kernel's, and looks as after a power cut.
  if (run.isClaimed(device.node)) return;
  const isNeeded = needsCheck(device, content);
  const played = await clearLeftOver(run, device, isNeeded);
  if (!isNeeded) return;
  const { files } = run.machine;
  const places = UNDO_DIRECTORIES.map((directory) => ({
    directory,
    freeBytes: freeBytes(files.locate(directory)),
  }));
  // What was played back may have brought back a journal that the check had replayed.
  const { replayBytes = 0 } = played ? contentNow(device, content) : content;
  const plan = planCheck(device, replayBytes, places);
  try {
    await run.perform(plan.before);
  } catch (error) {
    const state = await takeBack(run, plan);
    const inability = whyUnable(error);
    if (inability !== undefined) {
      run.tell(
        'warning',
        `${device.node} was not unmounted in order, and is mounted unchecked: ${inability}; a newer e2fsprogs can check it`,
      );
      return;
    }
    const reason = reasonOf(error);
    const what = isBeyondRepair(reason)
      ? `its file system needs a repair that may lose data${state}`
      : `its file system was not unmounted in order and could not be checked (${saidBy(error, reason)})${state}`;
    throw new Error(`${what}; run e2fsck ${device.node}`);
  }
  await run.perform(plan.after);
}
