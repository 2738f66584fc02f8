import type { DiskRecord, DiskState } from '../../state/disk-records.ts';
import type { PartReport, StepStatus } from '../../state/report.ts';

/** What a disk's state means for the step that brought it there. */
const STATUS: Readonly<Record<DiskState, StepStatus>> = {
  mounted: 'changed',
  'on-demand': 'changed',
  ejected: 'changed',
  gone: 'changed',
  failed: 'failed',
  'left-alone': 'unchanged',
  checking: 'unchanged',
  mounting: 'unchanged',
};

/** The part of a step's report that is about one disk. A hook that failed is the disk's failure. */
export function partOf({ node, state, mountPoint, why, hookFailure }: DiskRecord): PartReport {
  const place = mountPoint === undefined ? '' : ` at ${mountPoint}`;
  const told = [why, hookFailure].filter((text) => text !== undefined);
  const text = [`${state}${place}`, ...told].join(': ');
  return { name: node, status: hookFailure === undefined ? STATUS[state] : 'failed', text };
}
