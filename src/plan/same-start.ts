import { applyChange } from '../machine/changes/apply.ts';
import { BOOT_VARIABLE } from '../machine/facts/observed-facts.ts';
import type { FileView } from '../machine/files/files.ts';
import { lineForAdmin } from '../machine/files/log.ts';
import { BOOT_RECORD_DIRECTORY, doneInSameStart, OPERATOR_TAKEN } from '../machine/files/paths.ts';
import { describeFailure } from '../machine/runtime/errors.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { thisBootPath } from '../state/records.ts';
import type { System } from './system.ts';

/** Where systemd finds what overrides a package's unit, or takes it away (systemd.unit(5)). */
const OVERRIDES = ['/etc/systemd/system', '/run/systemd/system', '/etc/systemd/system.control'];
const WANTED_BY = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** Words at the boot prompt by which systemd starts something else than usual, or masks a unit (kernel-command-line(7)). */
const UNUSUAL_BOOT = /(?:^|\s)(?:systemd\.\S*|init=\S*|single|s|S|1|2|emergency|rescue|-b)(?=\s|$)/;
const USUAL_TARGETS = /\/(?:multi-user|graphical)\.target$/;

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

/** Whether systemd will start the unit at this boot, as its package has it, and without a change of the admin's. */
function startsAsPackaged(unit: string, files: FileView): boolean {
  const isChanged = OVERRIDES.some((directory) =>
    [unit, `${unit}.d`].some((name) => files.status(`${directory}/${name}`) !== undefined),
  );
  const isWanted = WANTED_BY.some(
    (directory) => files.status(`${directory}/multi-user.target.wants/${unit}`) !== undefined,
  );
  const target = files.linkTarget('/etc/systemd/system/default.target');
  return !isChanged && isWanted && (target === undefined || USUAL_TARGETS.test(target));
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
    !UNUSUAL_BOOT.test(files.readText('/proc/cmdline') ?? '') &&
    startsAsPackaged('gandi-config.service', files) &&
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
