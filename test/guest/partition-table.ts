import { execa } from 'execa';
import { blankDisk, mebibyte } from './disk.ts';

/** How a disk is partitioned whose last partition holds the root file system. */
export interface PartitionTable {
  readonly type: 'gpt' | 'mbr';
  /** GPT only: the root partition's name, `gandiroot` on Gandi's disks. */
  readonly label?: string;
  /** GPT only: leave the disk's GUID all zero, the mark of a fresh image. */
  readonly zeroDiskGuid?: boolean;
  /** The root partition's size when it is to be larger than its file system. */
  readonly rootMebibytes?: number;
}

/** The first partition takes this much, as a boot partition would; so root is not the only one. */
const firstMebibytes = 8;
/** GPT keeps its backup in the last 33 sectors (UEFI specification 2.10, 5.3.1). */
const backupMebibytes = 1;

/** Writes a disk with a small first partition and the given file system in the second and last one. */
export async function partitionedDisk(
  file: string,
  table: PartitionTable,
  root: { readonly file: string; readonly mebibytes: number },
): Promise<void> {
  const start = 1 + firstMebibytes;
  const size = table.rootMebibytes ?? root.mebibytes;
  await blankDisk(file, start + size + backupMebibytes);
  const script = table.type === 'gpt' ? gptScript(table, start, size) : mbrScript(start, size);
  await execa('sfdisk', ['--quiet', file], { input: script });
  // sfdisk takes an all-zero label-id for none given and draws one.
  if (table.zeroDiskGuid) await execa('sgdisk', ['--disk-guid=00000000-0000-0000-0000-000000000000', file]);
  const place = [`bs=${mebibyte}`, `seek=${start}`, 'conv=notrunc,sparse'];
  await execa('dd', [`if=${root.file}`, `of=${file}`, ...place, 'status=none']);
}

function gptScript(table: PartitionTable, start: number, size: number): string {
  const name = table.label === undefined ? '' : `, name="${table.label}"`;
  return [
    'label: gpt',
    `start=1MiB, size=${firstMebibytes}MiB, type=uefi`,
    `start=${start}MiB, size=${size}MiB, type=linux${name}`,
    '',
  ].join('\n');
}

function mbrScript(start: number, size: number): string {
  return [
    'label: dos',
    `start=1MiB, size=${firstMebibytes}MiB, type=linux`,
    `start=${start}MiB, size=${size}MiB, type=linux, bootable`,
    '',
  ].join('\n');
}
