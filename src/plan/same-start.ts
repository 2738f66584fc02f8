import { applyChange } from '../machine/changes/apply.ts';
import { BOOT_VARIABLE } from '../machine/facts/observed-facts.ts';
import type { FileView } from '../machine/files/files.ts';
import { lineForAdmin } from '../machine/files/log.ts';
import {
  BOOT_RECORD_DIRECTORY,
  doneInSameStart,
  OPERATOR_TAKEN,
  TURNED_OFF,
} from '../machine/files/paths.ts';
import { describeFailure } from '../machine/runtime/errors.ts';
import { readSettings } from '../machine/settings/settings.ts';
import {
  GENERATOR_DIRECTORIES,
  PACKAGED_UNIT_DIRECTORIES,
  UNIT_DIRECTORIES,
} from '../machine/system/units.ts';
import { thisBootPath } from '../state/records.ts';
import type { System } from './system.ts';

const CONFIG_UNIT = 'gandi-config.service';
const BOOTSTRAP_UNIT = 'gandi-bootstrap.service';
const TARGET = 'multi-user.target';
const DEFAULT_TARGET = 'default.target';

/** Where systemd finds what an admin or a generator makes of a package's units, or takes away (systemd.unit(5)). */
const OVERRIDES = [
  ...UNIT_DIRECTORIES.filter((directory) => !PACKAGED_UNIT_DIRECTORIES.includes(directory)),
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  ...GENERATOR_DIRECTORIES,
];
/**
 * Drop-ins for either unit, for all of the toolkit, and for all services. What is said of gandi-bootstrap alone, such as a
 * sandbox, is not said of gandi-config.
 */
const OWN_DROP_INS = [`${CONFIG_UNIT}.d`, `${BOOTSTRAP_UNIT}.d`, 'gandi-.service.d'];
const OVERRIDING: ReadonlySet<string> = new Set([
  CONFIG_UNIT,
  BOOTSTRAP_UNIT,
  TARGET,
  'service.d',
  ...OWN_DROP_INS,
]);

/** Words at the boot prompt by which systemd starts something else than usual, or masks a unit (kernel-command-line(7)). */
const UNUSUAL_BOOT = /(?:^|[\s"'])(?:systemd\.\S*|init=\S*|single|s|S|1|2|emergency|rescue|-b)(?=[\s"']|$)/;
const USUAL_TARGETS = /(?:^|\/)(?:multi-user|graphical)\.target$/;

/** By this name systemd notes that it has started a service that a boot starts only behind sysinit.target. */
const STARTED_LATE = '/run/systemd/units/invocation:systemd-user-sessions.service';

/**
 * The first kernel whose random numbers are there at once (random.c: jitter entropy). On an older one ssh-keygen(1) may wait
 * for devices and services that start after gandi-bootstrap.
 */
const SEEDED_SINCE = [5, 4] as const;

function hasRandomNumbers(files: Pick<FileView, 'readText'>): boolean {
  const [major = 0, minor = 0] = (files.readText('/proc/sys/kernel/osrelease') ?? '').split('.').map(Number);
  const [first, second] = SEEDED_SINCE;
  return major > first || (major === first && minor >= second);
}

/** Whether systemd will start gandi-config at this boot, and each of both units as its package has it. */
function startsAsPackaged(files: FileView): boolean {
  const names = new Map(OVERRIDES.map((directory) => [directory, files.list(directory)]));
  if ([...names.values()].some((list) => list.some((name) => OVERRIDING.has(name)))) return false;
  // Those for all services are the distribution's there.
  const packaged = PACKAGED_UNIT_DIRECTORIES.flatMap((directory) =>
    OWN_DROP_INS.map((name) => `${directory}/${name}`),
  );
  if (packaged.some((path) => files.status(path) !== undefined)) return false;
  const isDefault = [...names].every(
    ([directory, list]) =>
      !list.includes(DEFAULT_TARGET) ||
      USUAL_TARGETS.test(files.linkTarget(`${directory}/${DEFAULT_TARGET}`) ?? ''),
  );
  const wanting = OVERRIDES.filter((directory) => names.get(directory)?.includes(`${TARGET}.wants`));
  const wants = [...wanting, ...PACKAGED_UNIT_DIRECTORIES]
    .map((directory) => `${directory}/${TARGET}.wants/${CONFIG_UNIT}`)
    .filter((path) => files.status(path) !== undefined);
  return isDefault && wants.length > 0 && wants.every((path) => files.linkTarget(path) !== '/dev/null');
}

/** Programs of the admin's expect what is there when gandi-config's own unit starts. */
function hasOwnPrograms(files: FileView): boolean {
  const { pluginDirectory, hookDirectory } = readSettings(files);
  return (
    files.list(pluginDirectory).length > 0 || files.status(`${hookDirectory}/post-vm-config`) !== undefined
  );
}

/**
 * Whether gandi-bootstrap's start, at a boot, can do gandi-config's work as well: the runtime then starts once. It can at a first
 * boot, where the unit would start the program for certain, as its package has it. Where there is a record of an earlier
 * boot, the unit compares that for a tenth of what a start costs.
 */
export function isForSameStart(files: FileView): boolean {
  return (
    files.status(`${BOOT_RECORD_DIRECTORY}/gandi-config`) === undefined &&
    files.status(thisBootPath('gandi-config')) === undefined &&
    // Nothing is applied before the operator script has run.
    files.status(OPERATOR_TAKEN) === undefined &&
    files.status('/run/systemd/system') !== undefined &&
    // In a running system somebody starts gandi-bootstrap alone.
    files.status(STARTED_LATE) === undefined &&
    // What gandi-bootstrap has run or written by now may turn the other unit off.
    files.status(TURNED_OFF) === undefined &&
    !UNUSUAL_BOOT.test(files.readText('/proc/cmdline') ?? '') &&
    startsAsPackaged(files) &&
    hasRandomNumbers(files) &&
    !hasOwnPrograms(files)
  );
}

/**
 * Does gandi-config's work in gandi-bootstrap's start, where that can be. What the program would say is kept, with its exit status, for
 * its unit: packaging/steady.sh says it there, and starts nothing.
 * @param main gandi-config
 */
export async function configureInSameStart(
  system: System,
  main: () => Promise<(args: readonly string[], system: System) => Promise<number>>,
): Promise<void> {
  const { environment, commands } = system;
  if (environment[BOOT_VARIABLE] === undefined) return;
  const { files, live } = system.open();
  if (!live || !isForSameStart(files)) return;
  const lines: string[] = [];
  const say: System['say'] = (program, level, text) =>
    lines.push(lineForAdmin(program, level, text, environment));
  const status = await (await main())([], { ...system, say }).catch((error: unknown) => {
    say('gandi-config', 'problem', describeFailure(error, true));
    return 1;
  });
  if (lines.length === 0) say('gandi-config', 'info', 'nothing was to be changed');
  const content = `${status}\n${lines.join('')}`;
  const path = doneInSameStart('gandi-config');
  await applyChange(
    { kind: 'write-file', path, content, mode: 0o600, thisBootOnly: true },
    { files, commands, live },
  );
}
