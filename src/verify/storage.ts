import { posix } from 'node:path';
import type { FileView } from '../machine/files/files.ts';
import { parseMountInfo, parseSwaps } from '../machine/formats/text/mounts.ts';
import type { Asked } from '../state/asked.ts';
import type { DiskRecord } from '../state/disk-records.ts';
import { asAsked, notAsAsked, type Row } from './row.ts';

function nodeOf(files: FileView, path: string): string {
  const target = files.linkTarget(path);
  return target === undefined ? path : posix.resolve(posix.dirname(path), target);
}

/** Whether the host's disk is active as swap. */
export function compareSwap({ swap }: Asked, files: FileView): Row[] {
  if (swap === undefined) return [];
  const active = parseSwaps(files.readText('/proc/swaps') ?? '').map(({ path }) => nodeOf(files, path));
  const shown = active.join(' ') || 'none';
  if (active.includes(swap)) return [asAsked('swap', swap, shown)];
  return [notAsAsked({ what: 'swap', asked: swap, shown }, `${swap} is not used as swap: swapon ${swap}`)];
}

/** A data disk of this boot, and whether it is known to have failed. */
export type Disk = DiskRecord & { failed: boolean };

function diskRow(disk: Disk, mountPoints: ReadonlySet<string>): Row[] {
  const { node, state, mountPoint, why, failed } = disk;
  const what = `data disk ${node}`;
  if (state === 'mounted' && mountPoint !== undefined) {
    if (mountPoints.has(mountPoint)) return [asAsked(what, `mounted at ${mountPoint}`)];
    const told = `${node} is not mounted at ${mountPoint} any more: gandi-mount attach ${node}`;
    return [notAsAsked({ what, asked: `mounted at ${mountPoint}`, shown: 'not mounted' }, told)];
  }
  if (state === 'mounting' && !failed)
    return [
      notAsAsked({ what, asked: 'mounted', shown: state }, `${node} is not mounted`, {
        text: 'a run of gandi-mount is about to mount it',
        passes: true,
      }),
    ];
  if (state === 'checking')
    return [
      notAsAsked({ what, asked: 'mounted', shown: state }, `${node} is not mounted`, {
        text: 'it is mounted once its check has ended, see gandi-mount list',
        passes: true,
      }),
    ];
  if (!failed) return [];
  return [notAsAsked({ what, asked: 'mounted', shown: state }, `${node}: ${why ?? 'it is not mounted'}`)];
}

/** Whether the data disks that should be mounted are; what is left alone or was ejected should not be. */
export function compareDisks(disks: readonly Disk[], files: FileView): Row[] {
  if (disks.length === 0) return [];
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  const mountPoints = new Set(mounts.map(({ mountPoint }) => mountPoint));
  return disks.filter(({ state }) => state !== 'gone').flatMap((disk) => diskRow(disk, mountPoints));
}
