import type { Change } from '../machine/changes/change.ts';
import type { Report } from '../state/report.ts';
import type { ContentLink } from './content-links.ts';

/** What a run saw and did, as far as the next boot must compare and repeat it. */
export interface BootRecord {
  report: Report;
  /** Changes of the kind that `repeatsAtBoot` tells of, in order. */
  repeated: readonly Change[];
  /** One line of `pathState` for each path that is there. */
  present: readonly string[];
  /** Paths of which only counts that something is there. */
  existing: readonly string[];
  /** Paths where nothing is. */
  absent: readonly string[];
  /** Names in /sys/class/block; absent where another disk is no news to the program. */
  blockDevices?: readonly string[];
  /**
   * Names of disks by the directory in /sys/devices that has each as its only entry: where it is attached. The kernel
   * numbers disks as it finds them, which is another order at some boots.
   */
  disks: ReadonlyMap<string, string>;
  /** Disks that say nothing of themselves, by links that udev makes by what is on them. */
  knownBy: readonly ContentLink[];
  /** Files that the kernel makes up, with what they say. */
  kernelTexts: ReadonlyMap<string, string>;
  /** Names of the network interfaces that were there. */
  interfaces: readonly string[];
  /** Files that are empty when they are made, such as marks in /run/gandi. */
  marks: readonly string[];
  /** Those of them that have the name of a disk, which may be another one at the next boot. */
  diskMarks?: readonly string[];
  /** Ranges of block devices, in bytes; what they hold is kept beside the record. */
  ranges: readonly { device: string; offset: number; length: number }[];
  /** Some of these are of another disk than the host's. */
  rangesOfOthers?: boolean;
  /** Where all else is as it was the program is started to ask the host, and for nothing else. */
  asksHost?: boolean;
  /** Files that are not yet what they will be once all is well, and the one line that each will then have. */
  expected?: readonly { path: string; line: string }[];
}

/** Words and paths that the shell takes as they are. */
const PLAIN = /^[\w@%+=:,./!\\-]+$/;

/** A text in single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What may stand before the name of a disk, and behind it: the number of a partition is its own part of a name. */
const BEFORE_DISK = /[\s'/]$/;
const BEHIND_DISK = /^(p?\d+)?[\s':/]/;

/** A text in which the name of a disk, also where it begins a partition's name, is a variable of the shell. */
function withDiskVariable(text: string, disk: string, number: number): string {
  // By hand, not by one pattern: a search that looks back at every character of a long text costs millions.
  const [first = '', ...others] = text.split(disk);
  let result = first;
  for (const part of others) {
    const isName = BEFORE_DISK.test(result.slice(-1)) && BEHIND_DISK.test(part);
    result += (isName ? `'"$disk_${number}"'` : disk) + part;
  }
  return result;
}

/** A quoted text in which the names of disks are variables. */
const withDiskVariables = (text: string, disks: readonly string[]): string =>
  disks.reduce(withDiskVariable, quoted(text));

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
  return JSON.stringify({ ...report, status: 'unchanged', steady: true, steps }).slice(0, -1);
}

/**
 * The record that packaging/steady.sh compares a boot with: a shell script that looks for disks, and assigns variables.
 * @returns undefined where something cannot be said in it; the next boot then runs the program as a whole
 */
export function renderBootRecord(state: BootRecord): string | undefined {
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
  const knownBy = state.knownBy.map(({ node, link }) => `${node}:${link}`);
  const words = [
    ...files,
    ...state.existing,
    ...state.absent,
    ...(state.blockDevices ?? []),
    ...state.disks.keys(),
    ...state.disks.values(),
    ...kernelFiles,
    ...knownBy,
    ...ranges,
    ...state.interfaces,
    ...state.marks,
    ...(state.diskMarks ?? []),
    ...(state.expected ?? []).map(({ path }) => path),
  ];
  const expected = state.expected ?? [];
  const lines = [...values, ...expected.map(({ line }) => line)];
  if (!words.every((word) => PLAIN.test(word)) || lines.some((line) => /[\n\0]/.test(line))) return undefined;
  const plain = Object.entries({
    interfaces: state.interfaces.join(' '),
    absent: state.absent.join(' '),
    existing: state.existing.join(' '),
    files: files.join(' '),
    file_states: state.present.join('\n'),
    // As the shell keeps what a program prints: without zeros, and without the line ends at the end.
    kernel_texts: [...state.kernelTexts.values()].join('').replaceAll('\0', '').replace(/\n+$/, ''),
    expected_files: expected.map(({ path }) => path).join(' '),
    expected_lines: expected.map(({ line }) => `${line}\n`).join(''),
    values: values.join('\n'),
    marks: state.marks.join(' '),
    // A word in any case: a record that lost its text says neither.
    other_disks: state.blockDevices === undefined ? 'ignored' : 'compared',
    others: state.rangesOfOthers === true ? '1' : '',
    host_answers: state.asksHost === true ? 'compared' : 'none',
    report: reportStart(state.report),
  });
  const ofDisks = Object.entries({
    block_devices: (state.blockDevices ?? []).join(' '),
    known_by: knownBy.join(' '),
    disk_marks: (state.diskMarks ?? []).join(' '),
    kernel_files: kernelFiles.join(' '),
    ranges: ranges.join(' '),
    commands: commands.join('\n'),
  });
  // A disk that the text does not name may be gone.
  const named = [...state.disks].filter(([, name]) => ofDisks.some(([, text]) => text.includes(name)));
  const disks = named.map(([, name]) => name);
  const places = named.map(([place], number) => `find_disk ${number} ${quoted(place)} || return 1\n`);
  return [
    ...places,
    ...plain.map(([name, value]) => `${name}=${quoted(value)}\n`),
    ...ofDisks.map(([name, value]) => `${name}=${withDiskVariables(value, disks)}\n`),
  ].join('');
}
