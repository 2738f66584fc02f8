import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { FstabEntry } from '../machine/formats/text/fstab.ts';
import { unitForPath } from '../machine/formats/text/unit-names.ts';
import { describeFailure } from '../machine/runtime/errors.ts';
import type { MountConfig } from '../metadata/guest-config.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import { FSTAB, type FstabLine, OWN_MOUNT, otherEntries, ownEntries, withOwnLines } from './own-fstab.ts';
import { safePlace } from './safe-place.ts';

const STEP = 'mounts';
const COMMAND_SECONDS = 60;

/** A boot is not to wait for a disk that is not there, and is not to fail without it. */
const DEFAULT_OPTIONS: readonly [begins: string, option: string][] = [
  ['nofail', 'nofail'],
  ['x-systemd.device-timeout=', 'x-systemd.device-timeout=30s'],
];

/** What is mounted there would hide what the guest boots from, or what is remembered. */
const NOT_OVER =
  /^\/($|(bin|boot|dev|etc|lib\d*|libx?32|proc|run|sbin|sys|usr|var|var\/lib)$|(dev|proc|sys|var\/lib\/gandi)\/)/;

/** Names of disks without their directory, as cloud-config may have them. */
const BARE_DISK = /^(sd|vd|xvd|nvme|mmcblk)[a-z0-9]+$/;

/** What no block device is behind, and nothing is checked of. */
const WITHOUT_CHECK = /^(swap|tmpfs|ramfs|nfs|nfs4|cifs|9p|virtiofs|ceph|fuse.*|none)$/;

const sourceOf = ({ device }: MountConfig) => (BARE_DISK.test(device) ? `/dev/${device}` : device);

function lineOf(mount: MountConfig): FstabLine {
  const given = mount.options.filter((option) => option !== '');
  const further = DEFAULT_OPTIONS.filter(([begins]) => !given.some((option) => option.startsWith(begins)));
  const isBind = given.some((option) => option === 'bind' || option === 'rbind');
  return {
    source: sourceOf(mount),
    mountPoint: mount.mountPoint,
    type: mount.type === '' ? 'auto' : mount.type,
    options: [...(given.length === 0 ? ['defaults'] : given), ...further.map(([, option]) => option)],
    pass: WITHOUT_CHECK.test(mount.type) || isBind ? 0 : 2,
  };
}

/** Swap areas are mounted nowhere (fstab(5)). */
const isSwap = ({ type }: Pick<MountConfig, 'type'>) => type === 'swap';

/** Their first field is any word (fstab(5)): several of them may have one. */
const WITHOUT_DEVICE = /^(tmpfs|ramfs|overlay|none)$/;

const isSame = (entry: FstabEntry, mount: MountConfig) =>
  (entry.source === sourceOf(mount) && !WITHOUT_DEVICE.test(mount.type)) ||
  (!isSwap(mount) && entry.mountPoint === mount.mountPoint);

interface Planned {
  lines: FstabLine[];
  /** Mount points that are to be made. */
  changes: Change[];
  notes: Note[];
}

function makeMountPoint(files: FileView, mountPoint: string): Change[] {
  const status = files.status(mountPoint);
  if (status?.kind === 'directory') return [];
  if (status !== undefined) throw new Error(`${mountPoint} is no directory; move it away to go on`);
  const { path, missing, linksRefusedBelow } = safePlace(files, mountPoint);
  const below = linksRefusedBelow === undefined ? {} : { linksRefusedBelow };
  return [...missing, path].map((directory) => ({
    kind: 'make-directory',
    path: directory,
    mode: 0o755,
    ...below,
  }));
}

function take(files: FileView, mount: MountConfig, others: readonly FstabEntry[], planned: Planned): void {
  const there = others.find((entry) => isSame(entry, mount));
  const tell = (level: Note['level'], text: string) => planned.notes.push({ level, text });
  const what = `${sourceOf(mount)} on ${mount.mountPoint}`;
  if (mount.remove === true) {
    if (there !== undefined)
      tell(
        'warning',
        `${FSTAB} has ${there.source} on ${there.mountPoint}, which the source wants to be gone; that line is not ours: remove it yourself`,
      );
  } else if (there !== undefined) {
    tell('info', `${FSTAB} has ${there.source} on ${there.mountPoint} already, which stays as it is`);
  } else if (!isSwap(mount) && (!mount.mountPoint.startsWith('/') || NOT_OVER.test(mount.mountPoint))) {
    tell('problem', `${what} is not mounted: that would hide what the guest needs; name another directory`);
  } else {
    try {
      if (!isSwap(mount)) planned.changes.push(...makeMountPoint(files, mount.mountPoint));
      planned.lines.push(lineOf(mount));
    } catch (error) {
      tell('problem', describeFailure(error, true));
    }
  }
}

/** systemd makes units of the lines, and mounts as it does at a boot: nobody waits for a disk that is not there. */
function putInEffect(lines: readonly FstabLine[], old: readonly FstabEntry[]): Change[] {
  const fresh = lines.filter(
    (line) =>
      !line.options.includes('noauto') &&
      !old.some(({ source, mountPoint }) => source === line.source && mountPoint === line.mountPoint),
  );
  const units = fresh.flatMap((line) =>
    isSwap(line) || !line.mountPoint.startsWith('/') ? [] : (unitForPath(line.mountPoint, 'mount') ?? []),
  );
  const systemctl = (words: string[], why: string): Change => ({
    kind: 'run-command',
    argv: ['systemctl', ...words],
    timeoutSeconds: COMMAND_SECONDS,
    optional: true,
    why,
  });
  return [
    systemctl(['daemon-reload'], `have systemd read ${FSTAB}`),
    ...(units.length === 0 ? [] : [systemctl(['--no-block', 'start', ...units], 'mount what is new')]),
  ];
}

/**
 * Plans the lines of /etc/fstab that the source asks for. Each has a mark of ours; other lines are the admin's and stay. Ours
 * go where the source no longer asks for them.
 */
export function planMounts(context: StepContext): Plan {
  const { files, host, applied } = context;
  const asked = host.parsed.config.mounts ?? [];
  if (host.parsed.refused.includes('storage')) return { changes: [] };
  const digest = digestOf(asked);
  if (applied[STEP] === digest) return { changes: [], digest };
  const text = files.readText(FSTAB);
  const others = otherEntries(text, OWN_MOUNT);
  const planned: Planned = { lines: [], changes: [], notes: [] };
  for (const mount of asked) take(files, mount, others, planned);
  const old = ownEntries(text, OWN_MOUNT);
  const content = withOwnLines(text, OWN_MOUNT, planned.lines);
  const isNews = planned.lines.length > 0 || old.length > 0;
  const write = isNews ? ensureFile(files, { path: FSTAB, content, mode: 0o644 }) : [];
  const effect = write.length === 0 ? [] : putInEffect(planned.lines, old);
  const changes = [...planned.changes, ...write, ...effect];
  return { changes, digest, ...(planned.notes.length === 0 ? {} : { notes: planned.notes }) };
}
