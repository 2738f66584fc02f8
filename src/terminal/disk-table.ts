import { renderTable } from './table.ts';

/** A disk or partition, or a file system that was here before, for people and for JSON. */
export interface DiskRow {
  /** Such as `/dev/sdb1`; absent for a file system of an earlier boot. */
  device?: string;
  present: boolean;
  bytes?: number;
  /** One of DiskState, or `not-mounted`, `not-ours`, `not-attached`. */
  state: string;
  type?: string;
  uuid?: string;
  label?: string;
  mountPoint?: string;
  why?: string;
  since?: string;
  /** What is being done with it: `check`, `queued` (to be checked after others) or `mount`, and for how many seconds. */
  progress?: { doing: string; seconds?: number };
}

const MIB = 1024 * 1024;

/** Disks as a table, one a line. */
export function renderDisks(disks: readonly DiskRow[]): string {
  return renderTable(
    ['device', 'state', 'type', 'label', 'size', 'mount point', 'why'],
    disks.map(({ device = '-', state, type = '', label = '', bytes, mountPoint = '', why = '' }) => [
      device,
      state,
      type,
      label,
      bytes === undefined ? '' : `${Math.round(bytes / MIB)} MiB`,
      mountPoint,
      why,
    ]),
  );
}
