import type { Change } from '../machine/change.ts';
import type { RootFileSystem } from '../machine/facts.ts';
import { isExtended } from '../machine/partition-table/mbr.ts';
import type { DiskPartitions, Partition } from '../machine/partition-table.ts';
import { GROW_SECONDS, growCommand, LEAST_FILE_SYSTEM_GAIN } from '../plan/grow-file-system.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';

const MIB = 1024 * 1024;
/** A partition is grown if it gains at least this much: less is rounding. */
const LEAST_PARTITION_GAIN = MIB;
const COMMAND_SECONDS = 60;

/** Options for changing the table of a disk in use, where the kernel is told afterwards by partx (sfdisk(8)). */
const IN_USE = ['--no-reread', '--no-tell-kernel'] as const;

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

function growFileSystem(root: RootFileSystem): Change[] {
  const gain = root.deviceBytes - root.fileSystemBytes;
  const argv = growCommand(root.type, root.device, '/');
  if (!argv || gain < LEAST_FILE_SYSTEM_GAIN) return [];
  const why = `grow the root file system by ${Math.floor(gain / MIB)} MiB`;
  return [{ kind: 'run-command', argv, timeoutSeconds: GROW_SECONDS, why }];
}

function plan(context: StepContext): Plan {
  const { facts } = context;
  const { root } = facts;
  if (!facts.live || !root) return { changes: [] };
  const note = (text: string): Plan => ({ changes: [], notes: [{ level: 'info', text }] });
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
  return { changes: growFileSystem(root) };
}

/** Gives the root file system the whole disk: its partition, if it is the last one, then itself. */
export const resizeMainDisk: Step = {
  name: '03-resize_main_disk',
  setting: 'CONFIG_RESIZE',
  slow: true,
  summary: 'the root partition and its file system, to the size of the disk',
  plan,
};
