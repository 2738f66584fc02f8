import type { Change } from '../machine/changes/change.ts';
import { isExtended } from '../machine/formats/partition-table/mbr.ts';
import type { DiskPartitions, Partition } from '../machine/formats/partition-table/partition.ts';
import type { RootFileSystem } from '../machine/system/facts.ts';
import type { Plan, PlanPart, Step, StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import {
  GROW_SECONDS,
  growCommand,
  growToCommand,
  growUnmounted,
  LEAST_FILE_SYSTEM_GAIN,
  smallerSizes,
} from './grow-file-system.ts';

const MIB = 1024 * 1024;
/** A partition is grown if it gains at least this much: less is rounding. */
const LEAST_PARTITION_GAIN = MIB;
const COMMAND_SECONDS = 60;

/**
 * Options for changing the table of a disk in use, where the kernel is told afterwards by partx (sfdisk(8)). The table before and
 * behind the change is shown to nobody: that took a seventh of the program's instructions. What is wrong is still said.
 */
const IN_USE = ['--quiet', '--no-reread', '--no-tell-kernel'] as const;

/**
 * The partition of the root file system and the one that contains it, if they can be grown: nothing lies between them
 * and the end of the disk.
 * @returns from the outermost; empty if another partition follows
 */
function growable(table: DiskPartitions, root: Partition): Partition[] {
  const logical = table.table === 'mbr' && root.number > 4;
  const container = logical ? table.partitions.find((one) => isExtended(one) && holds(one, root)) : undefined;
  const outer = container ? [container, root] : [root];
  const others = table.partitions.filter((one) => !outer.includes(one));
  return others.some(({ start }) => start > root.start) ? [] : outer;
}

function holds(container: Partition, { start }: Partition): boolean {
  return container.start < start && start < container.start + container.length;
}

/** Moves the backup of a GPT to the end of the disk, too; type, GUID, name and attributes stay (sfdisk(8), --partno). */
function growPartition(root: RootFileSystem, table: DiskPartitions): Change[] {
  const partition = table.partitions.find(({ number }) => number === root.partitionNumber);
  if (!partition) return [];
  const small = growable(table, partition).filter(
    ({ start, length }) => table.usableEnd - (start + length) >= LEAST_PARTITION_GAIN,
  );
  return small.map(({ number, start }): Change => {
    // On a disk beyond the reach of an MBR `+` would not give all that can be had.
    const size = table.table === 'mbr' ? String((table.usableEnd - start) / table.sectorBytes) : '+';
    return {
      kind: 'run-command',
      argv: ['sfdisk', ...IN_USE, '--force', '-N', String(number), root.disk],
      input: `, ${size}\n`,
      timeoutSeconds: COMMAND_SECONDS,
      why:
        number === partition.number ? 'grow the root partition' : 'grow the extended partition around root’s',
    };
  });
}

/** The kernel keeps its own idea of a partition's size: it has to be told, also where an earlier run was cut off. */
function tellKernel(root: RootFileSystem, table: DiskPartitions, tableChanges: readonly Change[]): Change[] {
  const partition = table.partitions.find(({ number }) => number === root.partitionNumber);
  const behind = partition !== undefined && partition.length - root.deviceBytes >= LEAST_PARTITION_GAIN;
  if (!behind && tableChanges.length === 0) return [];
  return [
    {
      kind: 'run-command',
      argv: ['partx', '--update', '--nr', String(root.partitionNumber), root.disk],
      timeoutSeconds: COMMAND_SECONDS,
      why: 'tell the kernel the size of the root partition',
    },
  ];
}

/** Whether something finds a partition by its GUID; EFI boot entries do (UEFI specification 2.10, 10.3.5.1). */
function partitionGuidsMatter({ facts, files }: StepContext): boolean {
  const references = `${facts.kernelCommandLine}\n${files.readText('/etc/fstab') ?? ''}`;
  return /partuuid/i.test(references) || files.status('/sys/firmware/efi') !== undefined;
}

/** The GUIDs of an image are the same in all guests made from it until they are drawn anew. */
function renewGuids(
  context: StepContext,
  { disk, newGuids }: RootFileSystem,
  table: DiskPartitions,
): Change[] {
  const [diskGuid, ...partitionGuids] = newGuids ?? [];
  if (diskGuid === undefined) return [];
  const command = (why: string, ...argumentsOf: string[]): Change => ({
    kind: 'run-command',
    argv: ['sfdisk', '--no-tell-kernel', ...argumentsOf],
    timeoutSeconds: COMMAND_SECONDS,
    why,
  });
  const ofPartitions = partitionGuidsMatter(context)
    ? []
    : table.partitions.flatMap(({ number }, index) => {
        const guid = partitionGuids[index];
        if (guid === undefined) return [];
        return [
          command(`give partition ${number} a GUID of its own`, '--part-uuid', disk, String(number), guid),
        ];
      });
  // The disk's GUID comes last: as long as it is zero, a run that was cut off starts again.
  return [...ofPartitions, command('give the disk a GUID of its own', '--disk-id', disk, diskGuid)];
}

/** What is remembered of a root file system that could not be grown to its device. */
const REFUSED = '03-resize_main_disk refused';

const mebibytes = (bytes: number) => `${Math.floor(bytes / MIB)} MiB`;

/** Whatever of this is another is a reason to try again. */
function refusalOf({ root, kernelRelease }: { root: RootFileSystem; kernelRelease: string }, bytes: number) {
  return `${root.uuid ?? root.device}: ${bytes} of ${root.deviceBytes} bytes with ${kernelRelease}`;
}

/** Where the program refuses to grow it the whole way: as far as it goes, which is told once. */
function growPartly(root: RootFileSystem, kernelRelease: string, limits: readonly number[]): PlanPart[] {
  const [limit, ...others] = limits;
  const remember = (bytes: number) => ({ [REFUSED]: refusalOf({ root, kernelRelease }, bytes) });
  const note = (bytes: number): Note => ({
    level: 'warning',
    text: `the root file system has ${mebibytes(bytes)} at most of the ${mebibytes(root.deviceBytes)} of ${root.device}${growUnmounted(root.type, root.device)}`,
  });
  if (limit === undefined) {
    const bytes = root.fileSystemBytes;
    return [{ name: 'keep its size', changes: [], notes: [note(bytes)], digests: remember(bytes) }];
  }
  return [
    {
      name: `grow it to ${mebibytes(limit)}`,
      changes: [
        {
          kind: 'run-command',
          argv: growToCommand(root.device, limit),
          timeoutSeconds: GROW_SECONDS,
          why: `grow the root file system to ${mebibytes(limit)}`,
        },
      ],
      notes: [note(limit)],
      digests: remember(limit),
      ifRefused: growPartly(root, kernelRelease, others),
    },
  ];
}

function growFileSystem({ facts, applied }: StepContext, root: RootFileSystem): Plan {
  const gain = root.deviceBytes - root.fileSystemBytes;
  const argv = growCommand(root.type, root.device, '/');
  if (!argv || gain < LEAST_FILE_SYSTEM_GAIN) return { changes: [] };
  const { kernelRelease } = facts;
  if (applied[REFUSED] === refusalOf({ root, kernelRelease }, root.fileSystemBytes)) {
    const text = `the root file system keeps its size: ${argv[0]} refused to give it all of ${root.device} at an earlier boot`;
    return { changes: [], notes: [{ level: 'info', text }] };
  }
  const why = `grow the root file system by ${mebibytes(gain)}`;
  const limits = smallerSizes(root.growthLimits ?? [], root);
  const whole: PlanPart = {
    name: 'grow it to its device',
    changes: [{ kind: 'run-command', argv, timeoutSeconds: GROW_SECONDS, why }],
    ifRefused: growPartly(root, kernelRelease, limits),
  };
  return { changes: [], separate: [whole] };
}

/** Why the root partition does not get room that is free at the end of its disk, for people. */
function whyPartitionStays(root: RootFileSystem, table: DiskPartitions): Note[] {
  const partition = table.partitions.find(({ number }) => number === root.partitionNumber);
  if (partition === undefined || growable(table, partition).length > 0) return [];
  const behind = table.partitions.filter(({ start }) => start > partition.start).map(({ number }) => number);
  const end = Math.max(...table.partitions.map(({ start, length }) => start + length));
  const free = table.usableEnd - end;
  if (free < LEAST_PARTITION_GAIN) return [];
  const text = `the root partition keeps its size, ${mebibytes(free)} at the end of ${root.disk} stay free: partition ${behind.join(', ')} lies between them`;
  return [{ level: 'info', text }];
}

function plan(context: StepContext): Plan {
  const { facts, host } = context;
  const { root } = facts;
  if (!facts.live || !root) return { changes: [] };
  const note = (text: string): Plan => ({ changes: [], notes: [{ level: 'info', text }] });
  if (host.parsed.config.growRoot === false)
    return note('the root file system keeps its size: the source wants it so');
  if (root.fixed !== undefined) return note(`the root file system keeps its size: ${root.fixed}`);
  if (!growCommand(root.type, root.device, '/'))
    return note(`the root file system keeps its size: its type is ${root.type}`);
  const { table, partitionNumber } = root;
  if (partitionNumber !== undefined && !table) {
    return note(`the partition table of ${root.disk} cannot be read or is damaged: nothing on it is changed`);
  }
  if (table && partitionNumber !== undefined) {
    const grown = growPartition(root, table);
    const changes = [...renewGuids(context, root, table), ...grown, ...tellKernel(root, table, grown)];
    if (changes.length > 0)
      return { changes, next: 'then grow the root file system to the size of its partition' };
  }
  const stays = table === undefined ? [] : whyPartitionStays(root, table);
  const grown = growFileSystem(context, root);
  const notes = [...stays, ...(grown.notes ?? [])];
  return notes.length > 0 ? { ...grown, notes } : grown;
}

/** Gives the root file system the whole disk: its partition, if it is the last one, then itself. */
export const resizeMainDisk: Step = {
  name: '03-resize_main_disk',
  setting: 'CONFIG_RESIZE',
  slow: true,
  summary: 'the root partition and its file system, to the size of the disk',
  plan,
};
