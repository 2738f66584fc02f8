import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { parseMountInfo } from '../machine/formats/text/mounts.ts';
import type { SwapFileConfig } from '../metadata/guest-config.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { FSTAB, OWN_SWAP, otherEntries, ownEntries, withOwnLines } from './own-fstab.ts';

const STEP = 'swap-file';
const USUAL_PATH = '/swap.img';
const LABEL = 'gandi-swap-file';
const COMMAND_SECONDS = 300;

/** Those whose files the kernel takes for swap (mm/swapfile.c: blocks that stay where they are). */
const GOOD_TYPES = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs'];

/** What is asked for, if anything: the admin's word comes before the source's. */
function wanted({ settings, host }: StepContext): SwapFileConfig | undefined {
  const { swapFile } = settings;
  if (swapFile === 'never') return undefined;
  const asked = host.parsed.config.swapFile;
  if (swapFile !== 0) return { ...(asked?.path === undefined ? {} : { path: asked.path }), size: swapFile };
  return asked === undefined || asked.size === 0 ? undefined : asked;
}

/** Whether swap comes from elsewhere: the host's disk, or what the admin has in fstab. */
function hasOtherSwap({ host, files, settings }: StepContext): boolean {
  const disk = host.gandi?.swap;
  if (disk !== undefined && disk.state !== 'foreign' && settings.switches.CONFIG_SWAP) return true;
  return otherEntries(files.readText(FSTAB), OWN_SWAP).some(({ type }) => type === 'swap');
}

function memoryBytes(files: FileView): number | undefined {
  const [, kibibytes] = /^MemTotal:\s+(\d+) kB$/m.exec(files.readText('/proc/meminfo') ?? '') ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Type of the file system that a path is on; the last line is what is seen. */
function typeAt(files: FileView, path: string): string | undefined {
  const above = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '').filter(
    ({ mountPoint }) => mountPoint === '/' || path.startsWith(`${mountPoint}/`),
  );
  const longest = Math.max(0, ...above.map(({ mountPoint }) => mountPoint.length));
  return above.findLast(({ mountPoint }) => mountPoint.length === longest)?.type;
}

const aboutType = (path: string, type: string | undefined) =>
  `no swap file is made: ${path} would be on ${type ?? 'no file system that is known'}, where the kernel takes none`;

/** Takes a file of ours away: the kernel writes to it no more, and nothing names it. */
function removal({ files }: StepContext, path: string): Change[] {
  const isActive = (files.readText('/proc/swaps') ?? '')
    .split('\n')
    .some((line) => line.startsWith(`${path} `));
  return [
    ...(isActive
      ? [
          {
            kind: 'run-command' as const,
            argv: ['swapoff', path] as [string, string],
            timeoutSeconds: COMMAND_SECONDS,
            why: 'use the swap file no more',
          },
        ]
      : []),
    ...(files.status(path)?.kind === 'file' ? [{ kind: 'remove-file' as const, path }] : []),
  ];
}

function withoutFiles(context: StepContext, digest: string): Plan {
  const { files } = context;
  const text = files.readText(FSTAB);
  const own = ownEntries(text, OWN_SWAP);
  if (text === undefined || own.length === 0) return { changes: [], digest };
  const content = withOwnLines(text, OWN_SWAP, []);
  // The line goes last: as long as it is there, the file is ours to remove.
  const changes = [
    ...own.flatMap(({ source }) => removal(context, source)),
    ...ensureFile(files, { path: FSTAB, content, mode: 0o644 }),
  ];
  return { changes, digest };
}

/**
 * Plans a swap file where there is no other swap, once for what is asked, and its line in /etc/fstab, which is marked as
 * ours: later boots use it by that. It goes where another swap comes, or nobody wants it any more.
 */
export function planSwapFile(context: StepContext): Plan {
  const { files, facts, host, applied } = context;
  if (host.parsed.refused.includes('storage')) return { changes: [] };
  const asked = hasOtherSwap(context) ? undefined : wanted(context);
  const digest = digestOf(asked ?? null);
  if (applied[STEP] === digest) return { changes: [], digest };
  if (asked === undefined) return withoutFiles(context, digest);
  const { path = USUAL_PATH, size, maxSize } = asked;
  const text = files.readText(FSTAB);
  const old = ownEntries(text, OWN_SWAP).map(({ source }) => source);
  const type = typeAt(files, path);
  const memory = memoryBytes(files);
  if (!facts.live || memory === undefined) return { changes: [] };
  if (type === undefined || !GOOD_TYPES.includes(type))
    return { changes: [], notes: [{ level: 'warning', text: aboutType(path, type) }], digest };
  const line = { source: path, mountPoint: 'none', type: 'swap', options: ['nofail'], pass: 0 as const };
  // One of another size, or elsewhere, makes room first. What was cut off has no line yet.
  const isNew = applied[STEP] !== undefined || old.some((source) => source !== path);
  return {
    changes: [
      ...(isNew ? old.flatMap((source) => removal(context, source)) : []),
      {
        kind: 'make-swap-file',
        path,
        label: LABEL,
        size,
        ...(maxSize === undefined ? {} : { maxSize }),
        memoryBytes: memory,
        pageBytes: facts.pageBytes,
        ...(type === 'btrfs' ? { withoutCopies: true as const } : {}),
      },
      ...ensureFile(files, { path: FSTAB, content: withOwnLines(text, OWN_SWAP, [line]), mode: 0o644 }),
    ],
    digest,
  };
}
