import type { Change } from '../machine/change.ts';
import type { Report } from './report.ts';

/** What a run saw and did, as far as the next boot must compare and repeat it. */
export interface SteadyState {
  report: Report;
  /** Changes of the kind that `repeatedAtBoot` tells of, in order. */
  repeated: readonly Change[];
  /** One line of `pathState` for each path that is there. */
  present: readonly string[];
  /** Paths of which only counts that something is there. */
  existing: readonly string[];
  /** Paths where nothing is. */
  absent: readonly string[];
  /** Names in /sys/class/block. */
  blockDevices: readonly string[];
  /** Files that the kernel makes up, with what they say. */
  kernelTexts: ReadonlyMap<string, string>;
  /** Names of the network interfaces that were there. */
  interfaces: readonly string[];
  /** Files that are empty when they are made, such as marks in /run/gandi. */
  marks: readonly string[];
  /** Ranges of block devices, in bytes; what they hold is kept beside the record. */
  ranges: readonly { device: string; offset: number; length: number }[];
  /** A file that is not yet what it will be once all is well, and the one line it will then have. */
  expected?: { path: string; line: string };
}

/** Words and paths that the shell takes as they are. */
const PLAIN = /^[\w@%+=:,./!\\-]+$/;

/** A line of text in single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Whether a change has to be made again at each boot. What only prepares or checks another change has not: a step
 * plans it anew together with that.
 */
export function repeatedAtBoot(change: Change): boolean {
  return (
    change.kind === 'set-kernel-value' || (change.kind === 'run-command' && change.thisBootOnly === true)
  );
}

function commandLine(change: Change): string | undefined {
  if (change.kind !== 'run-command') return undefined;
  const plain = change.argv.every((word) => PLAIN.test(word));
  const bare = change.input === undefined && change.environment === undefined;
  return plain && bare ? change.argv.join(' ') : undefined;
}

/** The report of a boot in which nothing is new; the shell adds when that was, and which boot. */
function reportStart({ startedAt: _, bootId: __, ...report }: Report): string {
  const steps = report.steps.map((step) => ({
    ...step,
    status: step.status === 'off' || step.status === 'skipped' ? step.status : 'unchanged',
    changes: [],
    durationMilliseconds: 0,
  }));
  return JSON.stringify({ ...report, status: 'unchanged', steps }).slice(0, -1);
}

/**
 * The record that packaging/steady.sh compares a boot with: a shell script of assignments alone.
 * @returns undefined where something cannot be said in it; the next boot then runs the program as a whole
 */
export function renderSteadyRecord(state: SteadyState): string | undefined {
  const commands: string[] = [];
  const values: string[] = [];
  for (const change of state.repeated) {
    const command = commandLine(change);
    if (change.kind === 'set-kernel-value') values.push(`${change.path}=${change.value}`);
    else if (command === undefined) return undefined;
    else commands.push(command);
  }
  const files = state.present.map((line) => line.slice(0, line.indexOf(' ')));
  const kernelFiles = [...state.kernelTexts.keys()];
  const ranges = state.ranges.map(({ device, offset, length }) => `${device}:${offset}:${length}`);
  const words = [
    ...files,
    ...state.existing,
    ...state.absent,
    ...state.blockDevices,
    ...kernelFiles,
    ...ranges,
    ...state.interfaces,
    ...state.marks,
  ];
  const lines = [...values, state.expected?.line ?? ''];
  if (!words.every((word) => PLAIN.test(word)) || lines.some((line) => /[\n\0]/.test(line))) return undefined;
  const variables: [string, string][] = [
    ['interfaces', state.interfaces.join(' ')],
    ['block_devices', state.blockDevices.join(' ')],
    ['absent', state.absent.join(' ')],
    ['existing', state.existing.join(' ')],
    ['files', files.join(' ')],
    ['file_states', state.present.join('\n')],
    ['kernel_files', kernelFiles.join(' ')],
    // As the shell keeps what a program prints: without the line ends at the end.
    ['kernel_texts', [...state.kernelTexts.values()].join('').trimEnd()],
    ['ranges', ranges.join(' ')],
    ['expected_file', state.expected?.path ?? ''],
    ['expected_line', state.expected?.line ?? ''],
    ['values', values.join('\n')],
    ['commands', commands.join('\n')],
    ['marks', state.marks.join(' ')],
    ['report', reportStart(state.report)],
  ];
  return variables.map(([name, value]) => `${name}=${quoted(value)}\n`).join('');
}
