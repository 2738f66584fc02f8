import { truncateSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import { openDevice } from '../../../src/machine/files/device-reader.ts';
import { Files } from '../../../src/machine/files/files.ts';
import type { DiskPartitions } from '../../../src/machine/formats/partition-table/partition.ts';
import { readPartitionTable } from '../../../src/machine/formats/partition-table.ts';
import type { RootFileSystem } from '../../../src/machine/system/facts.ts';
import { runStep } from '../../../src/plan/runner.ts';
import type { AppliedRecord } from '../../../src/state/applied.ts';
import { resizeMainDisk } from '../../../src/storage/resize-main-disk.ts';
import { type FileEntries, makeContext } from '../context.ts';
import { MIB, makeImage, run } from '../images.ts';
import { temporaryRoot } from '../temporary-root.ts';

const GUID = (number: number) => `0A000000-0000-4000-8000-00000000000${number}`;
const NO_GUID = '00000000-0000-0000-0000-000000000000';

const part = (number: number, start: number, length: number, type = '83') => ({
  number,
  start: start * MIB,
  length: length * MIB,
  label: '',
  type,
  guid: '',
});

function gpt(...partitions: DiskPartitions['partitions']): DiskPartitions {
  return { table: 'gpt', sectorBytes: 512, diskId: GUID(9), partitions, usableEnd: 100 * MIB - 33 * 512 };
}

function mbr(...partitions: DiskPartitions['partitions']): DiskPartitions {
  return { table: 'mbr', sectorBytes: 512, diskId: '0BADCAFE', partitions, usableEnd: 100 * MIB };
}

/** Root on the second partition of 50 MiB, its file system filling it, on a disk of 100 MiB. */
function rootOn(table: DiskPartitions, more: Partial<RootFileSystem> = {}): RootFileSystem {
  return {
    type: 'ext4',
    device: '/dev/sda2',
    fileSystemBytes: 50 * MIB,
    deviceBytes: 50 * MIB,
    disk: '/dev/sda',
    partitionNumber: 2,
    table,
    ...more,
  };
}

function planOf(
  root: RootFileSystem | undefined,
  files: FileEntries = {},
  kernelCommandLine = 'root=LABEL=root',
) {
  return resizeMainDisk.plan(makeContext({ facts: { root, kernelCommandLine }, files }));
}

/** What is done of the file system, apart from what is done of the table. */
function growthOf(root: RootFileSystem, parts: { applied?: AppliedRecord } = {}) {
  return resizeMainDisk.plan(makeContext({ facts: { root }, ...parts }));
}

/** Command lines, with what is given as input. */
function commands(changes: readonly Change[]): string[] {
  return changes.map((change) => {
    if (change.kind !== 'run-command') throw new Error(`unexpected change ${change.kind}`);
    return [...change.argv, ...(change.input === undefined ? [] : [`<<< "${change.input.trimEnd()}"`])].join(
      ' ',
    );
  });
}

const SFDISK = 'sfdisk --quiet --no-reread --no-tell-kernel --force -N';

describe('partition', () => {
  test('the last one of a GPT disk is grown, then the kernel is told', () => {
    expect(planOf(rootOn(gpt(part(1, 1, 1), part(2, 2, 50))))).toEqual({
      changes: [
        {
          kind: 'run-command',
          argv: ['sfdisk', '--quiet', '--no-reread', '--no-tell-kernel', '--force', '-N', '2', '/dev/sda'],
          input: ', +\n',
          timeoutSeconds: 60,
          why: 'grow the root partition',
        },
        {
          kind: 'run-command',
          argv: ['partx', '--update', '--nr', '2', '/dev/sda'],
          timeoutSeconds: 60,
          why: 'tell the kernel the size of the root partition',
        },
      ],
      next: 'then grow the root file system to the size of its partition',
    });
  });

  test('an MBR partition is grown by its size in sectors', () => {
    expect(commands(planOf(rootOn(mbr(part(1, 1, 1), part(2, 2, 50)))).changes)).toEqual([
      `${SFDISK} 2 /dev/sda <<< ", ${(98 * MIB) / 512}"`,
      'partx --update --nr 2 /dev/sda',
    ]);
  });

  test('a logical one is grown after the partition that contains it', () => {
    const table = mbr(part(1, 1, 1), part(2, 2, 51, '05'), part(5, 3, 50));
    expect(commands(planOf(rootOn(table, { device: '/dev/sda5', partitionNumber: 5 })).changes)).toEqual([
      `${SFDISK} 2 /dev/sda <<< ", ${(98 * MIB) / 512}"`,
      `${SFDISK} 5 /dev/sda <<< ", ${(97 * MIB) / 512}"`,
      'partx --update --nr 5 /dev/sda',
    ]);
  });

  test('its number does not tell its place', () => {
    const table = gpt(part(2, 1, 40), part(1, 50, 20));
    const last = rootOn(table, {
      device: '/dev/sda1',
      partitionNumber: 1,
      deviceBytes: 20 * MIB,
      fileSystemBytes: 20 * MIB,
    });
    expect(commands(planOf(last).changes)[0]).toBe(`${SFDISK} 1 /dev/sda <<< ", +"`);
  });

  test.each([
    ['another partition follows', gpt(part(2, 2, 50), part(3, 60, 10))],
    ['an extended partition follows', mbr(part(2, 2, 50), part(3, 60, 10, '05'), part(5, 61, 9))],
    ['less than 1 MiB is gained', { ...gpt(part(2, 2, 50)), usableEnd: 53 * MIB - 1 }],
    ['it ends behind what the table may use', { ...gpt(part(2, 2, 50)), usableEnd: 40 * MIB }],
  ])('stays where %s', (_, table) => {
    expect(planOf(rootOn(table)).changes).toEqual([]);
  });

  const free = (partitions: string, mebibytes: number) => [
    {
      level: 'info',
      text: `the root partition keeps its size, ${mebibytes} MiB at the end of /dev/sda stay free: partition ${partitions} lies between them`,
    },
  ];
  test('where another partition lies before the room at the end of the disk, a note says so', () => {
    expect(planOf(rootOn(gpt(part(2, 2, 50), part(3, 60, 10)))).notes).toEqual(free('3', 29));
    const extended = mbr(part(2, 2, 50), part(3, 60, 10, '05'), part(5, 61, 9));
    expect(planOf(rootOn(extended)).notes).toEqual(free('3, 5', 30));
    const logical = mbr(part(2, 2, 51, '05'), part(5, 3, 50), part(3, 60, 10));
    expect(planOf(rootOn(logical, { partitionNumber: 5 })).notes).toEqual(free('3', 30));
    // There is nothing to be had.
    expect(planOf(rootOn(gpt(part(2, 2, 50), part(3, 60, 39.5)))).notes).toBeUndefined();
  });

  test('a logical one stays where another partition follows its container', () => {
    const table = mbr(part(2, 2, 51, '05'), part(5, 3, 50), part(3, 60, 10));
    expect(planOf(rootOn(table, { partitionNumber: 5 })).changes).toEqual([]);
  });

  test('a kernel that was not told in an earlier run is told', () => {
    const root = rootOn({ ...gpt(part(2, 2, 98)), usableEnd: 100 * MIB });
    expect(commands(planOf(root).changes)).toEqual(['partx --update --nr 2 /dev/sda']);
  });
});

describe('GUIDs of a fresh image', () => {
  const table = { ...gpt(part(1, 1, 1), part(2, 2, 98)), diskId: NO_GUID, usableEnd: 100 * MIB };
  const fresh = rootOn(table, {
    deviceBytes: 98 * MIB,
    fileSystemBytes: 98 * MIB,
    newGuids: [GUID(1), GUID(2), GUID(3)],
  });
  const disk = `sfdisk --no-tell-kernel --disk-id /dev/sda ${GUID(1)}`;

  test('are drawn for all partitions, and for the disk last', () => {
    expect(commands(planOf(fresh).changes)).toEqual([
      `sfdisk --no-tell-kernel --part-uuid /dev/sda 1 ${GUID(2)}`,
      `sfdisk --no-tell-kernel --part-uuid /dev/sda 2 ${GUID(3)}`,
      disk,
    ]);
  });

  test.each<[string, FileEntries, string]>([
    ['the kernel command line', {}, 'root=PARTUUID=0a000000-01 rw'],
    ['fstab', { '/etc/fstab': '/dev/disk/by-partuuid/0a00 / ext4 defaults 0 1\n' }, 'root=LABEL=root'],
    ['EFI', { '/sys/firmware/efi/systab': '' }, 'root=LABEL=root'],
  ])('of partitions stay where %s finds them by these', (_, files, line) => {
    expect(commands(planOf(fresh, files, line).changes)).toEqual([disk]);
  });
});

describe('file system', () => {
  test.each([
    ['ext2', 'resize2fs /dev/sda2'],
    ['ext3', 'resize2fs /dev/sda2'],
    ['ext4', 'resize2fs /dev/sda2'],
    ['xfs', 'xfs_growfs /'],
    ['btrfs', 'btrfs filesystem resize max /'],
  ])('%s is grown to its device', (type, command) => {
    const { changes, separate = [] } = planOf(rootOn(gpt(part(2, 2, 97)), { type, deviceBytes: 97 * MIB }));
    expect(changes).toEqual([]);
    expect(separate.map((each) => commands(each.changes))).toEqual([[command]]);
  });

  test('it is grown on a disk without partitions', () => {
    const root: RootFileSystem = {
      type: 'ext4',
      device: '/dev/sda',
      fileSystemBytes: 50 * MIB,
      deviceBytes: 100 * MIB,
      disk: '/dev/sda',
    };
    expect(planOf(root).separate?.[0]?.changes).toEqual([
      {
        kind: 'run-command',
        argv: ['resize2fs', '/dev/sda'],
        timeoutSeconds: 600,
        why: 'grow the root file system by 50 MiB',
      },
    ]);
    expect(planOf({ ...root, fileSystemBytes: 92 * MIB + 1 })).toEqual({ changes: [] });
  });
});

describe('a file system that its program refuses to grow', () => {
  const root: RootFileSystem = {
    type: 'ext4',
    uuid: 'one',
    device: '/dev/sda',
    fileSystemBytes: 50 * MIB,
    deviceBytes: 1000 * MIB,
    disk: '/dev/sda',
    // Of the file system as it is, of the device, and of what is worth it.
    growthLimits: [2000 * MIB, 800 * MIB, 500 * MIB, 51 * MIB],
  };
  const mended =
    'what is missing can be had while it is not mounted: e2fsck -f /dev/sda, then resize2fs /dev/sda';
  const note = (size: number) => ({
    level: 'warning',
    text: `the root file system has ${size} MiB at most of the 1000 MiB of /dev/sda; ${mended}`,
  });

  /** Runs the step with a program that gives no more than a size. */
  async function boot(
    most: number,
    applied: AppliedRecord = {},
    fails = 'exit status 1',
    more: Partial<RootFileSystem> = {},
  ) {
    const sizes: number[] = [];
    const commandsOf: Commands = {
      run: async (argv) => {
        const bytes = argv[2] === undefined ? 1000 * MIB : Number.parseInt(argv[2], 10) * 1024;
        sizes.push(bytes / MIB);
        const refused = { argv, stdout: '', stderr: '', failure: `resize2fs: ${fails}` };
        if (bytes > most * MIB) return fails === 'was killed' ? refused : { ...refused, exitCode: 1 };
        return { argv, stdout: '', stderr: '', exitCode: 0 };
      },
    };
    const machine = { files: new Files(temporaryRoot({}).root), commands: commandsOf, live: true };
    const fileSystemBytes = Object.keys(applied).length > 0 ? most * MIB : root.fileSystemBytes;
    const context = () => makeContext({ facts: { root: { ...root, fileSystemBytes, ...more } }, applied });
    const { report, digests } = await runStep(resizeMainDisk, context, machine, { dryRun: false });
    return { sizes, digests, status: report.status, notes: report.notes };
  }

  test('is grown as far as it goes, which is told once', async () => {
    const first = await boot(500);
    expect(first).toMatchObject({ sizes: [1000, 800, 500], status: 'changed' });
    expect(first.notes).toContainEqual(note(500));
    const second = await boot(500, first.digests);
    expect(second).toMatchObject({ sizes: [], status: 'unchanged', digests: {} });
    expect(second.notes.map(({ level }) => level)).toEqual(['info']);
  });

  test('keeps its size where it goes no way, which is told once', async () => {
    const first = await boot(50);
    expect(first).toMatchObject({ sizes: [1000, 800, 500], status: 'unchanged' });
    expect(first.notes.at(-1)).toEqual(note(50));
    expect((await boot(50, first.digests)).sizes).toEqual([]);
  });

  test('is told without an advice where nothing else could grow it', async () => {
    const { notes } = await boot(50, {}, 'exit status 1', { type: 'xfs', growthLimits: [] });
    expect(notes.at(-1)?.text).toBe('the root file system has 50 MiB at most of the 1000 MiB of /dev/sda');
  });

  test('is tried again where the program was killed, and with another kernel or size', async () => {
    const killed = await boot(50, {}, 'was killed');
    expect(killed).toMatchObject({ sizes: [1000], status: 'failed', digests: {} });
    const { digests } = await boot(50);
    expect(growthOf(root, { applied: digests }).separate).toBeUndefined();
    expect(growthOf({ ...root, deviceBytes: 1100 * MIB }, { applied: digests }).separate).toHaveLength(1);
    const kernel = makeContext({ facts: { root, kernelRelease: '6.12' }, applied: digests });
    expect(resizeMainDisk.plan(kernel).separate).toHaveLength(1);
  });
});

describe('nothing is changed', () => {
  test.each<[string, Partial<RootFileSystem>, string]>([
    ['on device mapper', { fixed: 'root is on device mapper' }, 'root is on device mapper'],
    ['for another file system', { type: 'f2fs', deviceBytes: 97 * MIB }, 'its type is f2fs'],
  ])('%s, and a note says so', (_, more, said) => {
    const { changes, notes } = planOf(rootOn(gpt(part(2, 2, 50)), more));
    expect(changes).toEqual([]);
    expect(notes).toEqual([{ level: 'info', text: `the root file system keeps its size: ${said}` }]);
  });

  test('where the partition table cannot be read', () => {
    const { table: _, ...root } = rootOn(gpt());
    const { changes, notes } = planOf(root);
    expect(changes).toEqual([]);
    expect(notes?.[0]?.text).toContain('partition table of /dev/sda cannot be read');
  });

  test('without a root device, and in an unpacked image', () => {
    expect(planOf(undefined)).toEqual({ changes: [] });
    const facts = { live: false, root: rootOn(gpt(part(2, 2, 50))) };
    expect(resizeMainDisk.plan(makeContext({ facts }))).toEqual({ changes: [] });
  });
});

describe('what sfdisk makes of the plan', () => {
  const LINUX = 'type=0FC63DAF-8483-4772-8E79-3D69D8477DE4';

  function observe(path: string, partitionNumber: number): RootFileSystem {
    const device = openDevice(path);
    const table = readPartitionTable(device.read, device.size, 512);
    device.close();
    const length = table?.partitions.find(({ number }) => number === partitionNumber)?.length ?? 0;
    const own = { disk: path, partitionNumber, ...(table ? { table } : {}) };
    const newGuids = table?.diskId === NO_GUID ? { newGuids: [1, 2, 3].map(GUID) } : {};
    return { type: 'ext4', device: path, fileSystemBytes: length, deviceBytes: length, ...own, ...newGuids };
  }

  /** Carries out what concerns the table, and plans again. */
  function settle(path: string, partitionNumber: number): void {
    for (const change of planOf(observe(path, partitionNumber)).changes) {
      if (change.kind !== 'run-command' || change.argv[0] !== 'sfdisk') continue;
      run('sfdisk', change.argv.slice(1), change.input);
    }
    expect(planOf(observe(path, partitionNumber))).toEqual({ changes: [] });
  }

  test('GPT of an enlarged disk: all but the size stays, the backup moves, one round is enough', () => {
    const path = makeImage(64 * MIB);
    const attributes = `${LINUX}, uuid=${GUID(7)}, name="gandiroot", attrs="LegacyBIOSBootable GUID:60"`;
    run(
      'sfdisk',
      ['--quiet', path],
      `label: gpt\nstart=2048,size=2048\nstart=4096,size=40960,${attributes}\n`,
    );
    run('sfdisk', ['--disk-id', path, NO_GUID]);
    truncateSync(path, 128 * MIB);
    const other = observe(path, 2).table?.partitions[0];
    settle(path, 2);
    const { table } = observe(path, 2);
    expect(table?.diskId).toBe(GUID(1));
    expect(table?.partitions).toEqual([
      { ...other, guid: GUID(2) },
      expect.objectContaining({
        label: 'gandiroot',
        guid: GUID(3),
        start: 2 * MIB,
        length: 126 * MIB - 33 * 512,
      }),
    ]);
    expect(run('sfdisk', ['--dump', path])).toContain('attrs="LegacyBIOSBootable GUID:60"');
    expect(run('sfdisk', ['--verify', path])).toContain('No errors detected');
  });

  test('MBR with a logical partition', () => {
    const path = makeImage(64 * MIB);
    const script = 'label: dos\nstart=2048,size=2048,bootable\nstart=4096,type=5\nstart=6144,size=20480\n';
    run('sfdisk', ['--quiet', path], script);
    truncateSync(path, 128 * MIB);
    settle(path, 5);
    expect(observe(path, 5).table?.partitions).toMatchObject([
      { number: 1, start: MIB, length: MIB },
      { number: 2, start: 2 * MIB, length: 126 * MIB, type: '05' },
      { number: 5, start: 3 * MIB, length: 125 * MIB },
    ]);
  });

  test('MBR on a disk that is larger than it can tell', () => {
    const path = makeImage(64 * MIB);
    run('sfdisk', ['--quiet', path], 'label: dos\nstart=2048,size=20480,bootable\n');
    truncateSync(path, 3 * 2 ** 40);
    settle(path, 1);
    expect(observe(path, 1).table?.partitions).toMatchObject([{ start: MIB, length: 2 ** 41 - MIB }]);
  });
});
