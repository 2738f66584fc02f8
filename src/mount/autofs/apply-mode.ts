import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { AUTOFS_MASTER_MAP } from '../../machine/files/paths.ts';
import { parseMountInfo } from '../../machine/formats/text/mounts.ts';
import { sleep } from '../../machine/runtime/sleep.ts';
import type { MountMode } from '../../machine/settings/settings.ts';
import { isEnabled } from '../../machine/system/units.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { type DiskRecord, isAbout, readDiskRecords, storeDiskRecords } from '../../state/disk-records.ts';
import { attachDisk } from '../attach/attach-disk.ts';
import { diskStates } from '../disks/disk-state.ts';
import { ejectDisk, isMounted, type MountedDisk, whyInVain } from '../eject/eject.ts';
import { observeReleased } from '../mounts/work-mounts.ts';
import type { MountRun } from '../run/run.ts';
import { modeStep } from '../run/steps.ts';

/** The map that our entry in the master map names. */
const MAP = '/etc/auto.gandi';

const HEADER = `# Data disks, mounted on first access. "gandi-mount apply-mode" keeps the directory in the line below as
# CONFIG_DISK_ROOT says, and the line commented out unless CONFIG_MOUNT_MODE is autofs. The options are yours.
`;

/** Thirty days, as version 2 of the tools had it. A disk that was just attached is not to be denied for long. */
const OPTIONS = '--timeout=2592000 --negative-timeout=2';

const DAEMONS = ['/usr/sbin/automount', '/sbin/automount'];
const SERVICE = 'autofs.service';
const COMMAND_SECONDS = 60;

/** How long the daemon has to give its directory up. */
const RELEASE_SECONDS = 10;
const POLL_MILLISECONDS = 200;

/** Directory, map and options of our line, whether it is commented out or not. */
const LINE = /^(#?)\s*("[^"]+"|\S+)\s+(\/etc\/auto\.gandi)(?:\s+(.*))?$/;

/**
 * The text of our file in the master map for a mode. The options that stand there stay.
 * @param old text of the file; undefined if there is none
 */
export function renderMasterMap(old: string | undefined, mode: MountMode, diskRoot: string): string {
  const lines = (old ?? HEADER).replace(/\n$/, '').split('\n');
  const at = lines.findIndex((line) => LINE.test(line));
  const options = at < 0 ? OPTIONS : (LINE.exec(lines[at] ?? '')?.[4] ?? '');
  const directory = /\s/.test(diskRoot) ? `"${diskRoot}"` : diskRoot;
  const line = `${mode === 'autofs' ? '' : '#'}${directory} ${MAP} ${options}`.trimEnd();
  const others = at < 0 ? lines : lines.filter((_, index) => index !== at);
  return `${[...others.slice(0, at < 0 ? undefined : at), line, ...(at < 0 ? [] : others.slice(at))].join('\n')}\n`;
}

/** Whether the admin has another map for the disk root (auto.master(5)). */
function hasOtherMap(files: FileView, diskRoot: string): boolean {
  const others = files.list('/etc/auto.master.d').map((name) => `/etc/auto.master.d/${name}`);
  return ['/etc/auto.master', ...others]
    .filter((path) => path !== AUTOFS_MASTER_MAP)
    .some((path) =>
      (files.readText(path) ?? '').split('\n').some((line) => line.split(/\s+/)[0] === diskRoot),
    );
}

/** Why the system cannot follow the settings; undefined if it can. */
export function whyNotAutofs(files: FileView, mode: MountMode, diskRoot: string): string | undefined {
  if (mode !== 'autofs') return undefined;
  if (!DAEMONS.some((path) => files.status(path) !== undefined)) {
    return 'autofs is not installed: install it, or set CONFIG_MOUNT_MODE=udev';
  }
  if (hasOtherMap(files, diskRoot)) {
    return `the master map of autofs has another map for ${diskRoot}: remove it, or change CONFIG_DISK_ROOT`;
  }
  return undefined;
}

/**
 * What is to be changed so that autofs follows the settings; nothing if it does.
 * @param held whether autofs still watches a directory that it is to give up
 */
export function planMode(files: FileView, mode: MountMode, diskRoot: string, held = false): Change[] {
  const old = files.readText(AUTOFS_MASTER_MAP);
  // A guest that never had the file and does not need it does not get one.
  if (old === undefined && mode !== 'autofs') return [];
  const file = ensureFile(files, {
    path: AUTOFS_MASTER_MAP,
    content: renderMasterMap(old, mode, diskRoot),
    mode: 0o644,
  });
  const run = (why: string, ...words: string[]): Change => ({
    kind: 'run-command',
    argv: ['systemctl', ...words, SERVICE],
    timeoutSeconds: COMMAND_SECONDS,
    why,
  });
  if (mode === 'autofs' && !isEnabled(files, SERVICE)) {
    return [
      ...file,
      run('at each boot', 'enable'),
      run('disks on first access', '--no-block', 'reload-or-restart'),
    ];
  }
  if (file.length === 0 && !held) return [];
  const verb = mode === 'autofs' ? 'reload-or-restart' : 'try-reload-or-restart';
  // Not waited for: at boot it comes after us.
  return [
    ...file,
    run(held ? 'it is to give a directory up' : 'its master map has changed', '--no-block', verb),
  ];
}

/**
 * The directories that autofs watches for our map and is to give up: all but the disk root, and that one too unless the
 * mode is autofs.
 */
export function directoriesToGiveUp(mountInfo: string, mode: MountMode, diskRoot: string): string[] {
  return parseMountInfo(mountInfo)
    .filter(({ type, source }) => type === 'autofs' && source === MAP)
    .map(({ mountPoint }) => mountPoint)
    .filter((mountPoint) => mode !== 'autofs' || mountPoint !== diskRoot);
}

/** Mounts again what had been ejected before another disk turned out to be in use. */
async function mountAgain(run: MountRun, disks: readonly MountedDisk[]): Promise<void> {
  for (const { device, verdict, mount } of disks) {
    if (verdict.kind !== 'data') continue;
    const { mountPoint } = mount;
    const attachment = { device, content: verdict.content, mountPoint, isNew: false };
    const record = await attachDisk(run, attachment);
    run.noteDisk(record);
    const others = readDiskRecords(run.machine.files).filter((old) => !isAbout(old, device));
    await storeDiskRecords(run.machine, [...others, record]);
  }
}

/** Takes away the mounts that autofs would hide: all or none. False, with the reason told, if one is in use. */
async function unmountAll(run: MountRun): Promise<boolean> {
  const { files } = run.machine;
  const facts = await observeReleased(run);
  const mounted = diskStates(facts, readDiskRecords(files), run.diskRoot, run.settings)
    .filter(isMounted)
    .filter(({ record }) => record?.state === 'mounted');
  const refuse = (text: string): false => {
    run.tell('problem', `${text}; end its use and run gandi-mount apply-mode`);
    return false;
  };
  // Asked of all of them first: none is ejected in vain.
  for (const state of mounted) {
    const why = await whyInVain(run, state, facts);
    if (why !== undefined)
      return refuse(`${state.device.node} stays mounted at ${state.mount.mountPoint}: ${why}`);
  }
  for (const [index, { device }] of mounted.entries()) {
    const { outcome, text } = await ejectDisk(run, device.node, { force: false, waitSeconds: 0 });
    if (outcome !== 'refused') continue;
    await mountAgain(run, mounted.slice(0, index));
    return refuse(text);
  }
  if (!run.dryRun) {
    // What somebody else had ejected stays so; all other disks are to be offered.
    const isKept = ({ state, name }: DiskRecord) =>
      state === 'gone' || (state === 'ejected' && !mounted.some(({ device }) => device.name === name));
    await storeDiskRecords(run.machine, readDiskRecords(files).filter(isKept));
  }
  return true;
}

/** More names than this are not listed. */
const MOST_NAMES = 5;

/** What is in the disk root itself is out of sight as long as autofs is mounted over it. */
function warnOfHidden(run: MountRun): void {
  const { machine, diskRoot } = run;
  const mounts = parseMountInfo(machine.files.readText('/proc/self/mountinfo') ?? '');
  if (mounts.some(({ mountPoint, type }) => type === 'autofs' && mountPoint === diskRoot)) return;
  const hidden = machine.files.list(diskRoot).filter((name) => {
    const path = `${diskRoot}/${name}`;
    return machine.files.status(path)?.kind !== 'directory' || machine.files.list(path).length > 0;
  });
  if (hidden.length === 0) return;
  const more = hidden.length > MOST_NAMES ? ` and ${hidden.length - MOST_NAMES} more` : '';
  run.tell(
    'warning',
    `${diskRoot} has files of its own, which autofs hides (${hidden.slice(0, MOST_NAMES).join(', ')}${more}): move them elsewhere, or set CONFIG_DISK_ROOT to another directory`,
  );
}

/**
 * Makes autofs follow CONFIG_MOUNT_MODE and CONFIG_DISK_ROOT.
 * @returns whether the system follows the settings now; if not, the reason was told
 */
export function applyMode(run: MountRun): Promise<boolean> {
  return run.step(modeStep, () => followMode(run));
}

async function followMode(run: MountRun): Promise<boolean> {
  const { files } = run.machine;
  const problem = whyNotAutofs(files, run.mode, run.diskRoot);
  if (problem !== undefined) {
    run.tell('problem', problem);
    return false;
  }
  const held = () =>
    directoriesToGiveUp(files.readText('/proc/self/mountinfo') ?? '', run.mode, run.diskRoot);
  const changes = planMode(files, run.mode, run.diskRoot, held().length > 0);
  if (changes.length === 0) return true;
  if (run.mode === 'autofs') {
    if (!(await unmountAll(run))) return false;
    warnOfHidden(run);
  }
  await run.perform(changes);
  const deadline = performance.now() + RELEASE_SECONDS * 1000;
  while (!run.dryRun && held().length > 0) {
    if (performance.now() > deadline) {
      const text = `autofs still holds ${held().join(', ')}: somebody uses a disk there; run gandi-mount apply-mode again`;
      run.tell('problem', text);
      return false;
    }
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}
