import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { escapePath, unitForPath } from '../../machine/formats/text/unit-names.ts';
import { findUnit, isOwnUnit } from '../../machine/system/mount-units.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { PathMemory } from '../../state/remembered-file-system.ts';
import type { MountRun } from '../run/run.ts';

/**
 * Units of remembered disks, for those who need one. Files that stay, and no generator: a generator is a process at each
 * boot and each reload, and runs before /var is there, where disks are remembered.
 */
const UNITS = '/etc/systemd/system';

/** Of so many disks, those named last, there are units: each one is read whenever disks are looked at. */
const MOST_UNITS = 128;

const STOP_SECONDS = 30;

/** Where systemd is the system's manager (sd_booted(3)). */
const SYSTEMD_IS_RUNNING = '/run/systemd/system';

/** A file system, and where it is mounted. */
interface Disk {
  uuid: string;
  mountPoint: string;
}

/** Paths of the files of a disk. */
interface UnitFiles {
  name: string;
  unit: string;
  directory: string;
  dropIn: string;
}

/** What file systems have for a UUID is on a disk, and is written into units. */
const SAFE_UUID = /^[0-9A-Za-z-]{1,64}$/;

/** @returns undefined for a path that no unit can name */
function filesOf(mountPoint: string): UnitFiles | undefined {
  const name = unitForPath(mountPoint, 'mount');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what would begin another line, or be taken for an escape
  if (name === undefined || /[\\\u0000-\u001f\u007f]/.test(mountPoint)) return undefined;
  const directory = `${UNITS}/gandi-attach@${escapePath(mountPoint)}.service.d`;
  return { name, unit: `${UNITS}/${name}`, directory, dropIn: `${directory}/disk.conf` };
}

/** Specifiers begin with it (systemd.unit(5)). */
const plain = (text: string) => text.replaceAll('%', '%%');

/** The mount unit of a disk (systemd.mount(5)). */
export function renderMountUnit({ uuid, mountPoint }: Disk): string {
  const instance = escapePath(mountPoint);
  const attach = `gandi-attach@${instance}.service`;
  return `# Made by gandi-mount, which mounts this disk: systemd only waits for that. Changes go into a drop-in (systemctl edit).
[Unit]
Description=Data disk at ${plain(mountPoint)}
Documentation=man:gandi-mount(8)
# The boot does not wait for it. Nor is it stopped at shutdown, but unmounted at the very end, behind all who use it.
DefaultDependencies=no
# Waits for the disk and its check. What needs this unit does not start where the disk is not there.
Requires=${attach}
After=${attach}
# When the device is gone systemd stops this unit at once. Then that one is stopped before, which waits for the hook.
Wants=gandi-detach@${instance}.service

[Mount]
What=UUID=${uuid}
Where=${plain(mountPoint)}
# There is no such type: only gandi-mount mounts it, for it knows copies of the disk and checks it before.
Type=gandi
Options=nofail

[X-Gandi]
UUID=${uuid}
`;
}

/** What makes gandi-attach@.service wait for the disk, and for the directory that it is mounted in. */
export function renderDropIn({ uuid, mountPoint }: Disk): string {
  const device = unitForPath(`/dev/disk/by-uuid/${uuid}`, 'device');
  const parent = mountPoint.slice(0, mountPoint.lastIndexOf('/')) || '/';
  return `# Made by gandi-mount, together with the mount unit of this disk.
[Unit]
# Not required: of a disk that is away the program says so.
Wants=${device}
After=${device}
RequiresMountsFor=${JSON.stringify(plain(parent))}
`;
}

/** Whether the unit of that path may be written: there is none, or it is ours. */
function isFree(files: FileView, { name, unit }: UnitFiles): boolean {
  const found = findUnit(files, name);
  return found === undefined || (found === unit && isOwnUnit(files.readText(unit) ?? ''));
}

/** Writes the unit of a disk, if it is to have one; nothing is changed where it says so already. */
function planUnit(files: FileView, disk: Disk): Change[] {
  const paths = filesOf(disk.mountPoint);
  if (paths === undefined || !SAFE_UUID.test(disk.uuid) || !isFree(files, paths)) return [];
  const hasDirectory = files.status(paths.directory) !== undefined;
  return [
    ...(hasDirectory ? [] : [{ kind: 'make-directory' as const, path: paths.directory, mode: 0o755 }]),
    ...ensureFile(files, { path: paths.dropIn, content: renderDropIn(disk), mode: 0o644 }),
    ...ensureFile(files, { path: paths.unit, content: renderMountUnit(disk), mode: 0o644 }),
  ];
}

/** Removes the unit of a disk, if it is about that disk. */
function planRemoveUnit(files: FileView, { uuid, mountPoint }: Disk): Change[] {
  const paths = filesOf(mountPoint);
  const text = paths === undefined ? '' : (files.readText(paths.unit) ?? '');
  if (paths === undefined || !isOwnUnit(text) || !text.includes(`\nUUID=${uuid}\n`)) return [];
  return [
    { kind: 'remove-file', path: paths.unit },
    { kind: 'remove-file', path: paths.dropIn },
    { kind: 'remove-empty-directory', path: paths.directory },
  ];
}

const areWanted = ({ settings, mode, machine }: MountRun) =>
  settings.switches.CONFIG_DISK_UNITS &&
  mode === 'udev' &&
  machine.files.status(SYSTEMD_IS_RUNNING) !== undefined;

/** Writes the units of disks that are about to be mounted, so that systemd knows them when they are. */
export async function writeUnits(run: MountRun, disks: readonly Disk[], memory: PathMemory): Promise<void> {
  const { files } = run.machine;
  if (!areWanted(run)) return;
  for (const disk of disks) {
    const isKnown = memory.some(({ uuid, unit }) => uuid === disk.uuid && unit === disk.mountPoint);
    if (!isKnown) await run.attempt(planUnit(files, disk));
  }
}

/** Whether the unit for a path is there: who removed the package has removed it. */
function isThere(files: FileView, mountPoint: string): boolean {
  const paths = filesOf(mountPoint);
  return paths === undefined || files.status(paths.unit) !== undefined;
}

/**
 * Has the units be those of the disks that are remembered. Where all is as it was no file is read.
 * @returns the memory with what has a unit now; the memory itself if nothing is new
 */
export async function keepUnits(run: MountRun, memory: PathMemory): Promise<PathMemory> {
  const { machine, diskRoot } = run;
  const { files } = machine;
  if (files.status(SYSTEMD_IS_RUNNING) === undefined) return memory;
  const recent = memory.slice(-MOST_UNITS);
  const owners = new Map(recent.map((entry) => [entry.name, entry]));
  const now = [];
  let isNew = false;
  for (const entry of memory) {
    const path = `${diskRoot}/${entry.name}`;
    const wanted = areWanted(run) && owners.get(entry.name) === entry ? path : undefined;
    const { unit, ...rest } = entry;
    if (unit === wanted && (wanted === undefined || isThere(files, wanted))) {
      now.push(entry);
      continue;
    }
    const { uuid } = entry;
    const remove = unit === undefined ? [] : planRemoveUnit(files, { uuid, mountPoint: unit });
    const write = wanted === undefined ? [] : planUnit(files, { uuid, mountPoint: wanted });
    const { failures } = await run.attempt([...remove, ...write]);
    isNew = true;
    now.push(wanted === undefined || failures.length > 0 ? rest : { ...rest, unit: wanted });
  }
  return isNew ? now : memory;
}

/**
 * Stops the unit of a disk that was unmounted, and with it what requires it: that would write to the root file system.
 * @param mountPoint where it was mounted
 */
export async function stopUnit(run: MountRun, mountPoint: string): Promise<void> {
  const { files } = run.machine;
  const paths = filesOf(mountPoint);
  if (paths === undefined || files.status(SYSTEMD_IS_RUNNING) === undefined) return;
  if (!isOwnUnit(files.readText(paths.unit) ?? '')) return;
  await run.attempt([
    {
      kind: 'run-command',
      argv: ['systemctl', '--no-block', 'stop', '--', paths.name],
      timeoutSeconds: STOP_SECONDS,
      thisBootOnly: true,
      why: 'what requires the disk is stopped',
    },
  ]);
}
